//! `mlenv container`: a container for a directory. One file per verb; engines run through `runner`.

mod enter;
mod import;
mod info;
mod jupyter;
mod list;
mod record;
mod remove;
mod setup;
mod task;
mod update;
mod wrap;

use std::path::{Path, PathBuf};

use crate::cli::{Container, ContainerVerb, Enter, Import};
use crate::container::state::{self, ContainerState, FILE};
use crate::context::Context;
use crate::engine::known;
use crate::error::{Error, Result};
use crate::fs::{self, Lock};
use crate::hint::command;
use crate::text::Shown;

/// Runs one verb.
pub(super) fn run(context: &Context, arguments: &Container) -> Result<()> {
    match &arguments.verb {
        None => enter::run(context, &Enter::default()),
        Some(ContainerVerb::Setup(arguments)) => setup::run(context, arguments),
        Some(ContainerVerb::Enter(arguments)) => enter::run(context, arguments),
        Some(ContainerVerb::Info(arguments)) => info::run(context, arguments),
        Some(ContainerVerb::Record(arguments)) => record::run(context, arguments),
        Some(ContainerVerb::List(arguments)) => list::run(context, arguments),
        Some(ContainerVerb::Update(arguments)) => update::run(context, arguments),
        Some(ContainerVerb::Jupyter(arguments)) => jupyter::run(context, arguments),
        Some(ContainerVerb::Remove(arguments)) => remove::run(context, arguments),
        Some(ContainerVerb::Wrap(arguments)) => wrap::run(context, arguments),
        Some(ContainerVerb::Task(arguments)) => task::run(context, arguments),
        Some(ContainerVerb::Makefile(arguments)) => task::makefile(context, arguments),
    }
}

/// Takes over what older scripts made.
pub(super) fn import(context: &Context, arguments: &Import) -> Result<()> {
    import::run(context, arguments)
}

/// The nearest directory with a container, and its state.
fn here(context: &Context) -> Result<(PathBuf, ContainerState)> {
    of(&context.host.cwd()?)
}

/// The same, of the directory `cwd`.
pub(super) fn of(cwd: &Path) -> Result<(PathBuf, ContainerState)> {
    let found =
        state::nearest(cwd).map(|dir| Ok((ContainerState::read(&dir)?, dir))).transpose()?;
    match found {
        Some((Some(state), dir)) => Ok((dir, state)),
        _ if old_script(cwd).is_some() => {
            let script = old_script(cwd).unwrap_or_default();
            Err(Error::no(format!("{} has no container of mlenv's", Shown(cwd))).hint(format!(
                "{} takes over the one of that script",
                command("mlenv import {}", &[&script])
            )))
        }
        _ => Err(Error::no(format!(
            "{} has no container: there is no {FILE} here or above",
            Shown(cwd)
        ))
        .hint(
            "make one with `mlenv container setup IMAGE`; `mlenv image list` shows known images",
        )),
    }
}

/// A state of an older script, in this directory.
fn old_script(dir: &Path) -> Option<PathBuf> {
    ["runML-here.sh", "runMe-here.sh"].iter().map(|name| dir.join(name)).find(|path| path.is_file())
}

/// Lets nobody else work on this directory's container until what comes back is dropped.
fn lock(dir: &Path) -> Result<Lock> {
    fs::lock_for_work(dir, &format!("the container of {}", Shown(dir)))
}

/// Lets `container list` find it.
fn remember(context: &Context, dir: &Path) {
    if let Err(cause) = known::remember(&context.dirs, dir) {
        context.ui.warn(format!("`container list` will not know {}: {cause}", Shown(dir)));
    }
}

/// Prints what would be run, one line for each call.
fn print_calls(calls: &[crate::process::Command]) -> Result<()> {
    let lines: String = calls.iter().map(|call| call.line() + "\n").collect();
    super::print_words(lines)
}
