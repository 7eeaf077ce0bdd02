//! What a conda client may not do to an env, and what it says of pins.

use super::opened::Opened;
use super::run::{self};
use super::transaction::{Item, Outlook};
use crate::env::pinned;
use crate::error::{Error, FailureKind, Result};
use crate::hint::command;
use crate::text::{Shown, shown};

/// Refuses what takes packages of the base out of the env, or replaces pinned ones (conda itself passes over a pin when
/// the package is asked for by name).
pub(crate) fn check(site: &Opened, outlook: &Outlook) -> Result<()> {
    let env = Shown(&site.env);
    if let Some(why) = run::frozen(&site.env) {
        return Err(Error::no(format!("{env} is frozen: {why}"))
            .hint("whoever keeps it put a file conda-meta/frozen there"));
    }
    if !outlook.remove_of_base.is_empty() {
        let names: Vec<String> = outlook.remove_of_base.iter().map(Item::shown).collect();
        return Err(Error::no(format!(
            "that would take packages of the base out of {env}: {}",
            names.join(", ")
        ))
        .hint("ask for other versions, or install with --pip"));
    }
    let pinned = pinned::names(&pins(site));
    let hit: Vec<String> =
        outlook.shadowed().filter(|name| pinned.contains(*name)).map(shown).collect();
    if hit.is_empty() {
        return Ok(());
    }
    let (are, names) = (if hit.len() == 1 { "is" } else { "are" }, hit.join(", "));
    let error = Error::no(format!(
        "{names} of the base {are} pinned, and would be replaced in {env}: {}",
        outlook.shadow_text()
    ));
    Err(error.hint(format!("{} allows it", command("mlenv unpin -p {} {}", &[&site.env, &hit]))))
}

/// A client's refusal, with the cure where it names pins as the reason.
pub(crate) fn with_cure(site: &Opened, error: Error) -> Error {
    let pins = pins_named(site, &error);
    if pins.is_empty() {
        return error;
    }
    let unpin = command("mlenv unpin -p {} {}", &[&site.env, &pins]);
    error.hint(format!("{unpin} lets it be replaced in this env"))
}

/// The pinned packages that a client names as the reason of its refusal.
fn pins_named(site: &Opened, error: &Error) -> Vec<String> {
    let FailureKind::Pinned(named) = error.kind() else { return Vec::new() };
    let pinned = pinned::names(&pins(site));
    let mut named = named.clone();
    named.retain(|name| pinned.contains(name));
    named.sort();
    named.dedup();
    named
}

/// The text of `conda-meta/pinned`.
fn pins(site: &Opened) -> String {
    run::read(&site.env.join("conda-meta/pinned")).unwrap_or_default()
}
