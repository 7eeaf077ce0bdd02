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
use super::{here, lock, print_calls};
use crate::cli::Update;
use crate::container::additions::Additions;
use crate::container::state::State;
use crate::container::{store, store::is_path};
use crate::error::{Error, Result};
use crate::image::Reference;
use crate::image::digest::Digest;
use crate::image::registry::{Freshness, PATIENCE, Registry};
use crate::text::Shown;

pub(super) fn run(context: &Context, arguments: &Update) -> Result<()> {
    let (dir, old) = here(context)?;
    refuse_inside(context, &old)?;
    let runner = Runner::known(context.host, context.ui, old.engine, old.powers)?;
    if arguments.dry_run {
        return dry_run(context, &runner, &dir, &old);
    }
    if !arguments.force {
        tell(context, &old);
        return Ok(());
    }
    let _lock = lock(&dir)?;
    // Another update may have been at work until we had the lock.
    let old = State::read(&dir)?.unwrap_or(old);
    sweep(&dir, &runner, Some(&old));
    wake(&runner, &dir, &old)?;
    let mut new = next(&runner, &dir, &old);
    if !bring(context, &runner, &mut new)? && new.digest.is_some() && new.digest == old.digest {
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

/// Brings the newest image. True where nothing tells whether it is another one.
fn bring(context: &Context, runner: &Runner, new: &mut State) -> Result<bool> {
    let image = new.image.0.as_os_str().to_owned();
    if !runner.has_store() {
        return Ok(is_path(&image));
    }
    context.ui.say(format!("looking for a newer {}", Shown(&new.image.0)));
    runner.watch(&format!("pull {}", Shown(&new.image.0)), &store::pull(runner.engine, &image))?;
    let facts = runner.run("look at the image", &store::inspect_image(runner.engine, &image))?;
    learn(new, &facts);
    Ok(false)
}

/// Whether there is something newer, without changing anything.
fn tell(context: &Context, old: &State) {
    context.ui.say(format!("the container is of {}, made {}", Shown(&old.image.0), old.created));
    let hint = "`mlenv container update -f` looks for a newer image and moves onto it";
    match freshness(context, old) {
        Ok(Some(Freshness::Same)) => context.ui.say("the registry has no newer one"),
        Ok(Some(Freshness::Newer(digest))) => {
            context.ui.say(format!("the registry has a newer one: {digest}"));
            context.ui.hint("`mlenv container update -f` moves onto it, with what you added");
        }
        Ok(None) => context.ui.hint(hint),
        Err(error) => {
            context.ui.warn(format!("the registry cannot be asked for a newer one: {error}"));
            context.ui.hint(hint);
        }
    }
}

/// What the registry says of the recorded digest; nothing where the image is of no registry, or no digest is known.
fn freshness(context: &Context, old: &State) -> Result<Option<Freshness>> {
    let reference = old.image.0.to_str().and_then(|text| Reference::parse(text).ok());
    let digest = old.digest.as_deref().and_then(|text| Digest::parse(text).ok());
    let (Some(reference), Some(digest)) = (reference, digest) else { return Ok(None) };
    Registry::new(context.host, &reference, PATIENCE)?.compare(&digest).map(Some)
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
