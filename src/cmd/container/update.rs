//! `mlenv container update`: onto the image of today, with what the user added. The new container is made beside
//! the old one; the old one is the directory's until the state's file says otherwise, which is one rename.

use std::path::Path;

use crate::engine::entrance::Entrance;
use crate::engine::make::calls;
use crate::engine::replay::{self};
use crate::engine::runner::Runner;
use crate::engine::wake::{refuse_inside, wake};

use super::{here, lock, print_calls};
use crate::cli::Update;
use crate::container::additions::Additions;
use crate::container::state::ContainerState;
use crate::container::store;
use crate::context::Context;
use crate::engine::remote;
use crate::engine::sweep::sweep;
use crate::engine::update::{Newer, bring, carry_out, next};
use crate::error::{Error, Result};
use crate::text::Shown;

pub(super) fn run(context: &Context, arguments: &Update) -> Result<()> {
    let (dir, old) = here(context)?;
    refuse_inside(context, &old)?;
    let runner = Runner::known(context.host, context.ui, old.engine, old.powers)?;
    if arguments.dry_run {
        return dry_run(context, &runner, &dir, &old);
    }
    if !arguments.force {
        return tell(context, &runner, &old);
    }
    let _lock = lock(&dir)?;
    // Another update may have been at work until we had the lock.
    let mut old = ContainerState::read(&dir)?.unwrap_or(old);
    sweep(context, &dir, Some(&mut old))?;
    wake(&runner, &dir, &old)?;
    let mut new = next(&runner, &dir, &old);
    if bring(context, &runner, &old, &mut new)? == Newer::No {
        context.ui.say(format!("{} already has the newest image", Shown(&dir)));
        return Ok(());
    }
    let added = carry_out(context, &runner, (&dir, &old), new)?;
    report(context, &dir, &added);
    Ok(())
}

/// Whether there is something newer, without changing anything.
fn tell(context: &Context, runner: &Runner, old: &ContainerState) -> Result<()> {
    let shown = Shown(&old.image.0);
    let Some(reference) = remote::reference(old) else {
        context.ui.say(format!("the container was made from {shown}, which is in no registry"));
        context.ui.hint("`mlenv container update -f` makes it anew, with what you added");
        return Ok(());
    };
    if remote::is_local(runner, &reference) {
        return tell_of_store(context, runner, old, None);
    }
    match remote::is_newer(context, runner, old, &reference) {
        Ok(false) => {
            context.ui.say(format!("the container has the newest {shown}"));
            return Ok(());
        }
        Ok(true) => {}
        Err(cause) => return tell_of_store(context, runner, old, Some(cause)),
    }
    let facts = remote::facts(context, &reference)?;
    let built = facts
        .created
        .as_deref()
        .map_or(String::new(), |date| format!(", built {}", crate::text::shown(date)));
    context.ui.say(format!(
        "there is a newer {shown}: {} MB to pull{built}",
        facts.size.div_ceil(1_000_000)
    ));
    context.ui.hint("`mlenv container update -f` moves onto it, with what you added");
    Ok(())
}

/// As `tell`, but for an image that was built here; `refusal` is what its registry said, if it has one.
fn tell_of_store(
    context: &Context,
    runner: &Runner,
    old: &ContainerState,
    refusal: Option<Error>,
) -> Result<()> {
    let (shown, engine) = (Shown(&old.image.0), runner.engine.name());
    match (remote::is_newer_in_store(runner, old), refusal) {
        (Some(true), _) => {
            context.ui.say(format!("there is a newer {shown} in {engine}'s store"));
            context.ui.hint("`mlenv container update -f` moves onto it, with what you added");
            Ok(())
        }
        (_, Some(refusal)) => Err(refusal),
        (Some(false), None) => {
            context.ui.say(format!("the container has the newest {shown} in {engine}'s store"));
            Ok(())
        }
        (None, None) => Err(Error::no(format!("{shown} is no longer in {engine}'s store"))
            .hint("build it again; the container works without it")),
    }
}

fn report(context: &Context, dir: &Path, added: &Additions) {
    context.ui.say(format!("{} now has the newest image", Shown(dir)));
    let all = added.conda.iter().chain(&added.pip).chain(&added.editable);
    let all: Vec<&str> = all.map(String::as_str).collect();
    if !all.is_empty() {
        context.ui.say(format!("installed again: {}", crate::text::shown(&all.join(" "))));
    }
    if !added.removed.is_empty() {
        context.ui.say(format!("removed again: {}", crate::text::shown(&added.removed.join(" "))));
    }
}

fn dry_run(context: &Context, runner: &Runner, dir: &Path, old: &ContainerState) -> Result<()> {
    let new = next(runner, dir, old);
    let mut all = calls(context, runner, dir, &new);
    // What was added can only be seen in a container that runs.
    let entrance = Entrance::new(context, runner, dir, old);
    if let Ok(listing) = entrance.listing() {
        let after = Entrance::new(context, runner, dir, &new);
        let mut added = listing.since(&old.start);
        replay::take_unfit(&mut added);
        let replayed = replay::calls(&after, &added, listing.prefix.as_deref());
        all.extend(replayed.into_iter().map(|(_, call)| call));
    }
    if runner.has_store() {
        all.push(store::remove(runner.engine, old.handle()));
    }
    print_calls(&all)
}
