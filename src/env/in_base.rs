//! No link of an env leads to a directory of the base: whoever wrote through it would write there. What an archive's
//! links lead to only the base itself can tell.

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs::DirEntry;
use std::path::Path;

use super::check::{self, Odd, is_usual};
use super::content::{Content, Dir, Link, base_of};
use crate::error::Result;
use crate::parallel;

/// Refuses a checked plan with a link to a directory of the base at `prefix`. What is not there is no directory.
pub(crate) fn check_dirs(plan: &Content, prefix: &Path, threads: usize) -> Result<()> {
    let why = "is a directory of the base";
    for Odd { dir, link, to } in check::odd_ends(plan)? {
        if prefix.join(to).is_dir() {
            return Err(check::refused(dir, link, why));
        }
    }
    match usual_dirs(plan, prefix, threads)?.iter().next() {
        Some((dir, link)) => Err(check::refused(dir, link, why)),
        None => Ok(()),
    }
}

/// The links that lead to their own place in the base by the usual text, where that is a directory.
///
/// Each of the base's directories is read once: to ask for the kind of every file takes a multiple of that, and on a
/// network an answer each.
pub(crate) fn usual_dirs<'a>(
    plan: &'a Content,
    prefix: &Path,
    threads: usize,
) -> Result<HashSet<(&'a OsStr, &'a Link)>> {
    let dirs: Vec<_> = plan.dirs.iter().filter(|(_, dir)| !dir.links.is_empty()).collect();
    let found = parallel::map(threads, dirs.len(), |at| Ok(in_dir(dirs[at], prefix)))?;
    Ok(found.into_iter().flatten().collect())
}

fn in_dir<'a>((path, dir): (&'a OsString, &'a Dir), prefix: &Path) -> Vec<(&'a OsStr, &'a Link)> {
    let usual = base_of(path);
    let links = dir.links.iter().filter(|link| is_usual(link, &usual));
    let by_name: HashMap<&OsStr, &Link> = links.map(|link| (link.name.as_os_str(), link)).collect();
    let entries = prefix.join(path).read_dir().into_iter().flatten().flatten();
    let is_dir = |entry: &DirEntry| match entry.file_type() {
        Ok(kind) => kind.is_dir() || (kind.is_symlink() && entry.path().is_dir()),
        Err(_) => false,
    };
    let hit =
        |entry: DirEntry| by_name.get(&*entry.file_name()).copied().filter(|_| is_dir(&entry));
    entries.filter_map(hit).map(|link| (path.as_os_str(), link)).collect()
}
