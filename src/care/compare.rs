//! Compares what an env should hold with what it holds, directory by directory.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::{AtFlags, Mode, OFlags, open, statat};
use rustix::io::Errno;

use super::change::{Change, Over};
use super::conda;
use super::facts::Facts;
use super::sight::{Seen, Thing};
use crate::error::{Attempt, Result};
use crate::overlay::plan::{Dir, File, Link, base_of};
use crate::overlay::{conda_records, script, threads};
use crate::parallel;

/// How much the clocks of two machines may differ; Kerberos allows five minutes.
const SKEW: Duration = Duration::from_secs(15 * 60);

const DIRECTORY: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// What differs.
#[derive(Debug, Default)]
pub(crate) struct Differences {
    /// What should be there and is not.
    pub(crate) missing: Vec<Change>,
    /// Links of ours that lead nowhere, and that nothing takes the place of.
    pub(crate) dangling: Vec<Change>,
    /// Links of ours that lead nowhere and should lead elsewhere.
    pub(crate) astray: Vec<Change>,
    /// What lies where a directory should be.
    pub(crate) in_the_way: Vec<PathBuf>,
}

impl Differences {
    fn append(&mut self, mut other: Self) {
        self.missing.append(&mut other.missing);
        self.dangling.append(&mut other.dangling);
        self.astray.append(&mut other.astray);
    }

    /// All changes that bring the env to what it should be.
    pub(crate) fn changes(self) -> Vec<Change> {
        [self.missing, self.dangling, self.astray].concat()
    }
}

/// Compares env and plan. Directories of the base that changed since the env was made are read, so that a file
/// that went without any package being changed is seen; no link is followed but the few that are not usual.
pub(crate) fn compare(facts: &Facts, base: &Path) -> Result<Differences> {
    let taken = conda::replaced(&facts.plan, &facts.own, base);
    let planned = facts.plan.dirs.keys();
    let extra = facts.sight.dirs.keys().filter(|dir| !facts.plan.dirs.contains_key(*dir));
    let dirs: Vec<&OsString> = planned.chain(extra).collect();
    let mut found = Differences { in_the_way: in_the_way(facts), ..Differences::default() };
    let since = (facts.made() - SKEW).duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let since = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
    let root = open(base, DIRECTORY, Mode::empty()).attempt("open the base", base)?;
    let parts = parallel::map(threads::for_cpu(), dirs.len(), |at| {
        let path = Path::new(dirs[at]);
        let hidden = |dir: &Path| found.in_the_way.iter().any(|other| dir.starts_with(other));
        let closed = facts.sight.closed.iter().any(|other| path.starts_with(other));
        if closed || hidden(path) {
            return Ok(Differences::default());
        }
        let usual = base_of(path.as_os_str());
        Ok(Room { facts, base, root: &root, taken: &taken, path, since, usual }.compare())
    })?;
    for part in parts {
        found.append(part);
    }
    // Had it gone while we looked, every link would seem to lead nowhere.
    base.metadata().attempt("look at the base", base)?;
    Ok(found)
}

/// The topmost entries that should be directories and are not.
fn in_the_way(facts: &Facts) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    for dir in facts.plan.dirs.keys().map(Path::new) {
        let (Some(parent), Some(name)) = (dir.parent(), dir.file_name()) else { continue };
        let thing = facts.sight.thing(parent.as_os_str(), name);
        if thing.is_some_and(|thing| *thing != Thing::Dir) {
            found.push(dir.to_owned());
        }
    }
    found
}

/// One directory.
struct Room<'a> {
    facts: &'a Facts<'a>,
    base: &'a Path,
    /// The same, opened: looking at its directories one by one from there is the cheaper half of a path.
    root: &'a OwnedFd,
    /// What the env's own packages took the place of.
    taken: &'a HashSet<PathBuf>,
    path: &'a Path,
    /// When all of the base was as the plan says, in seconds since 1970.
    since: i64,
    /// How links of this directory begin that lead to the same directory of the base.
    usual: OsString,
}

impl Room<'_> {
    fn compare(&self) -> Differences {
        let mut found = Differences::default();
        let nothing = (Dir::default(), Seen::default());
        let planned = self.facts.plan.dirs.get(self.path.as_os_str()).unwrap_or(&nothing.0);
        let seen = self.facts.sight.dirs.get(self.path.as_os_str()).unwrap_or(&nothing.1);
        let there = if planned.links.is_empty() { None } else { self.names_in_base() };
        for link in &planned.links {
            self.link(link, seen.things.get(&link.name), there.as_ref(), &mut found);
        }
        for file in planned.files.iter().filter(|file| !seen.things.contains_key(&file.name)) {
            self.lacks_file(file, &mut found);
        }
        self.unplanned(planned, seen, &mut found);
        found
    }

    /// The names in the base's directory, where that changed since the env was made: the plan knows the others.
    /// None where it cannot be read: what may only be out of reach is not called gone.
    fn names_in_base(&self) -> Option<HashSet<OsString>> {
        let here = if self.path.as_os_str().is_empty() { Path::new(".") } else { self.path };
        match statat(self.root, here, AtFlags::empty()) {
            Ok(meta) if meta.st_mtime < self.since => return None,
            Err(cause) if cause != Errno::NOENT => return None,
            _ => {}
        }
        match std::fs::read_dir(self.base.join(self.path)) {
            Ok(entries) => entries.map(|entry| Some(entry.ok()?.file_name())).collect(),
            Err(cause) if cause.kind() == ErrorKind::NotFound => Some(HashSet::new()),
            Err(_) => None,
        }
    }

    fn link(
        &self,
        link: &Link,
        thing: Option<&Thing>,
        there: Option<&HashSet<OsString>>,
        found: &mut Differences,
    ) {
        let usual = self.is_usual(&link.target, &link.name);
        let is_gone = usual && there.is_some_and(|there| !there.contains(&link.name));
        match thing {
            None if !is_gone => {
                let path = self.path.join(&link.name);
                if !self.taken.contains(&path) {
                    let target = link.target.clone();
                    found.missing.push(Change::Link { path, target, over: Over::Nothing });
                }
            }
            // A link at a usual place leads to the same place in the base, or is the user's.
            Some(Thing::Link) if is_gone || !usual => self.astray(link, is_gone, found),
            _ => {}
        }
    }

    /// A link of ours that leads nowhere: another text may mend it.
    fn astray(&self, link: &Link, is_gone: bool, found: &mut Differences) {
        let path = self.path.join(&link.name);
        if !self.leads_nowhere(&path) {
            return;
        }
        match self.text_if_ours(&path) {
            Some(text) if text == link.target || is_gone => {
                found.dangling.push(Change::Remove(path));
            }
            Some(_) => {
                let target = link.target.clone();
                found.astray.push(Change::Link { path, target, over: Over::Seen });
            }
            None => {}
        }
    }

    fn lacks_file(&self, file: &File, found: &mut Differences) {
        let path = self.path.join(&file.name);
        if !self.taken.contains(&path) {
            let bytes = script::settle(&file.bytes, &self.facts.place);
            found.missing.push(Change::File {
                path,
                bytes: bytes.into_owned(),
                mode: file.mode,
                over: Over::Nothing,
            });
        }
    }

    /// Links of ours that no plan knows any more: gone with their target.
    fn unplanned(&self, planned: &Dir, seen: &Seen, found: &mut Differences) {
        if self.path == Path::new("conda-meta") {
            self.stale_records(planned, seen, found);
        }
        let links = seen.things.values().filter(|thing| **thing == Thing::Link).count();
        let known = |name: &OsStr| seen.things.get(name) == Some(&Thing::Link);
        if planned.links.iter().filter(|link| known(&link.name)).count() == links {
            return;
        }
        let known: HashSet<&OsStr> =
            planned.links.iter().map(|link| link.name.as_os_str()).collect();
        let links = seen.things.iter().filter(|(_, thing)| **thing == Thing::Link);
        for (name, _) in links.filter(|(name, _)| !known.contains(name.as_os_str())) {
            let path = self.path.join(name);
            if self.text_if_ours(&path).is_some() && self.leads_nowhere(&path) {
                found.dangling.push(Change::Remove(path));
            }
        }
    }

    /// Copies of records that the base no longer has.
    fn stale_records(&self, planned: &Dir, seen: &Seen, found: &mut Differences) {
        let names = planned.links.iter().map(|link| &link.name);
        let known: HashSet<&OsString> =
            names.chain(planned.files.iter().map(|file| &file.name)).collect();
        let files = seen.things.iter().filter(|(_, thing)| **thing == Thing::File);
        for (name, _) in files.filter(|(name, _)| !known.contains(name)) {
            let path = self.path.join(name);
            if conda_records::is_of_base(&self.facts.env.join(&path)) {
                found.dangling.push(Change::Remove(path));
            }
        }
    }

    /// True for a link that leads to the file of the same path in the base.
    fn is_usual(&self, target: &OsStr, name: &OsStr) -> bool {
        let name_in = target.as_bytes().strip_prefix(self.usual.as_bytes());
        name_in.is_some_and(|rest| rest == name.as_bytes())
    }

    /// A link's text, where that climbs to the env's top and goes through its link to the base, which nobody else
    /// writes.
    fn text_if_ours(&self, path: &Path) -> Option<OsString> {
        let text = std::fs::read_link(self.facts.env.join(path)).ok()?.into_os_string();
        let climb = self.usual.len() - base_of_rest(self.path);
        text.as_bytes().starts_with(&self.usual.as_bytes()[..climb]).then_some(text)
    }

    fn leads_nowhere(&self, path: &Path) -> bool {
        let kind = self.facts.env.join(path).metadata().map_err(|cause| cause.kind());
        matches!(kind, Err(ErrorKind::NotFound | ErrorKind::NotADirectory))
    }
}

/// How many bytes of a directory's link text come behind `baseEnv_dir/`.
fn base_of_rest(dir: &Path) -> usize {
    let length = dir.as_os_str().len();
    if length == 0 { 0 } else { length + 1 }
}
