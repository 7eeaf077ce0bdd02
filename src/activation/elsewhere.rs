//! Envs that live in a container: whether this process is where one can be used. Only for envs whose record says so;
//! all others cost nothing here.

use std::path::Path;

use crate::container::{Residence, inside};
use crate::env::record::{BaseChange, Record};
use crate::error::{Error, FailureKind, Result};
use crate::hint::command;
use crate::host::{Host, same_place};
use crate::text::Shown;

/// Where an env is, seen from this process.
#[derive(Debug)]
pub(crate) enum Where {
    /// It can be used.
    Here,
    /// In a container, which can be entered from here.
    InContainer(Box<Residence>),
    /// In another container than the one that this process is in.
    InAnother {
        /// Where the env lives.
        lives: Box<Residence>,
        /// Where we are.
        here: Box<Residence>,
    },
}

/// Finds out. A host that sees the image's directory by the same name can use the env as it is.
pub(crate) fn whereabouts(record: &Record, env: &Path, host: &Host) -> Where {
    let Some(lives) = &record.container else { return Where::Here };
    // A base that nobody looked at may be any other of that path.
    let is_whole = || {
        let is_known = record.base.fingerprint.is_known();
        is_known && same_place(&record.prefix.0, env) && record.base_state(env) == BaseChange::Same
    };
    match inside::look(host) {
        Some(here) if is_same(&here, lives) || is_whole() => Where::Here,
        Some(here) => Where::InAnother { lives: Box::new(lives.clone()), here: Box::new(here) },
        None if is_whole() => Where::Here,
        None => Where::InContainer(Box::new(lives.clone())),
    }
}

/// The same container, or another one of the same image.
fn is_same(here: &Residence, lives: &Residence) -> bool {
    let is_one = here.container.is_some() && here.container == lives.container;
    is_one || (here.id.is_some() && here.id == lives.id) || here.is_same_image(lives)
}

/// Refuses an env that cannot be used here, with what can be done.
pub(crate) fn check(record: &Record, env: &Path, host: &Host) -> Result<()> {
    match whereabouts(record, env, host) {
        Where::Here => Ok(()),
        Where::InContainer(lives) => Err(offer(env, &lives)),
        Where::InAnother { lives, here } => Err(Error::no(format!(
            "{} lives in {}, and this is {}",
            Shown(env),
            lives.label(),
            here.label()
        ))
        .hint("leave this container, then run `mlenv shell` on the env from the host")),
    }
}

/// One line, as it is said at a prompt.
fn offer(env: &Path, lives: &Residence) -> Error {
    let name = Path::new(env.file_name().unwrap_or(env.as_os_str()));
    let (name, label) = (Shown(name), lives.label());
    let shell = command("mlenv shell {}", &[&env]);
    Error::no(format!("{name} lives in {label}; {shell} enters it"))
        .of_kind(FailureKind::InContainer)
}
