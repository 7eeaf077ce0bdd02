//! Ends what was begun for a directory: what is pending there and is not the directory's goes, and what is gets its
//! name. Every setup, update and removal ends with it, and begins with it, for those that were killed. The caller has
//! the directory's lock.

use std::path::Path;

use super::runner::Runner;
use super::sandbox;
use crate::container::pending::{Pending, Thing};
use crate::container::state::ContainerState;
use crate::container::{Family, store};
use crate::context::Context;
use crate::error::Result;

/// Ends it. What cannot be removed now stays written down.
pub(crate) fn sweep(
    context: &Context,
    dir: &Path,
    state: Option<&mut ContainerState>,
) -> Result<()> {
    let is_own = |thing: &Thing| state.as_ref().is_some_and(|state| thing.is_of(state));
    let (own, others): (Vec<Thing>, Vec<Thing>) =
        Pending::read(dir)?.made.into_iter().partition(is_own);
    for thing in others.iter().filter(|thing| remove(context, dir, thing)) {
        Pending::forget(dir, thing)?;
    }
    // What was replaced had the name until now.
    if let Some(state) = state {
        for thing in &own {
            give_name(context, dir, thing, state)?;
            Pending::forget(dir, thing)?;
        }
    }
    Ok(())
}

/// True where it is gone.
pub(crate) fn remove(context: &Context, dir: &Path, thing: &Thing) -> bool {
    if let Some(sandbox) = &thing.sandbox {
        let path = dir.join(&sandbox.0);
        return path.symlink_metadata().is_err() || sandbox::remove(dir, &path).is_ok();
    }
    let Some(container) = thing.container.as_ref().or(thing.name.as_ref()) else { return true };
    Runner::known(context.host, context.ui, thing.engine, thing.powers)
        .is_ok_and(|runner| runner.remove(container).is_ok())
}

/// Gives the directory's container its name. Until then the state has the one that it has.
fn give_name(
    context: &Context,
    dir: &Path,
    thing: &Thing,
    state: &mut ContainerState,
) -> Result<()> {
    let (Some(name), Some(container)) = (&thing.becomes, &thing.container) else { return Ok(()) };
    if thing.engine.family() != Family::Store || state.name.as_ref() == Some(name) {
        return Ok(());
    }
    let runner = Runner::known(context.host, context.ui, thing.engine, thing.powers)?;
    let named = runner.run("name the container", &store::rename(runner.engine, container, name));
    match named {
        Err(cause) if runner.name_of(container).as_ref() != Some(name) => {
            let own = state.name.as_deref().unwrap_or_default();
            context.ui.warn(format!("the container works, but is called {own}: {cause}"));
            Ok(())
        }
        _ => {
            state.name = Some(name.clone());
            state.write(dir)
        }
    }
}
