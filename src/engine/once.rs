//! A command in a new container of an image, which goes away with it: this directory and the home are seen inside.

use std::ffi::OsString;
use std::path::Path;

use super::home;
use super::runner::Runner;
use crate::container::files::{self, ImageForm};
use crate::container::spec::Spec;
use crate::container::store;
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
