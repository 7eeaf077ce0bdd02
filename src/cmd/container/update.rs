//! `mlenv container update`: onto the image of today, with what the user added. The new container is made beside
//! the old one; the old one is the directory's until the state's file says otherwise, which is one rename.

use std::path::Path;
use std::sync::atomic::Ordering;

use super::super::Context;
use super::super::create::stop_flag;
use super::enter::{refuse_inside, wake};
use super::entrance::Entrance;
use super::make::{calls, discard, give_name, make, planned};
use super::replay::{self, replay};
use super::runner::Runner;
use super::setup::{free_port, learn};
use super::sweep::sweep;
use super::{here, lock, print_calls, remote};
use crate::cli::Update;
use crate::container::additions::Additions;
use crate::container::state::State;
use crate::container::store;
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
    let old = State::read(&dir)?.unwrap_or(old);
    sweep(&dir, &runner, Some(&old));
    wake(&runner, &dir, &old)?;
    let mut new = next(&runner, &dir, &old);
    if bring(context, &runner, &old, &mut new)? == Newer::No {
        context.ui.say(format!("{} is of the newest image already", Shown(&dir)));
        return Ok(());
    }
    carry_out(context, &runner, (&dir, &old), new)
}

fn carry_out(
    context: &Context,
    runner: &Runner,
    (dir, old): (&Path, &State),
    new: State,
) -> Result<()> {
    let stop = stop_flag()?;
    let before = Entrance::new(context, runner, dir, old);
    before.prepare()?;
    let listing = before.listing()?;
    let added = listing.since(&old.start);
    let made = (|| {
        let made = make(context, runner, dir, new)?;
        let after = Entrance::new(context, runner, dir, &made.state);
        replay(&before, &after, &added, listing.prefix.as_deref())?;
        drop(after);
        if stop.load(Ordering::Relaxed) { Err(Error::interrupted()) } else { Ok(made) }
    })();
    let made = match made {
        Err(_) if stop.load(Ordering::Relaxed) => return Err(Error::interrupted()),
        other => other?,
    };
    let new = made.keep()?;
    discard(runner, dir, old);
    give_name(context, runner, &new);
    report(context, dir, &added);
    Ok(())
}

/// The state of the container that is to come.
fn next(runner: &Runner, dir: &Path, old: &State) -> State {
    let new = planned(runner, old.image.0.as_os_str(), Some(&old.id), None, dir);
    State {
        gpu: old.gpu,
        bind: old.bind.clone(),
        name: old.name.clone(),
        // The old container may have its port in use until the end.
        port: old.port.map(|_| free_port()),
        ..new
    }
}

/// Whether there is another image than the container's.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Newer {
    Yes,
    No,
    /// Nothing tells: an image by its path, or a registry that only the engine can ask.
    Unknown,
}

/// Brings the newest image, where the engine keeps images, and learns which one it is.
fn bring(context: &Context, runner: &Runner, old: &State, new: &mut State) -> Result<Newer> {
    let shown = Shown(&new.image.0).to_string();
    context.ui.say(format!("looking for a newer {shown}"));
    let told = remote::reference(new).map(|reference| remote::facts(context, &reference));
    if let Some(Ok(facts)) = &told {
        remote::note(new, facts);
        if remote::is_of(runner, old, &facts.digest.to_string()) {
            return Ok(Newer::No);
        }
    }
    if !runner.has_store() {
        return Ok(if let Some(Ok(_)) = told { Newer::Yes } else { Newer::Unknown });
    }
    let image = new.image.0.as_os_str().to_owned();
    runner.watch(&format!("pull {shown}"), &store::pull(runner.engine, &image))?;
    let facts = runner.run("look at the image", &store::inspect_image(runner.engine, &image))?;
    if new.digest.is_none() {
        learn(new, &facts);
    }
    let is_same = remote::id_in(&facts).is_some_and(|id| remote::image_id(runner, old) == Some(id));
    Ok(if is_same { Newer::No } else { Newer::Yes })
}

/// Whether there is something newer, without changing anything.
fn tell(context: &Context, runner: &Runner, old: &State) -> Result<()> {
    let shown = Shown(&old.image.0);
    let Some(reference) = remote::reference(old) else {
        context.ui.say(format!("the container is of {shown}, which is in no registry"));
        context.ui.hint("`mlenv container update -f` makes it anew, with what you added");
        return Ok(());
    };
    if !remote::is_newer(context, runner, old, &reference)? {
        context.ui.say(format!("the container is of the newest {shown}"));
        return Ok(());
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

fn report(context: &Context, dir: &Path, added: &Additions) {
    context.ui.say(format!("{} is of the newest image now", Shown(dir)));
    let all: Vec<&str> = added.conda.iter().chain(&added.pip).map(String::as_str).collect();
    if !all.is_empty() {
        context.ui.say(format!("installed again: {}", crate::text::shown(&all.join(" "))));
    }
    if !added.removed.is_empty() {
        context.ui.say(format!("removed again: {}", crate::text::shown(&added.removed.join(" "))));
    }
}

fn dry_run(context: &Context, runner: &Runner, dir: &Path, old: &State) -> Result<()> {
    let new = next(runner, dir, old);
    let mut all = calls(context, runner, dir, &new);
    // What was added can only be seen in a container that runs.
    let entrance = Entrance::new(context, runner, dir, old);
    if let Ok(listing) = entrance.listing() {
        let after = Entrance::new(context, runner, dir, &new);
        let added = listing.since(&old.start);
        let replayed = replay::calls(&after, &added, listing.prefix.as_deref());
        all.extend(replayed.into_iter().map(|(_, call)| call));
    }
    if runner.has_store() {
        all.push(store::remove(runner.engine, old.container.as_deref().unwrap_or_default()));
    }
    print_calls(&all)
}
