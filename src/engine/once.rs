//! A command in a new container of an image, which goes away with it: this directory and the home are seen inside.

use std::ffi::OsString;
use std::path::Path;

use super::home;
use super::runner::Runner;
use crate::container::files::{self, ImageForm};
use crate::container::spec::{Inner, Spec};
use crate::container::{Mount, store};
use crate::context::Context;
use crate::host::Host;
use crate::process::Command;

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

/// The call that runs it as the user's own command.
pub(crate) fn call(context: &Context, runner: &Runner, once: &Once) -> Command {
    let inner = home::inner(context, once.dir, &mounts(context, runner, once.dir));
    with(context, runner, once, inner)
}

/// What is seen inside.
pub(crate) fn mounts(context: &Context, runner: &Runner, dir: &Path) -> Vec<Mount> {
    let mut mounts = home::user_files(runner.powers, runner);
    mounts.extend(home::mounts(context.host, dir, &[]));
    mounts
}

/// The call that runs it in this way.
pub(crate) fn with(context: &Context, runner: &Runner, once: &Once, mut inner: Inner) -> Command {
    inner.user = home::as_me(runner.powers);
    let mounts = mounts(context, runner, once.dir);
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
