//! A new container, or sandbox, that goes away again unless it is kept. `setup` and `update` make theirs with it.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::entrance::{Entrance, shell};
use super::runner::Runner;
use super::{home, remote, sandbox, sweep};
use crate::container::files;
use crate::container::id;
use crate::container::pending::{Pending, Thing, UNFINISHED};
use crate::container::program::CARRY_IN;
use crate::container::spec::{Inner, container_name};
use crate::container::state::{ContainerState, SCHEMA};
use crate::container::store;
use crate::context::Context;
use crate::env::stage::Stage;
use crate::error::{Attempt, Error, Result};
use crate::fs;
use crate::host::Host;
use crate::image::digest::Digest;
use crate::process::Command;
use crate::text::{PathText, Shown};

/// A state for a container that is not there yet.
pub(crate) fn planned(
    runner: &Runner,
    image: &OsStr,
    own: Option<&str>,
    name: Option<&str>,
    dir: &Path,
) -> ContainerState {
    let instance = id::fresh(dir);
    let text = image.to_string_lossy();
    let own = own.map_or_else(|| id::fresh(dir), str::to_owned);
    let own_name = container_name(&Host::listed_name(), &text, &own);
    ContainerState {
        schema: SCHEMA,
        mlenv: env!("CARGO_PKG_VERSION").to_owned(),
        directory: Some(PathText(dir.to_owned())),
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
        sif: false,
        env: None,
        gpu: false,
        port: None,
        publish: Vec::new(),
        bind: Vec::new(),
        start: crate::container::additions::Mark::default(),
    }
}

/// The same as a SIF file with an env on it.
pub(crate) fn as_sif(state: ContainerState, env: Option<PathText>) -> ContainerState {
    let sandbox = state.sandbox.map(|PathText(path)| {
        let mut path = path.into_os_string();
        path.push(".sif");
        PathText(path.into())
    });
    ContainerState { sif: true, env, sandbox, ..state }
}

/// The calls that make what `state` describes.
pub(crate) fn calls(
    context: &Context,
    runner: &Runner,
    dir: &Path,
    state: &ContainerState,
) -> Vec<Command> {
    let image = state.image.0.as_os_str();
    if let Some(sandbox) = state.sandbox(dir) {
        return vec![files::build(runner.engine, &sandbox, image, state.form())];
    }
    let gpu = home::gpu_words(context, runner, state.gpu);
    let unfinished = unfinished(state);
    vec![
        store::pull(runner.engine, image),
        Entrance::new(context, runner, dir, state).create(gpu),
        store::start(runner.engine, &unfinished),
        store::rename(runner.engine, &unfinished, state.name.as_deref().unwrap_or_default()),
    ]
}

/// What was made, and is removed again unless it is kept.
pub(crate) struct Made<'a> {
    /// What it is.
    pub(crate) state: ContainerState,
    thing: Thing,
    context: &'a Context<'a>,
    dir: &'a Path,
    kept: bool,
}

impl Drop for Made<'_> {
    fn drop(&mut self) {
        // What cannot be removed or forgotten now is pending: the next run takes it.
        if !self.kept && sweep::remove(self.context, self.dir, &self.thing) {
            let _ = Pending::forget(self.dir, &self.thing);
        }
    }
}

impl Made<'_> {
    /// Makes the directory remember it: from here on it is the one. What it replaces goes, and it gets its name.
    pub(crate) fn keep(mut self, old: Option<&ContainerState>) -> Result<ContainerState> {
        if let Some(old) = old.filter(|old| old.original(self.dir).is_none()) {
            Pending::note(self.dir, &Thing::of(old))?;
        }
        self.state.write(self.dir)?;
        self.kept = true;
        let mut state = self.state.clone();
        sweep::sweep(self.context, self.dir, Some(&mut state))?;
        Ok(state)
    }
}

/// Makes what `state` describes, of an image that is there. Until it is kept it has a name of its own.
pub(crate) fn make<'a>(
    context: &'a Context<'a>,
    runner: &'a Runner,
    dir: &'a Path,
    mut state: ContainerState,
) -> Result<Made<'a>> {
    let becomes = state.name.take();
    state.name = runner.has_store().then(|| unfinished(&state));
    let thing = Thing { becomes, ..Thing::of(&state) };
    Pending::note(dir, &thing)?;
    let mut made = Made { state, thing, context, dir, kept: false };
    if let Some(path) = made.state.sandbox(dir) {
        build(context, runner, (dir, &path), &made.state)?;
    } else {
        start(context, runner, &mut made)?;
    }
    let entrance = Entrance::new(context, runner, dir, &made.state);
    entrance.prepare()?;
    let start = entrance.listing()?.mark();
    if !made.state.sif {
        carry_in(context, &entrance);
    }
    made.state.start = start;
    Ok(made)
}

fn start(context: &Context, runner: &Runner, made: &mut Made) -> Result<()> {
    let gpu = home::gpu_words(context, runner, made.state.gpu);
    let create = Entrance::new(context, runner, made.dir, &made.state).create(gpu);
    let printed = runner.run("make the container", &create)?;
    made.state.container = printed.split_whitespace().last().map(str::to_owned);
    made.thing.container.clone_from(&made.state.container);
    Pending::note(made.dir, &made.thing)?;
    runner.run("start the container", &store::start(runner.engine, made.state.handle()))?;
    Ok(())
}

/// The name of a container that is not kept yet.
fn unfinished(state: &ContainerState) -> String {
    format!("{UNFINISHED}{}", state.instance)
}

/// Builds aside and renames: what has the name is whole.
fn build(
    context: &Context,
    runner: &Runner,
    (dir, path): (&Path, &Path),
    state: &ContainerState,
) -> Result<()> {
    let image = exact(state);
    let shown = Shown(&state.image.0);
    let parent = path.parent().unwrap_or(dir);
    fs::make_dirs(parent, 0o777).attempt("make", parent)?;
    let aside = Stage::new(&sandbox::building_place(path)?)?;
    let unfinished = aside.path().join(if state.sif { "image.sif" } else { "sandbox" });
    let mut call = files::build(runner.engine, &unfinished, &image, state.form());
    call.set.extend(sandbox::work(context.host, runner.work.as_deref(), &aside.path())?);
    runner.watch(&format!("build a {} from {shown}", state.kind()), &call)?;
    if state.sif {
        return fs::rename_dir(&unfinished, path).attempt("make", path);
    }
    if unfinished.join("bin/sh").symlink_metadata().is_err() {
        return Err(Error::new(format!("the image {shown} has no shell"))
            .hint("it cannot be entered: choose an image that is made to be worked in"));
    }
    fs::rename_dir(&unfinished, path).attempt("make", path)
}

/// The image by its digest, where that is known: a tag may move while it is asked about.
fn exact(state: &ContainerState) -> OsString {
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
    how.terminal = crate::container::spec::Terminal::Pipes;
    let call = entrance.call(how, &shell(CARRY_IN, &[]));
    if entrance.runner.run_with("put mlenv into the container", &call, &program).is_err() {
        context.ui.say("mlenv itself does not start in this image: make envs from the host, or use a static build");
    }
}
