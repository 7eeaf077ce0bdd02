//! The way into a directory's container that is there: calls that run commands in it.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::runner::Runner;
use super::{home, sandbox};
use crate::config::LAUNCH;
use crate::container::additions::Listing;
use crate::container::files;
use crate::container::id;
use crate::container::mount::Mode;
use crate::container::pending::UNFINISHED;
use crate::container::program::PACKAGES;
use crate::container::spec::{Inner, Spec};
use crate::container::state::ContainerState;
use crate::container::store::{self, ContainerIdentity};
use crate::container::{Mount, Residence};
use crate::context::Context;
use crate::error::Result;
use crate::host::Host;
use crate::image::PROGRAM;
use crate::process::Command;
use crate::text::PathText;

/// A container that is there, and the way into it.
pub(crate) struct Entrance<'a> {
    /// Its engine.
    pub(crate) runner: &'a Runner,
    /// Its directory.
    pub(crate) dir: &'a Path,
    /// What it is.
    pub(crate) state: &'a ContainerState,
    /// All that it sees of the host.
    pub(crate) mounts: Vec<Mount>,
    home: Option<PathBuf>,
    gpu: Vec<OsString>,
    surroundings: HashMap<OsString, OsString>,
    /// This program, for a SIF, into which it cannot be carried.
    program: Option<Mount>,
}

impl<'a> Entrance<'a> {
    /// For the container of `dir`.
    pub(crate) fn new(
        context: &Context,
        runner: &'a Runner,
        dir: &'a Path,
        state: &'a ContainerState,
    ) -> Self {
        let mut mounts = home::user_files(state.powers, runner);
        mounts.extend(home::mounts(context.host, dir, &state.bind));
        // A container of a store got its devices when it was made.
        let gpu = state.gpu && !runner.has_store();
        let program = context.host.program().ok().filter(|_| state.sif);
        let program = program.map(|it| Mount::new(&it, Path::new(PROGRAM), Mode::ReadOnly));
        Self {
            runner,
            dir,
            state,
            mounts,
            home: context.host.home().ok(),
            gpu: home::gpu_words(context, runner, gpu),
            surroundings: context.host.vars().clone(),
            program,
        }
    }

    /// The call that runs a command in it.
    pub(crate) fn call(&self, mut how: Inner, command: &[OsString]) -> Command {
        if self.runner.has_store() {
            // By name, so that the words are no longer than they must be.
            how.inherit.push(LAUNCH.to_owned());
            let call = store::exec(self.runner.engine, self.state.handle(), &how, command);
            return Command { set: vec![(LAUNCH.into(), self.launch())], ..call };
        }
        how.set.push((LAUNCH.into(), self.launch()));
        let mut order = self.order(self.image(), how);
        order.mounts.extend(self.program.iter().cloned());
        files::exec(&order, self.state.form(), &self.surroundings, command)
    }

    /// Runs a program for `/bin/sh` in it and gives what it printed.
    pub(crate) fn ask(&self, do_what: &str, program: &str, words: &[OsString]) -> Result<String> {
        self.runner.run(do_what, &self.call(Inner::quiet(self.dir), &shell(program, words)))
    }

    /// What is in it.
    pub(crate) fn listing(&self) -> Result<Listing> {
        let text = self.ask("list the packages of the image", PACKAGES, &[])?;
        Ok(Listing::parse(&text))
    }

    /// Makes the places that mounts need.
    pub(crate) fn prepare(&self) -> Result<()> {
        match self.state.sandbox(self.dir) {
            Some(sandbox) if !self.state.sif => sandbox::make_places(&sandbox, &self.mounts),
            _ => Ok(()),
        }
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

    fn place(&self) -> Residence {
        self.state.place(self.dir, &self.mounts, self.home.as_deref())
    }

    fn order(&self, image: OsString, inner: Inner) -> Spec {
        Spec {
            engine: self.runner.engine,
            image,
            mounts: self.mounts.clone(),
            mark: None,
            home: self.home.clone().filter(|home| Some(home) != Host::listed_home().as_ref()),
            gpu: self.gpu.clone(),
            inner,
        }
    }

    /// The call that makes it, for engines with a store.
    pub(crate) fn create(&self, gpu: Vec<OsString>) -> Command {
        let mut inner = Inner::quiet(self.dir);
        let home = self.home.iter().map(|home| ("HOME".to_owned(), home.clone().into_os_string()));
        inner.set.extend(home);
        inner.set.push(("NB_USER".into(), Host::listed_name().into()));
        // For those who enter it by themselves. Images that are made of it have the variable, but not the mount.
        let mark = Residence::fresh_mark(&self.state.instance);
        let place = Residence { mark: Some(PathText(mark.clone())), ..self.place() };
        inner.set.push((LAUNCH.into(), place.launch().into()));
        let order =
            Spec { gpu, mark: Some(mark), ..self.order(self.state.image.0.clone().into(), inner) };
        let dir = serde_json::to_string(&PathText(self.dir.to_owned())).unwrap_or_default();
        let labels = vec![
            (store::LABEL_ID, self.state.id.clone()),
            (store::LABEL_INSTANCE, self.state.instance.clone()),
            (store::LABEL_PLACE, id::of_place(self.dir)),
            (store::LABEL_DIR, dir.trim_matches('"').to_owned()),
            (store::LABEL_ARGS, self.place().json()),
        ];
        // Its own name it gets when it is whole.
        let name = &format!("{UNFINISHED}{}", self.state.instance);
        let (port, publish) = (self.state.port, &self.state.publish[..]);
        store::create(&order, &ContainerIdentity { name, labels, port, publish })
    }
}

/// `/bin/sh` with one of our programs and its words.
pub(crate) fn shell(program: &str, words: &[OsString]) -> Vec<OsString> {
    let start = ["/bin/sh", "-c", program, "mlenv"].map(OsString::from);
    start.into_iter().chain(words.iter().cloned()).collect()
}
