//! A new container, or sandbox, that goes away again unless it is kept. `setup` and `update` make theirs with it.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::super::Context;
use super::entrance::{Entrance, shell};
use super::runner::Runner;
use super::{home, remote, sandbox};
use crate::container::Invocation;
use crate::container::files;
use crate::container::id::{self, OWNER};
use crate::container::order::{Inner, container_name};
use crate::container::program::CARRY_IN;
use crate::container::state::{SCHEMA, State};
use crate::container::store;
use crate::error::{Attempt, Error, Result};
use crate::fs;
use crate::host::Host;
use crate::image::digest::Digest;
use crate::overlay::stage::Stage;
use crate::text::{PathText, Shown};

/// A state for a container that is not there yet.
pub(super) fn planned(
    runner: &Runner,
    image: &OsStr,
    own: Option<&str>,
    name: Option<&str>,
    dir: &Path,
) -> State {
    let instance = id::fresh(dir);
    let text = image.to_string_lossy();
    let own = own.map_or_else(|| id::fresh(dir), str::to_owned);
    let own_name = container_name(&Host::listed_name(), &text, &own);
    State {
        schema: SCHEMA,
        mlenv: env!("CARGO_PKG_VERSION").to_owned(),
        id: own,
        engine: runner.engine,
        powers: runner.powers,
        image: PathText(image.into()),
        digest: None,
        size: None,
        built: None,
        created: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        container: None,
        name: runner.has_store().then(|| name.map_or(own_name, str::to_owned)),
        sandbox: (!runner.has_store()).then(|| PathText(sandbox::path(&text, &instance))),
        instance,
        gpu: false,
        port: None,
        bind: Vec::new(),
        start: crate::container::additions::Mark::default(),
    }
}

/// The calls that make what `state` describes.
pub(super) fn calls(
    context: &Context,
    runner: &Runner,
    dir: &Path,
    state: &State,
) -> Vec<Invocation> {
    let image = state.image.0.as_os_str();
    if let Some(sandbox) = state.sandbox(dir) {
        return vec![files::build(runner.engine, &sandbox, image)];
    }
    let gpu = home::gpu_words(context, runner, state.gpu);
    let unfinished = format!("{}{}", id::UNFINISHED, state.instance);
    vec![
        store::pull(runner.engine, image),
        Entrance::new(context, runner, dir, state).create(gpu),
        store::start(runner.engine, &unfinished),
        store::rename(runner.engine, &unfinished, state.name.as_deref().unwrap_or_default()),
    ]
}

/// What was made, and is removed again unless it is kept.
pub(super) struct Made<'a> {
    /// What it is.
    pub(super) state: State,
    runner: &'a Runner,
    dir: &'a Path,
    kept: bool,
}

impl Drop for Made<'_> {
    fn drop(&mut self) {
        if !self.kept {
            discard(self.runner, self.dir, &self.state);
        }
    }
}

impl Made<'_> {
    /// Makes the directory remember it: from here on it is the one.
    pub(super) fn keep(mut self) -> Result<State> {
        self.state.write(self.dir)?;
        self.kept = true;
        if let Some(sandbox) = self.state.sandbox(self.dir) {
            let owner = sandbox.join(OWNER);
            fs::write_atomic(&owner, self.state.id.as_bytes()).attempt("write", &owner)?;
        }
        Ok(self.state.clone())
    }
}

/// Gives the directory's container its name, once no other has it. The name is for people: it is found without.
pub(super) fn give_name(context: &Context, runner: &Runner, state: &State) {
    let (Some(name), Some(container)) = (&state.name, &state.container) else { return };
    if let Err(cause) =
        runner.run("name the container", &store::rename(runner.engine, container, name))
    {
        context.ui.warn(format!(
            "the container works, but is called {}{}: {cause}",
            id::UNFINISHED,
            state.instance
        ));
    }
}

/// Removes a container or sandbox; whatever cannot be removed is found again by its label or place.
pub(super) fn discard(runner: &Runner, dir: &Path, state: &State) {
    if let Some(path) = state.sandbox(dir) {
        let _ = sandbox::remove(dir, &path);
        return;
    }
    for container in containers(runner, state) {
        let _ = runner.ask(&store::remove(runner.engine, &container));
    }
}

/// The ids of the state's container: by its label, or, where it was taken over from an older script, as it was told.
pub(super) fn containers(runner: &Runner, state: &State) -> Vec<String> {
    let found = runner.ask(&store::find(runner.engine, store::LABEL_INSTANCE, &state.instance));
    let mut ids: Vec<String> =
        found.unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    let is_there = |id: &&String| runner.ask(&store::inspect(runner.engine, id)).is_some();
    if ids.is_empty() {
        ids.extend(state.container.iter().filter(is_there).cloned());
    }
    ids
}

/// Makes what `state` describes, of an image that is there.
pub(super) fn make<'a>(
    context: &Context,
    runner: &'a Runner,
    dir: &'a Path,
    state: State,
) -> Result<Made<'a>> {
    let mut made = Made { state, runner, dir, kept: false };
    if let Some(path) = made.state.sandbox(dir) {
        build(runner, dir, &path, &made.state)?;
    } else {
        let gpu = home::gpu_words(context, runner, made.state.gpu);
        let create = Entrance::new(context, runner, dir, &made.state).create(gpu);
        let printed = runner.run("make the container", &create)?;
        made.state.container = printed.split_whitespace().last().map(str::to_owned);
        let container = made.state.container.clone().unwrap_or_default();
        runner.run("start the container", &store::start(runner.engine, &container))?;
    }
    let entrance = Entrance::new(context, runner, dir, &made.state);
    entrance.prepare()?;
    let start = entrance.listing()?.mark();
    carry_in(context, &entrance);
    made.state.start = start;
    Ok(made)
}

/// Builds aside and renames: what has the name is whole.
fn build(runner: &Runner, dir: &Path, path: &Path, state: &State) -> Result<()> {
    let image = exact(state);
    let shown = Shown(&state.image.0);
    let parent = path.parent().unwrap_or(dir);
    fs::make_dirs(parent, 0o777).attempt("make", parent)?;
    let aside = Stage::new(&sandbox::building_place(path)?)?;
    let unfinished = aside.path().join("sandbox");
    let call = files::build(runner.engine, &unfinished, &image);
    runner.watch(&format!("build a sandbox from {shown}"), &call)?;
    if unfinished.join("bin/sh").symlink_metadata().is_err() {
        return Err(Error::new(format!("the image {shown} has no shell"))
            .hint("it cannot be entered: choose an image that is made to be worked in"));
    }
    let owner = unfinished.join(OWNER);
    let unkept = format!("{}{}", id::UNFINISHED, state.id);
    fs::write_atomic(&owner, unkept.as_bytes()).attempt("write", &owner)?;
    fs::rename_dir(&unfinished, path).attempt("make", path)
}

/// The image by its digest, where that is known: a tag may move while it is asked about.
fn exact(state: &State) -> OsString {
    let pinned = || {
        let digest = Digest::parse(state.digest.as_deref()?).ok()?;
        Some(remote::reference(state)?.pinned(digest).to_pull().to_string())
    };
    pinned().map_or_else(|| state.image.0.clone().into(), OsString::from)
}

/// Puts this program into the container, so that envs can be made there. It may not start in an old image, and the
/// container is as good without it.
fn carry_in(context: &Context, entrance: &Entrance) {
    let Ok(program) = context.host.program() else { return };
    let mut how = Inner::quiet(entrance.dir);
    how.terminal = crate::container::order::Terminal::Pipes;
    let call = entrance.call(how, &shell(CARRY_IN, &[]));
    if entrance.runner.run_with("put mlenv into the container", &call, &program).is_err() {
        context.ui.say("mlenv itself does not start in this image: make envs from the host, or use a static build");
    }
}
