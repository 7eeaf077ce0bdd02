//! `mlenv container`: a container for a directory. One file per verb; engines run through `runner`.

mod enter;
mod entrance;
mod home;
mod import;
mod info;
mod jupyter;
mod make;
mod old_env;
mod outside;
pub(super) mod reenter;
mod remote;
mod remove;
mod replay;
pub(in crate::cmd) mod runner;
mod sandbox;
mod setup;
mod sweep;
mod update;
mod wrap;

use std::path::{Path, PathBuf};

use super::Context;
use crate::cli::{Container, ContainerVerb, Enter, Import};
use crate::container::state::{self, FILE, State};
use crate::error::{Attempt, Error, Result};
use crate::fs::{self, Lock};
use crate::text::Shown;

/// Runs one verb.
pub(super) fn run(context: &Context, arguments: &Container) -> Result<()> {
    match &arguments.verb {
        None => enter::run(context, &Enter { as_me: false, dry_run: false, command: Vec::new() }),
        Some(ContainerVerb::Setup(arguments)) => setup::run(context, arguments),
        Some(ContainerVerb::Enter(arguments)) => enter::run(context, arguments),
        Some(ContainerVerb::Info(arguments)) => info::run(context, arguments),
        Some(ContainerVerb::Update(arguments)) => update::run(context, arguments),
        Some(ContainerVerb::Jupyter(arguments)) => jupyter::run(context, arguments),
        Some(ContainerVerb::Remove(arguments)) => remove::run(context, arguments),
        Some(ContainerVerb::Wrap(arguments)) => wrap::run(context, arguments),
    }
}

/// Takes over what older scripts made.
pub(super) fn import(context: &Context, arguments: &Import) -> Result<()> {
    import::run(context, arguments)
}

/// The nearest directory with a container, and its state.
fn here(context: &Context) -> Result<(PathBuf, State)> {
    let cwd = context.host.cwd()?;
    let found = state::nearest(&cwd).map(|dir| Ok((State::read(&dir)?, dir))).transpose()?;
    match found {
        Some((Some(state), dir)) => Ok((dir, state)),
        _ if old_script(&cwd).is_some() => {
            let script = old_script(&cwd).unwrap_or_default();
            Err(Error::no(format!("{} has no container of mlenv's", Shown(&cwd))).hint(format!(
                "`mlenv import {}` takes over the one of that script",
                Shown(&script)
            )))
        }
        _ => Err(Error::no(format!(
            "{} has no container: there is no {FILE} here or above",
            Shown(&cwd)
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
    match fs::try_lock_dir(dir).attempt("open", dir)? {
        Lock::Held => {
            Err(Error::new(format!("another mlenv is at work on the container of {}", Shown(dir)))
                .hint("wait until it is done, then try again"))
        }
        free => Ok(free),
    }
}

/// Prints what would be run, one line for each call.
fn print_calls(calls: &[crate::container::Invocation]) -> Result<()> {
    let lines: String = calls.iter().map(|call| call.line() + "\n").collect();
    super::print(lines)
}
