//! Reads the files of a base, each once, side by side: what should be another, and what still names the build path.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use walkdir::{DirEntry, WalkDir};

use super::audience::Audience;
use super::built;
use super::edit::Edit;
use super::file::{Form, Scanner, Seen};
use super::finding::BaseFault;
use crate::error::{Error, Result};
use crate::fs;
use crate::parallel;
use crate::text::PathText;

/// A temporary file that is older than this was left behind.
const OLD: Duration = Duration::from_secs(60);

/// What was seen.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// Where the base was built.
    pub(crate) built: PathBuf,
    /// How many files were looked at.
    pub(crate) files: usize,
    /// What should be changed.
    pub(crate) edits: Vec<(BaseFault, Edit)>,
    /// What should be and cannot, and why.
    pub(crate) odd: Vec<(BaseFault, PathBuf, &'static str)>,
    /// Files that name the build path all the same.
    pub(crate) holding: Vec<Holding>,
    /// Temporary files of a process that was killed.
    pub(crate) leftovers: Vec<PathBuf>,
    /// What could not be read here, or cannot be by others who may enter the base.
    pub(crate) unreadable: BTreeSet<PathBuf>,
    /// How many of the files to be changed have other names, which keep the old text.
    pub(crate) linked: usize,
}

/// A file that names the build path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Holding {
    /// Relative to the base.
    pub(crate) path: PathText,
    /// How it does.
    pub(crate) form: Form,
}

/// Looks at the base at `prefix`, which was asked for as `named`. `built` is where it was built, if the user says so.
pub(crate) fn scan(prefix: &Path, named: &Path, built: Option<PathBuf>) -> Result<Scan> {
    let built = built.unwrap_or_else(|| built::find(prefix));
    let homes: BTreeSet<&Path> = [&built, prefix, named].into_iter().collect();
    let homes: Vec<&Path> = homes.into_iter().collect();
    let mut found = Scan { built: built.clone(), ..Scan::default() };
    let audience = Audience::of(prefix)?;
    found.unreadable.extend(audience.closed_records(prefix));
    let mut paths = Vec::new();
    for entry in WalkDir::new(prefix).min_depth(1).into_iter().filter_entry(is_looked_into) {
        match entry {
            Ok(entry) if is_leftover(&entry) => {
                found.leftovers.extend(inside(prefix, entry.path()));
            }
            Ok(entry) if fs::is_temporary(entry.file_name()) => {} // somebody is at it
            Ok(entry) => {
                let path = inside(prefix, entry.path());
                if audience.is_shut_out_of(&entry) {
                    found.unreadable.extend(path.clone());
                }
                paths.extend(path.filter(|_| entry.file_type().is_file()));
            }
            Err(cause) if cause.depth() == 0 => Err(Error::io("read", prefix, &cause.into()))?,
            Err(cause) => {
                found.unreadable.extend(cause.path().and_then(|path| inside(prefix, path)));
            }
        }
    }
    paths.sort();
    let scanner = Scanner::new(prefix, &homes);
    let seen = parallel::map(parallel::for_cpu(), paths.len(), |at| Ok(scanner.scan(&paths[at])))?;
    found.files = paths.len();
    for (path, seen) in paths.into_iter().zip(seen) {
        found.add(path, seen);
    }
    Ok(found)
}

impl Scan {
    fn add(&mut self, path: PathBuf, seen: std::io::Result<Seen>) {
        let Ok(seen) = seen else {
            self.unreadable.insert(path);
            return;
        };
        self.linked += usize::from(seen.edit.is_some() && seen.has_links);
        self.edits.extend(seen.edit);
        self.odd.extend(seen.odd.map(|(kind, why)| (kind, path.clone(), why)));
        self.holding.extend(seen.holds.map(|form| Holding { path: PathText(path), form }));
    }
}

fn inside(prefix: &Path, path: &Path) -> Option<PathBuf> {
    path.strip_prefix(prefix).ok().map(Path::to_owned)
}

/// Not package caches and other envs, which are not part of the base; not records, whose paths are conda's own; not
/// compiled Python, where a path is for error messages only; not what mlenv itself keeps there.
fn is_looked_into(entry: &DirEntry) -> bool {
    let name = entry.file_name().as_bytes();
    let at_top = entry.depth() == 1;
    let apart = at_top && [&b"pkgs"[..], b"envs", b"conda-meta"].contains(&name);
    let ours = at_top && (name.starts_with(b"mlenv-") || name == b"newEnv-base.tgz");
    !apart && !ours && name != b"__pycache__" && !name.ends_with(b".pyc")
}

fn is_leftover(entry: &DirEntry) -> bool {
    let is_ours = entry.file_name().as_bytes().starts_with(b".mlenv-");
    let age = || entry.metadata().ok()?.modified().ok()?.elapsed().ok();
    let is_old = || age().is_some_and(|age| age > OLD);
    is_ours && entry.file_type().is_file() && (fs::is_left(entry.path()) || is_old())
}
