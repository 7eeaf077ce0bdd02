//! A command in a new container of an image, which goes away with it: this directory and the home are seen inside.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::entrance::shell;
use super::home;
use super::runner::Runner;
use crate::config::LAUNCH;
use crate::container::files::{self, ImageForm};
use crate::container::spec::{Inner, Spec, Terminal};
use crate::container::{Mount, Residence, id, mount, store};
use crate::context::Context;
use crate::error::Result;
use crate::host::Host;
use crate::process::Command;
use crate::text::PathText;

/// What is to run.
pub(crate) struct Once<'a> {
    /// A reference, or the path of an image.
    pub(crate) image: OsString,
    /// The project's directory.
    pub(crate) dir: &'a Path,
    /// Whether graphics processors are wanted.
    pub(crate) gpu: bool,
    /// The command.
    pub(crate) command: Vec<OsString>,
}

/// The call that runs it.
pub(crate) fn call(context: &Context, runner: &Runner, once: &Once) -> Command {
    let mut mounts = home::user_files(runner.powers, runner);
    mounts.extend(home::mounts(context.host, once.dir, &[]));
    let mut inner = home::inner(context, once.dir, &mounts);
    inner.user = home::as_me(runner.powers);
    let own = context.host.home().ok();
    let order = Spec {
        engine: runner.engine,
        image: once.image.clone(),
        mounts,
        mark: None,
        home: own.filter(|home| Some(home) != Host::listed_home().as_ref()),
        gpu: home::gpu_words(context, runner, once.gpu),
        inner,
    };
    if runner.has_store() {
        return store::run(&order, &once.command);
    }
    files::exec(&order, ImageForm::ReadOnly, context.host.vars(), &once.command)
}

/// Calls that are not made now: what stands in a wrapper.
pub(crate) struct Lasting {
    /// By which a command in there knows where it is.
    pub(crate) id: String,
    /// Where such a container has a mount of its own; none where the engine has no store.
    pub(crate) mark: Option<PathBuf>,
    /// All that is seen of the host.
    pub(crate) mounts: Vec<Mount>,
    order: Spec,
}

impl Lasting {
    /// In an image; commands start in `dir`, which may be a word that a wrapper fills in.
    pub(crate) fn of(
        context: &Context,
        runner: &Runner,
        (image, dir, gpu): (&OsString, &Path, bool),
        extra: &[Mount],
    ) -> Result<Self> {
        let mut mounts = home::user_files(runner.powers, runner);
        mounts.extend(home::mounts(context.host, dir, extra));
        mount::check(&mounts)?;
        let (own, id) = (context.host.home().ok(), id::fresh(dir));
        let mark = runner.has_store().then(|| Residence::fresh_mark(&id));
        let place = Residence {
            image: Some(PathText(image.into())),
            id: Some(id.clone()),
            gpu,
            home: own.clone().map(PathText),
            mark: mark.clone().map(PathText),
            bind: mounts.clone(),
            ..Residence::new(runner.engine)
        };
        let mut inner = Inner::quiet(dir);
        inner.terminal = Terminal::Pipes;
        inner.user = home::as_me(runner.powers);
        inner.set.push((LAUNCH.into(), place.launch().into()));
        if let (true, Some(home)) = (runner.has_store(), &own) {
            inner.set.push(("HOME".into(), home.into()));
        }
        let order = Spec {
            engine: runner.engine,
            image: image.clone(),
            mounts: mounts.clone(),
            mark: mark.clone(),
            home: own.filter(|home| Some(home) != Host::listed_home().as_ref()),
            // A wrapper looks for processors itself where the engine is told of them at each call.
            gpu: home::gpu_words(context, runner, gpu && runner.has_store()),
            inner,
        };
        Ok(Self { id, mark, mounts, order })
    }

    /// The call that runs `command`, started in `dir`.
    pub(crate) fn call(&self, context: &Context, dir: &Path, command: &[OsString]) -> Command {
        let mut order = self.order.clone();
        dir.clone_into(&mut order.inner.dir);
        if self.mark.is_some() {
            // The first word stands before the image, and a wrapper has one word for the whole command.
            return store::run(&order, &shell("exec \"$@\"", command));
        }
        files::exec(&order, ImageForm::ReadOnly, context.host.vars(), command)
    }
}
