//! Packages that were there, put into an env again: those of an export, those that were compiled for another Python.
//!
//! What came from a directory, an archive or a repository comes from there again, or is left out by name: an index may
//! have somebody else's package of that name.

use super::client;
use super::conda::Errand;
use super::opened::Opened;
use super::pip::Ask;
use super::run::Task;
use super::{Manner, job};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::specs::Direct;
use crate::text::{Shown, shown};

/// What is to be there again, exactly.
pub(crate) struct Wanted<'a> {
    /// Channels besides those of the user's settings.
    pub(crate) channels: &'a [String],
    /// Specs for a conda client.
    pub(crate) conda: Vec<String>,
    /// What pip takes from an index.
    pub(crate) pip: Vec<String>,
    /// What pip takes from places of its own.
    pub(crate) direct: Vec<Direct>,
}

/// Installs it. What is recorded as asked for stays as it is.
pub(crate) fn put(context: &Context, opened: &Opened, wanted: Wanted) -> Result<()> {
    if !wanted.conda.is_empty() {
        let errand = Errand::Install { channels: wanted.channels.to_vec(), specs: wanted.conda };
        carry_out(context, opened, &opened.conda(context, None, errand)?)?;
    }
    let count = wanted.direct.len();
    let direct = obtainable(context, wanted.direct);
    let named = Ask { specs: wanted.pip, ..Ask::default() };
    if direct.len() == count {
        // All at once, so that they are found to be what others of them need.
        let all = direct.iter().fold(named.clone(), |all, (_, ask)| joined(all, ask));
        match pip(context, opened, &all) {
            Err(error) if direct.is_empty() => return Err(error),
            Err(error) => context.ui.warn(format!("{error}; each is tried by itself")),
            Ok(()) => return Ok(()),
        }
    }
    one_by_one(context, opened, named, direct)
}

/// Each without what it needs, which is in the list too: pip would take what was left out from an index.
fn one_by_one(
    context: &Context,
    opened: &Opened,
    named: Ask,
    direct: Vec<(Direct, Ask)>,
) -> Result<()> {
    let done = pip(context, opened, &Ask { alone: true, ..named });
    let mut failed = Vec::new();
    for (direct, ask) in direct {
        if let Err(error) = pip(context, opened, &Ask { alone: true, ..ask }) {
            let (name, words) = (shown(&direct.name), shown(&direct.words));
            context.ui.warn(format!("left out: {name}, which came from {words}: {error}"));
            failed.push(name);
        }
    }
    done?;
    if failed.is_empty() {
        return Ok(());
    }
    Err(Error::new(format!("{} could not be fetched from where it came", failed.join(", "))))
}

/// Those that can be had again, each with what to ask of pip; the others are told.
fn obtainable(context: &Context, wanted: Vec<Direct>) -> Vec<(Direct, Ask)> {
    let mut kept = Vec::new();
    for direct in wanted {
        let name = shown(&direct.name);
        let place = direct.local();
        match (Ask::again(&direct), place.filter(|place| !place.exists())) {
            (Some(ask), None) => kept.push((direct, ask)),
            (Some(_), Some(place)) => context.ui.warn(format!(
                "left out: {name} came from {}, which is not there",
                Shown(&place)
            )),
            (None, _) => context.ui.warn(format!(
                "left out: {name} does not say where it came from, and an index may have another package of that name"
            )),
        }
    }
    kept
}

fn joined(mut all: Ask, more: &Ask) -> Ask {
    all.specs.extend(more.specs.iter().cloned());
    all.editables.extend(more.editables.iter().cloned());
    all
}

fn pip(context: &Context, opened: &Opened, ask: &Ask) -> Result<()> {
    if ask.specs.is_empty() && ask.editables.is_empty() {
        return Ok(());
    }
    let uv = client::uv(context.host, &opened.vars, &opened.env);
    carry_out(context, opened, &Task::Pip(ask.clone(), uv))
}

fn carry_out(context: &Context, opened: &Opened, task: &Task) -> Result<()> {
    Manner::unasked(context, |manner| job::carry_out(context, opened, task, manner)).map(drop)
}
