//! The way into a directory's container that is there: calls that run commands in it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::super::Context;
use super::runner::Runner;
use super::{home, sandbox};
use crate::config::LAUNCH;
use crate::container::additions::Listing;
use crate::container::files::{self, Image};
use crate::container::id;
use crate::container::order::{Inner, Order};
use crate::container::program::PACKAGES;
use crate::container::state::State;
use crate::container::store::{self, Identity};
use crate::container::{Invocation, Mount, Place};
use crate::error::Result;
use crate::host::Host;
use crate::text::PathText;

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
    pub(super) fn create(&self, gpu: Vec<OsString>) -> Invocation {
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
            (store::LABEL_PLACE, id::of_place(self.dir)),
            (store::LABEL_DIR, dir.trim_matches('"').to_owned()),
            (store::LABEL_ARGS, self.place().json()),
        ];
        // Its own name it gets when it is whole.
        let name = &format!("{}{}", id::UNFINISHED, self.state.instance);
        store::create(&order, &Identity { name, labels, port: self.state.port })
    }
}

/// `/bin/sh` with one of our programs and its words.
pub(super) fn shell(program: &str, words: &[OsString]) -> Vec<OsString> {
    let start = ["/bin/sh", "-c", program, "mlenv"].map(OsString::from);
    start.into_iter().chain(words.iter().cloned()).collect()
}
