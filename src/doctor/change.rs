//! What is to be changed in an env, as data. Paths are relative to the env.

use crate::base::conda::Package;
use crate::text::Shown;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::mixed::pulled;
use crate::env::content::{BASE_LINK, FileMode};
use crate::env::record;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Let the owner read, write and enter a directory.
    Open(PathBuf),
    /// A link.
    Link {
        /// Where.
        path: PathBuf,
        /// What it says.
        target: OsString,
        /// What may lie there.
        over: Over,
    },
    /// A real file.
    File {
        /// Where.
        path: PathBuf,
        /// What is in it.
        bytes: Vec<u8>,
        /// Whether it may be run.
        mode: FileMode,
        /// What may lie there.
        over: Over,
    },
    /// A copy of a file of the base, with its time, in place of what was seen there.
    Copy {
        /// Where.
        path: PathBuf,
        /// The base's file.
        from: PathBuf,
    },
    /// Take a link or a file of ours away.
    Remove(PathBuf),
    /// Take a directory away, if it is empty.
    RemoveDir(PathBuf),
}

/// What a change may replace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    /// Nothing: what appeared there meanwhile stays.
    Nothing,
    /// What was seen there, in one step.
    Seen,
}

impl Change {
    /// Puts changes into the order in which a death at any moment does the least harm: what makes the env another
    /// comes last, and `pyvenv.cfg` before the link to the base, since a Python whose `home` is right but whose
    /// link dangles does not start, while one with a wrong `home` runs on another standard library.
    pub(crate) fn turn(&self) -> u8 {
        let is = |path: &PathBuf, name: &str| path.as_os_str() == name;
        match self {
            Self::Open(_) => 0,
            // What is pulled up is named before it is there, and until it is gone.
            Self::File { path, .. } if is(path, pulled::FILE) => 0,
            Self::Remove(path) if is(path, pulled::FILE) => 3,
            Self::File { path, .. } if is(path, record::FILE) => 7,
            // The interpreter, the one absolute link but for that to the base: what it needs is there before it.
            Self::Link { path, target, .. }
                if path.starts_with("bin") && Path::new(target).is_absolute() =>
            {
                6
            }
            Self::Link { path, .. } if is(path, BASE_LINK) => 5,
            Self::File { path, .. } if is(path, "pyvenv.cfg") => 4,
            Self::Link { .. } | Self::File { .. } | Self::Copy { .. } => 1,
            Self::Remove(_) => 2,
            Self::RemoveDir(_) => 3,
        }
    }

    /// What it is about.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Open(path)
            | Self::Remove(path)
            | Self::RemoveDir(path)
            | Self::Link { path, .. }
            | Self::Copy { path, .. }
            | Self::File { path, .. } => path,
        }
    }

    /// A file of ours that takes the place of the one there.
    pub(crate) fn rewrite(path: impl Into<PathBuf>, bytes: Vec<u8>) -> Self {
        Self::File { path: path.into(), bytes, mode: FileMode::Data, over: Over::Seen }
    }
}

/// The packages whose records are among changes.
pub(crate) fn packages(changes: &[Change]) -> Vec<Package> {
    let records = paths(changes).filter(|path| path.starts_with("conda-meta"));
    records.filter_map(|path| Package::from_record_name(path.file_name()?.to_str()?)).collect()
}

/// What changes are about, for people.
pub(crate) fn items(changes: &[Change]) -> Vec<String> {
    paths(changes).map(|path| Shown(path).to_string()).collect()
}

fn paths(changes: &[Change]) -> impl Iterator<Item = &Path> {
    changes.iter().map(Change::path)
}
