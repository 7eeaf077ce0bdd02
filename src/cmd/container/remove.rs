//! `mlenv container remove`: the container goes, with all that was added to it, and then the directory forgets it.

use super::super::Context;
use super::enter::refuse_inside;
use super::make::{containers, discard};
use super::runner::Runner;
use super::sweep::sweep;
use super::{here, lock, print_calls};
use crate::cli::ContainerRemove;
use crate::container::state::FILE;
use crate::container::store;
use crate::error::{Attempt, Error, Result};
use crate::text::Shown;

pub(super) fn run(context: &Context, arguments: &ContainerRemove) -> Result<()> {
    let (dir, state) = here(context)?;
    refuse_inside(context, &state)?;
    let runner = Runner::known(context.host, context.ui, state.engine, state.powers)?;
    if arguments.dry_run {
        let container = state.container.as_deref().unwrap_or_default();
        return match state.sandbox(&dir) {
            Some(sandbox) => super::super::print(format!("remove {}\n", Shown(&sandbox))),
            None => print_calls(&[store::remove(runner.engine, container)]),
        };
    }
    let _lock = lock(&dir)?;
    sweep(&dir, &runner, Some(&state));
    if runner.has_store() {
        // That the engine works is seen first: without it nothing is found, and nothing is forgotten.
        let find = store::find(runner.engine, store::LABEL_INSTANCE, &state.instance);
        runner.run("look for the container", &find)?;
        for container in containers(&runner, &state) {
            runner.run("remove the container", &store::remove(runner.engine, &container))?;
        }
    }
    discard(&runner, &dir, &state);
    if let Some(sandbox) = state.sandbox(&dir).filter(|sandbox| sandbox.exists()) {
        return Err(Error::new(format!("could not remove all of {}", Shown(&sandbox)))
            .hint("something in it belongs to somebody else, or is in use"));
    }
    let file = dir.join(FILE);
    crate::fs::remove_file(&file).attempt("remove", &file)?;
    context.ui.say(format!("removed the container of {}", Shown(&dir)));
    Ok(())
}
