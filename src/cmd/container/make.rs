//! A new container, or sandbox, that goes away again unless it is kept. `setup` and `update` make theirs with it.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::super::Context;
use super::runner::Runner;
use super::{home, sandbox};
use crate::config::LAUNCH;
use crate::container::additions::Listing;
use crate::container::files::{self, Image};
use crate::container::id::{self, OWNER};
use crate::container::order::{Inner, Order, container_name};
use crate::container::program::{CARRY_IN, PACKAGES};
use crate::container::state::{SCHEMA, State};
use crate::container::store::{self, Identity};
use crate::container::{Invocation, Mount, Place};
use crate::error::{Attempt, Error, Result};
use crate::fs;
use crate::host::Host;
use crate::overlay::stage::Stage;
use crate::text::{PathText, Shown};

/// A container that is there, and the way into it.
pub(super) struct Entrance<'a> {
    /// Its engine.
    pub(super) runner: &'a Runner,
    /// Its directory.
    pub(super) dir: &'a Path,
    /// What it is.
    pub(super) state: &'a State,
    /// All that it sees of the host.
    pub(super) mounts: Vec<Mount>,
    home: Option<PathBuf>,
    gpu: Vec<OsString>,
    surroundings: Vec<OsString>,
}

impl<'a> Entrance<'a> {
    /// For the container of `dir`.
    pub(super) fn new(
        context: &Context,
        runner: &'a Runner,
        dir: &'a Path,
        state: &'a State,
    ) -> Self {
        let mut mounts = home::user_files(state.powers, runner);
        mounts.extend(home::mounts(context.host, dir, &state.bind));
        // A container of a store got its devices when it was made.
        let gpu = state.gpu && !runner.has_store();
        Self {
            runner,
            dir,
            state,
            mounts,
            home: context.host.home().ok(),
            gpu: home::gpu_words(context, runner, gpu),
            surroundings: context.host.vars().keys().cloned().collect(),
        }
    }

    /// The call that runs a command in it.
    pub(super) fn call(&self, mut how: Inner, command: &[OsString]) -> Invocation {
        if self.runner.has_store() {
            return store::exec(self.runner.engine, self.container(), &how, command);
        }
        how.set.push((LAUNCH.into(), self.launch()));
        let order = self.order(self.image(), how);
        let names = self.surroundings.iter().map(OsString::as_os_str);
        files::exec(&order, Image::Sandbox, names, command)
    }

    /// Runs a program for `/bin/sh` in it and gives what it printed.
    pub(super) fn ask(&self, do_what: &str, program: &str, words: &[OsString]) -> Result<String> {
        self.runner.run(do_what, &self.call(Inner::quiet(self.dir), &shell(program, words)))
    }

    /// What is in it.
    pub(super) fn listing(&self) -> Result<Listing> {
        let text = self.ask("list the packages of the image", PACKAGES, &[])?;
        Ok(Listing::parse(&text))
    }

    /// Makes the places that mounts need.
    pub(super) fn prepare(&self) -> Result<()> {
        match self.state.sandbox(self.dir) {
            Some(sandbox) => sandbox::make_places(&sandbox, &self.mounts),
            None => Ok(()),
        }
    }

    fn container(&self) -> &str {
        let by_name = self.state.name.as_deref().unwrap_or_default();
        self.state.container.as_deref().unwrap_or(by_name)
    }

    fn image(&self) -> OsString {
        match self.state.sandbox(self.dir) {
            Some(sandbox) => sandbox.into(),
            None => self.state.image.0.clone().into(),
        }
    }

    fn launch(&self) -> OsString {
        self.place().launch().into()
    }

    fn place(&self) -> Place {
        self.state.place(self.dir, &self.mounts, self.home.as_deref())
    }

    fn order(&self, image: OsString, inner: Inner) -> Order {
        Order {
            engine: self.runner.engine,
            image,
            mounts: self.mounts.clone(),
            home: self.home.clone().filter(|home| Some(home) != Host::listed_home().as_ref()),
            gpu: self.gpu.clone(),
            inner,
        }
    }

    /// The call that makes it, for engines with a store.
    fn create(&self, gpu: Vec<OsString>) -> Invocation {
        let mut inner = Inner::quiet(self.dir);
        let home = self.home.iter().map(|home| ("HOME".to_owned(), home.clone().into_os_string()));
        inner.set.extend(home);
        inner.set.push(("NB_USER".into(), Host::listed_name().into()));
        inner.set.push((LAUNCH.into(), self.launch()));
        let order = Order { gpu, ..self.order(self.state.image.0.clone().into(), inner) };
        let dir = serde_json::to_string(&PathText(self.dir.to_owned())).unwrap_or_default();
        let labels = vec![
            (store::LABEL_ID, self.state.id.clone()),
            (store::LABEL_INSTANCE, self.state.instance.clone()),
            (store::LABEL_DIR, dir.trim_matches('"').to_owned()),
            (store::LABEL_ARGS, self.place().json()),
        ];
        let name = self.state.name.as_deref().unwrap_or_default();
        store::create(&order, &Identity { name, labels, port: self.state.port })
    }
}

/// `/bin/sh` with one of our programs and its words.
pub(super) fn shell(program: &str, words: &[OsString]) -> Vec<OsString> {
    let start = ["/bin/sh", "-c", program, "mlenv"].map(OsString::from);
    start.into_iter().chain(words.iter().cloned()).collect()
}

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
    let own_name = || container_name(&Host::listed_name(), &text, &instance);
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
        name: runner.has_store().then(|| name.map_or_else(own_name, str::to_owned)),
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
    vec![
        store::pull(runner.engine, image),
        Entrance::new(context, runner, dir, state).create(gpu),
        store::start(runner.engine, state.name.as_deref().unwrap_or_default()),
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
        Ok(self.state.clone())
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
    let image = state.image.0.as_os_str();
    let shown = Shown(&state.image.0);
    let parent = path.parent().unwrap_or(dir);
    fs::make_dirs(parent, 0o777).attempt("make", parent)?;
    let aside = Stage::new(&sandbox::building_place(path)?)?;
    let unfinished = aside.path().join("sandbox");
    let call = files::build(runner.engine, &unfinished, image);
    runner.watch(&format!("build a sandbox from {shown}"), &call)?;
    if unfinished.join("bin/sh").symlink_metadata().is_err() {
        return Err(Error::new(format!("the image {shown} has no shell"))
            .hint("it cannot be entered: choose an image that is made to be worked in"));
    }
    let owner = unfinished.join(OWNER);
    fs::write_atomic(&owner, state.id.as_bytes()).attempt("write", &owner)?;
    fs::rename_dir(&unfinished, path).attempt("make", path)
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
