//! `mlenv container enter`, and `mlenv container` alone.

use std::ffi::OsString;
use std::path::Path;

use super::super::Context;
use super::entrance::{Entrance, shell};
use super::make::containers;
use super::runner::Runner;
use super::{here, home, print_calls};
use crate::cli::Enter;
use crate::container::program::LOGIN_SHELL;
use crate::container::state::State;
use crate::container::{Invocation, store};
use crate::error::{Error, Result};
use crate::text::Shown;

pub(super) fn run(context: &Context, arguments: &Enter) -> Result<()> {
    let (dir, state) = here(context)?;
    refuse_inside(context, &state)?;
    let runner = Runner::known(context.host, context.ui, state.engine, state.powers)?;
    let entrance = Entrance::new(context, &runner, &dir, &state);
    let mut how = home::inner(context, &dir, &entrance.mounts);
    how.user = if arguments.as_me { home::as_me(state.powers) } else { None };
    let command = if arguments.command.is_empty() {
        shell(LOGIN_SHELL, &home::shells(context.host))
    } else {
        arguments.command.clone()
    };
    let call = entrance.call(how, &command);
    if arguments.dry_run {
        let start = runner.has_store().then(|| start_call(&state));
        return print_calls(&start.into_iter().chain([call]).collect::<Vec<_>>());
    }
    wake(&runner, &dir, &state)?;
    entrance.prepare()?;
    Err(runner.become_call(&call))
}

/// In a container there is no engine to enter another one with, and nothing to gain by entering the same.
pub(super) fn refuse_inside(context: &Context, state: &State) -> Result<()> {
    match crate::container::inside::look(context.host) {
        Some(place) if place.id.as_deref() == Some(&state.id) => {
            Err(Error::no("you are in this container already"))
        }
        Some(place) => Err(Error::no(format!(
            "you are in a container already, {}: containers are not entered from each other",
            place.label()
        ))
        .hint("leave it first, with `exit`")),
        None => Ok(()),
    }
}

fn start_call(state: &State) -> Invocation {
    let by_name = state.name.as_deref().unwrap_or_default();
    store::start(state.engine, state.container.as_deref().unwrap_or(by_name))
}

/// Starts the container where it does not run; one that is gone is one sentence.
pub(super) fn wake(runner: &Runner, dir: &Path, state: &State) -> Result<()> {
    let image = Shown(&state.image.0).to_string();
    let again = format!(
        "`mlenv container setup --force {image}` makes it anew, without what was added to it"
    );
    let gone = |what: String| {
        Error::new(format!("{what} is gone: it was removed by something else")).hint(again)
    };
    if let Some(sandbox) = state.sandbox(dir) {
        return if sandbox.is_dir() {
            Ok(())
        } else {
            Err(gone(format!("the sandbox {}", Shown(&sandbox))))
        };
    }
    let Err(failure) = runner.run("start the container", &start_call(state)) else { return Ok(()) };
    let find = store::find(runner.engine, store::LABEL_INSTANCE, &state.instance);
    match runner.run("look for the container", &find) {
        Ok(_) if containers(runner, state).is_empty() => {
            let name = state.name.as_deref().unwrap_or_default();
            Err(gone(format!("the container {name} of {}", Shown(dir))))
        }
        Ok(_) => Err(failure),
        Err(error) => Err(error),
    }
}

/// Words of a command for the shell of an image.
pub(super) fn words<const N: usize>(words: [&str; N]) -> Vec<OsString> {
    words.map(OsString::from).into()
}
