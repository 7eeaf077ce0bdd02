//! What an env stands on today: where its link leads, and, where that is nowhere, where its base went.

use std::path::{Path, PathBuf};

use crate::base::{Base, Python, known};
use crate::config::Dirs;
use crate::env::content::BASE_LINK;
use crate::env::record::Record;
use crate::image;

/// The base of an env, as it was found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BaseState {
    /// Where the env's link leads.
    Here(Base),
    /// Elsewhere, and the same as the one that the env was made on.
    Moved(Base),
    /// By its name or path there is another base now.
    Other(Base),
    /// Where the env's link leads, but with another minor version of Python.
    OtherPython(Base),
    /// Nowhere.
    Gone,
    /// It is there, but cannot be used as a base any more; why.
    Unfit(String),
}

/// Looks through the env's own link first, then by the name and the path that the base was asked for by. Where the link
/// leads somewhere again by then, the base was away for a moment, and did not move.
pub(crate) fn find(env: &Path, record: &Record, dirs: &Dirs) -> BaseState {
    let linked = || linked(env, record, dirs);
    linked().unwrap_or_else(|| {
        let found = elsewhere(record, dirs);
        linked().unwrap_or(found)
    })
}

/// What the env's link leads to; `None` where there is nothing.
fn linked(env: &Path, record: &Record, dirs: &Dirs) -> Option<BaseState> {
    let linked = std::fs::read_link(env.join(BASE_LINK)).ok()?;
    linked.metadata().ok()?;
    Some(match Base::of_prefix(&linked, &dirs.cache) {
        Ok(base) if base.python.lib != record.base.python_lib => BaseState::OtherPython(base),
        Ok(base) => BaseState::Here(base),
        Err(error) => BaseState::Unfit(error.to_string()),
    })
}

fn elsewhere(record: &Record, dirs: &Dirs) -> BaseState {
    let bases: Vec<Base> = places(record, dirs)
        .iter()
        .filter(|path| path.exists())
        .filter_map(|path| Base::open(path, &dirs.cache).ok())
        .collect();
    let same = |base: &Base| base.fingerprint.packages == record.base.fingerprint.packages;
    let found = bases.iter().position(same);
    match (found, bases.into_iter().nth(found.unwrap_or(0))) {
        (Some(_), Some(base)) => BaseState::Moved(base),
        (None, Some(base)) => BaseState::Other(base),
        (_, None) => BaseState::Gone,
    }
}

/// Where the base may be: by its known name, by the path that the user named, where it was, and where the catalogue
/// has an image of its name.
fn places(record: &Record, dirs: &Dirs) -> Vec<PathBuf> {
    let names = known::all(dirs).unwrap_or_default();
    let by_name = record.base.name.as_ref().and_then(|name| names.get(name));
    let mut places: Vec<PathBuf> =
        by_name.map(|(entry, _)| entry.path.0.clone()).into_iter().collect();
    places.extend([record.base.path.0.clone(), record.base.prefix.0.clone()]);
    places.extend(record.base.name.iter().flat_map(|name| image::directories(name, dirs)));
    places.extend(names.into_values().map(|(entry, _)| entry.path.0));
    places
}

/// An env's base as its record has it, without looking.
pub(crate) fn as_recorded(record: &Record) -> Base {
    let base = &record.base;
    Base {
        named: base.path.0.clone(),
        prefix: base.prefix.0.clone(),
        kind: base.kind,
        python: Python {
            version: base.python.clone(),
            lib: base.python_lib.clone(),
            executable: base.python_lib.trim_end_matches('t').to_owned(),
            lib64: true,
        },
        fingerprint: base.fingerprint.clone(),
        image: None,
    }
}
