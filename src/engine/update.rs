//! A directory's container moves onto the image of today, with what the user added. The new container is made beside the
//! old one; the old one is the directory's until the state's file says otherwise, which is one rename.

use std::path::Path;
use std::sync::atomic::Ordering;

use super::entrance::Entrance;
use super::image::learn;
use super::make::{as_sif, make, planned};
use super::own_env;
use super::port::free_port;
use super::remote;
use super::replay::{obtainable, replay};
use super::runner::Runner;
use crate::container::additions::Additions;
use crate::container::pending::UNFINISHED;
use crate::container::state::ContainerState;
use crate::container::store;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::process::stop_flag;
use crate::text::{PathText, Shown};

/// Makes the new container, installs what was added to the old one, and lets the directory have it. Returns what was
/// installed.
pub(crate) fn carry_out(
    context: &Context,
    runner: &Runner,
    (dir, old): (&Path, &ContainerState),
    new: ContainerState,
) -> Result<Additions> {
    let stop = stop_flag()?;
    let before = Entrance::new(context, runner, dir, old);
    before.prepare()?;
    let listing = before.listing()?;
    let added = listing.since(&old.start);
    let made = (|| {
        let made = make(context, runner, dir, new)?;
        let after = Entrance::new(context, runner, dir, &made.state);
        let (added, left_out) = obtainable(&after, &added);
        for line in left_out {
            context.ui.warn(format!("left out: {}", crate::text::shown(&line)));
        }
        replay(&before, &after, &added, listing.prefix.as_deref())?;
        if let Some(PathText(env)) = old.env.as_ref().filter(|_| !stop.load(Ordering::Relaxed)) {
            own_env::settle(&after, env)?;
        }
        drop(after);
        if stop.load(Ordering::Relaxed) { Err(Error::interrupted()) } else { Ok((made, added)) }
    })();
    let (made, added) = match made {
        Err(_) if stop.load(Ordering::Relaxed) => return Err(Error::interrupted()),
        other => other?,
    };
    made.keep(Some(old))?;
    Ok(added)
}

/// The state of the container that takes the place of `old`.
pub(crate) fn next(runner: &Runner, dir: &Path, old: &ContainerState) -> ContainerState {
    let new = planned(runner, old.image.0.as_os_str(), Some(&old.id), None, dir);
    let new = if old.sif { as_sif(new, old.env.clone()) } else { new };
    ContainerState {
        gpu: old.gpu,
        bind: old.bind.clone(),
        // As it is called today: the user may have renamed it.
        name: old.name.as_ref().and_then(|name| {
            runner
                .name_of(old.handle())
                .or(Some(name.clone()))
                .filter(|name| !name.starts_with(UNFINISHED))
                .or(new.name.clone())
        }),
        // The old container may have its port in use until the end.
        port: old.port.map(|_| free_port()),
        ..new
    }
}

/// Whether there is another image than the container's.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Newer {
    /// Yes.
    Yes,
    /// No.
    No,
    /// Nothing tells: an image by its path, or a registry that only the engine can ask.
    Unknown,
}

/// Brings the newest image, where the engine keeps images, and learns which one it is.
pub(crate) fn bring(
    context: &Context,
    runner: &Runner,
    old: &ContainerState,
    new: &mut ContainerState,
) -> Result<Newer> {
    let shown = Shown(&new.image.0).to_string();
    context.ui.say(format!("looking for a newer {shown}"));
    let id = remote::image_id(runner, old);
    let reference = remote::reference(new);
    let is_local = reference.as_ref().is_some_and(|reference| remote::is_local(runner, reference));
    let told = reference.filter(|_| !is_local);
    let told = told.map(|reference| remote::facts(context, &reference));
    if let Some(Ok(facts)) = &told {
        remote::note(new, facts);
        let is_its = id.is_some() && facts.id.to_string().strip_prefix("sha256:") == id.as_deref();
        if is_its || remote::is_of(runner, old, &facts.digest.to_string()) {
            return Ok(Newer::No);
        }
    }
    if !runner.has_store() {
        return Ok(if let Some(Ok(_)) = told { Newer::Yes } else { Newer::Unknown });
    }
    let image = new.image.0.as_os_str().to_owned();
    if !is_local {
        let pulled = runner.watch(&format!("pull {shown}"), &store::pull(runner.engine, &image));
        // What is in no registry may have been built anew here.
        if let Err(cause) = pulled
            && (matches!(told, Some(Ok(_))) || remote::is_newer_in_store(runner, old) != Some(true))
        {
            return Err(cause);
        }
    }
    let facts = runner.run("look at the image", &store::inspect_image(runner.engine, &image))?;
    if new.digest.is_none() {
        learn(new, &facts);
    }
    let is_same = remote::id_in(&facts).is_some_and(|now| id == Some(now));
    Ok(if is_same { Newer::No } else { Newer::Yes })
}
