//! The env of a directory's container: made in there, or moved onto what the image is today, by the mlenv that the
//! container has.

use std::ffi::OsString;
use std::path::Path;

use super::entrance::Entrance;
use super::replay::PREFIX;
use crate::container::spec::Inner;
use crate::env::record::Record;
use crate::error::{Error, Result};
use crate::hint::command;
use crate::text::Shown;

/// Makes the env, or moves the one that is there, and gives the base's prefix.
pub(crate) fn settle(entrance: &Entrance, env: &Path) -> Result<String> {
    let base = entrance.listing()?.prefix.unwrap_or_else(|| PREFIX.to_owned());
    let is_there = Record::read(env)?.is_some_and(|record| record.container.is_some());
    let (verb, what) = if is_there {
        (["rebase", "--reinstall"], "move the env onto the image")
    } else {
        (["create", "-p"], "make an env in the container")
    };
    let mut words: Vec<OsString> =
        ["mlenv", "-q"].iter().chain(&verb).map(OsString::from).collect();
    words.extend([env.into(), "--base".into(), OsString::from(&base)]);
    let call = entrance.call(Inner::quiet(entrance.dir), &words);
    entrance.runner.run(what, &call)?;
    Ok(base)
}

/// Refuses a place where something else is than an env that lives in a container.
pub(crate) fn check(env: &Path) -> Result<()> {
    let is_free = env.symlink_metadata().is_err();
    if is_free || Record::read(env)?.is_some_and(|record| record.container.is_some()) {
        return Ok(());
    }
    Err(Error::new(format!("{} is there, and is no env of a container", Shown(env)))
        .hint("name another place: `--env DIR`"))
}

/// Refuses what would work on the image, where it is a SIF: that never changes, and what was added is in the env.
pub(crate) fn refuse_sif(entrance: &Entrance, instead: &str) -> Result<()> {
    let state = entrance.state;
    if !state.sif {
        return Ok(());
    }
    let env = state.env.as_ref().map_or(Path::new(".venv"), |env| &env.0);
    Err(Error::new(format!(
        "the container of {} is a SIF, which never changes: what was added is in {}",
        Shown(entrance.dir),
        Shown(env)
    ))
    .hint(format!("{} is the way there", command(instead, &[&env]))))
}
