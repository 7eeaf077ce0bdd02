//! Before a container is entered: whether that can be done from here, and that it runs.

use std::path::Path;

use super::runner::Runner;
use crate::container::state::ContainerState;
use crate::container::store;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::hint::command;
use crate::process::Command;
use crate::text::Shown;

/// In a container there is no engine to enter another one with, and nothing to gain by entering the same.
pub(crate) fn refuse_inside(context: &Context, state: &ContainerState) -> Result<()> {
    match crate::container::inside::look(context.host) {
        Some(place) if place.id.as_deref() == Some(&state.id) => {
            Err(Error::no("you are already in this container"))
        }
        Some(place) => Err(Error::no(format!(
            "you are already in a container, {}: one container is not entered from another",
            place.label()
        ))
        .hint("leave it first, with `exit`")),
        None => Ok(()),
    }
}

pub(crate) fn start_call(state: &ContainerState) -> Command {
    store::start(state.engine, state.handle())
}

/// Starts the container where it does not run; one that is gone is one sentence.
pub(crate) fn wake(runner: &Runner, dir: &Path, state: &ContainerState) -> Result<()> {
    let setup = command("mlenv container setup --force {}", &[&state.image.0]);
    let again = format!("{setup} makes it anew, without what was added to it");
    let gone = |what: String| {
        Error::new(format!("{what} is gone: it was removed by something else")).hint(again)
    };
    if let Some(sandbox) = state.sandbox(dir) {
        return if state.has_its_image(&sandbox) {
            Ok(())
        } else {
            Err(gone(format!("the {} {}", state.kind(), Shown(&sandbox))))
        };
    }
    let Err(failure) = runner.run("start the container", &start_call(state)) else { return Ok(()) };
    if runner.look(state.handle())?.is_some() {
        return Err(failure);
    }
    let name = state.name.as_deref().unwrap_or_default();
    Err(gone(format!("the container {name} of {}", Shown(dir))))
}
