//! Findings on the env's own directory: permissions, what a killed process left, what is in the way.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::change::Change;
use super::facts::Facts;
use super::finding::{EnvFault, Finding};
use super::repair::TEMPORARY;
use super::snapshot::Thing;
use crate::env::leftover;
use crate::fs;
use crate::hint::command;
use crate::text::Shown;
use crate::text::count;

/// A temporary file lives for milliseconds; one that is older was left behind.
const OLD: Duration = Duration::from_secs(60);

/// Directories that the owner cannot use, and programs that nobody can run.
pub(crate) fn permissions(facts: &Facts, programs: &[PathBuf]) -> Option<Finding> {
    let shut = facts.snapshot.dirs.iter().filter(|(_, seen)| seen.mode & 0o700 != 0o700);
    let mut paths: Vec<PathBuf> = shut.map(|(dir, _)| PathBuf::from(dir)).collect();
    paths.extend(facts.snapshot.closed.iter().map(PathBuf::from));
    paths.extend(programs.iter().cloned());
    if paths.is_empty() {
        return None;
    }
    let what = format!(
        "{} may not be used by the owner",
        count(paths.len(), "directory or program", "directories or programs")
    );
    let breaks = "nothing can be installed there, or the program does not start";
    let items = paths.iter().map(|path| shown(path)).collect();
    let changes: Vec<Change> = paths.into_iter().map(Change::Open).collect();
    Some(Finding::mended(EnvFault::Permissions, what, breaks, changes).about(items))
}

/// Directories of somebody else, as after an installation by root.
pub(crate) fn owners(facts: &Facts) -> Option<Finding> {
    let owner = facts.snapshot.dirs.get(OsStr::new(""))?.owner;
    let others = facts.snapshot.dirs.iter().filter(|(_, seen)| seen.owner != owner);
    let paths: Vec<&Path> = others.map(|(dir, _)| Path::new(dir)).collect();
    (!paths.is_empty()).then(|| {
        let what = format!(
            "{} to somebody other than the env's owner",
            count(paths.len(), "directory belongs", "directories belong")
        );
        let breaks = "the env's owner cannot install or remove anything there";
        let cure =
            format!("as root {}", command("chown -R -h {} {}", &[&owner.to_string(), &facts.env]));
        let items = paths.into_iter().map(shown).collect();
        Finding::told(EnvFault::OtherOwner, what, breaks, cure).about(items)
    })
}

/// Temporary files of a process that was killed.
pub(crate) fn leftovers(facts: &Facts) -> Option<Finding> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for (dir, seen) in &facts.snapshot.dirs {
        let temporary = seen.things.iter().filter(|(name, thing)| {
            name.as_bytes().starts_with(TEMPORARY.as_bytes())
                && matches!(thing, Thing::File | Thing::Link)
        });
        paths.extend(temporary.map(|(name, _)| Path::new(dir).join(name)));
    }
    let is_left = |path: &Path| fs::is_left(path) || is_old(path);
    paths.retain(|path| path.as_os_str() == leftover::MARK || is_left(&facts.env.join(path)));
    if paths.is_empty() {
        return None;
    }
    let what = format!(
        "a process that was killed left {}",
        count(paths.len(), "temporary file", "temporary files")
    );
    let items = paths.iter().map(|path| shown(path)).collect();
    let changes: Vec<Change> = paths.into_iter().map(Change::Remove).collect();
    Some(
        Finding::mended(EnvFault::Leftovers, what, "nothing; they take space", changes)
            .about(items),
    )
}

fn is_old(path: &Path) -> bool {
    let changed = path.symlink_metadata().and_then(|meta| meta.modified());
    changed.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > OLD))
}

/// Halves of envs beside this one.
pub(crate) fn stages(facts: &Facts) -> Option<Finding> {
    let left = leftover::leftovers(facts.env.parent()?);
    (!left.is_empty()).then(|| {
        let what = format!(
            "a process that was killed left {} beside the env",
            count(left.len(), "unfinished env", "unfinished envs")
        );
        let items = left.iter().map(|path| shown(path)).collect();
        Finding::told(EnvFault::Stages, what, "nothing; they take space and files", "`mlenv prune`")
            .about(items)
    })
}

/// Something else where a directory should be.
pub(crate) fn in_the_way(facts: &Facts, paths: &[PathBuf]) -> Option<Finding> {
    (!paths.is_empty()).then(|| {
        let what = format!(
            "something else lies where the env has {}",
            count(paths.len(), "a directory", "directories").replace("1 a", "a")
        );
        let items = paths.iter().map(|path| shown(path)).collect();
        let breaks = "files of the base that belong below them cannot be seen";
        let fix = command("mlenv doctor --fix {}", &[&facts.env]);
        let cure = format!("move them away, then run {fix}");
        Finding::told(EnvFault::InTheWay, what, breaks, cure).about(items)
    })
}

/// A path relative to the env; the env itself is `.`.
pub(crate) fn shown(path: &Path) -> String {
    if path.as_os_str().is_empty() { ".".to_owned() } else { Shown(path).to_string() }
}
