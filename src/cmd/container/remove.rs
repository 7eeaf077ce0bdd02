//! `mlenv container remove`: the container goes, with all that was added to it, and then the directory forgets it.

use std::path::Path;

use super::super::confirm;
use super::super::print_words;
use super::{here, lock, print_calls};
use crate::cli::ContainerRemove;
use crate::container::state::FILE;
use crate::container::store;
use crate::context::Context;
use crate::engine::entrance::Entrance;
use crate::engine::runner::Runner;
use crate::engine::sandbox;
use crate::engine::sweep::sweep;
use crate::engine::wake::refuse_inside;
use crate::error::{Attempt, Result};
use crate::text::{Shown, shown};

pub(super) fn run(context: &Context, arguments: &ContainerRemove) -> Result<()> {
    let (dir, state) = here(context)?;
    refuse_inside(context, &state)?;
    let runner = Runner::known(context.host, context.ui, state.engine, state.powers)?;
    if arguments.dry_run {
        return match state.sandbox(&dir) {
            Some(sandbox) => print_words(format!("remove {}\n", Shown(&sandbox))),
            None => print_calls(&[store::remove(runner.engine, state.handle())]),
        };
    }
    let losses = || losses(&Entrance::new(context, &runner, &dir, &state), &dir);
    let question = format!("remove the container of {}?", Shown(&dir));
    let original = state.original(&dir);
    if original.is_none() {
        confirm::destroying(context, arguments.yes, losses, &question)?;
    }
    let _lock = lock(&dir)?;
    let mut state = state;
    sweep(context, &dir, Some(&mut state))?;
    match (&original, state.sandbox(&dir)) {
        (None, Some(sandbox)) if sandbox.symlink_metadata().is_ok() => {
            sandbox::remove(&dir, &sandbox).map_err(|cause| {
                cause.hint("something in it belongs to somebody else, or is in use")
            })?;
        }
        (Some(_), _) | (None, Some(_)) => {}
        (None, None) => runner.remove(state.handle())?,
    }
    let file = dir.join(FILE);
    crate::fs::remove_file(&file).attempt("remove", &file)?;
    context.ui.say(match original {
        Some(original) => format!(
            "{} is a copy of {}, whose container stays: it was only forgotten here",
            Shown(&dir),
            Shown(&original)
        ),
        None => format!("removed the container of {}", Shown(&dir)),
    });
    Ok(())
}

/// What was added, as far as a container that runs tells it.
fn losses(entrance: &Entrance, dir: &Path) -> Vec<String> {
    if let Some(env) = &entrance.state.env {
        let env = Shown(&env.0);
        return vec![format!(
            "{env} stays, and works again in the next container of {}",
            Shown(dir)
        )];
    }
    let added = entrance.listing().map(|listing| listing.since(&entrance.state.start));
    let added = added.unwrap_or_default();
    let lists = [&added.conda, &added.pip, &added.editable, &added.unknown];
    let names: Vec<&str> = lists.into_iter().flatten().map(String::as_str).collect();
    let what = if names.is_empty() {
        "all that was changed in it".to_owned()
    } else {
        format!("what was added to it: {}", shown(&names.join(" ")))
    };
    vec![format!("with the container of {} goes {what}", Shown(dir))]
}
