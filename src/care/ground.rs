//! What an env stands on today: where its link leads, and, where that is nowhere, where its base went.

use std::path::{Path, PathBuf};

use crate::base::{Base, Python, known};
use crate::config::Dirs;
use crate::image;
use crate::overlay::plan::BASE_LINK;
use crate::overlay::record::Record;

/// The base of an env, as it was found.
#[derive(Debug)]
pub(crate) enum Ground {
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

/// Looks through the env's own link first, then by the name and the path that the base was asked for by.
pub(crate) fn find(env: &Path, record: &Record, dirs: &Dirs) -> Ground {
    if let Ok(linked) = std::fs::read_link(env.join(BASE_LINK))
        && linked.metadata().is_ok()
    {
        return match Base::open(&linked, &dirs.cache) {
            Ok(base) if base.python.lib != record.base.python_lib => Ground::OtherPython(base),
            Ok(base) => Ground::Here(base),
            Err(error) => Ground::Unfit(error.to_string()),
        };
    }
    let bases: Vec<Base> = places(record, dirs)
        .iter()
        .filter(|path| path.exists())
        .filter_map(|path| Base::open(path, &dirs.cache).ok())
        .collect();
    let same = |base: &Base| base.fingerprint.packages == record.base.fingerprint.packages;
    let found = bases.iter().position(same);
    match (found, bases.into_iter().nth(found.unwrap_or(0))) {
        (Some(_), Some(base)) => Ground::Moved(base),
        (None, Some(base)) => Ground::Other(base),
        (_, None) => Ground::Gone,
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
    }
}
