//! Compares what an env should hold with what it holds, directory by directory.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::io::Errno;

use super::anchor::Anchor;
use super::change::{Change, Over};
use super::conda;
use super::facts::Facts;
use super::snapshot::{Seen, Thing};
use crate::base::Base;
use crate::base::conda::is_of_base;
use crate::env::content::{Dir, File, Link, base_of};
use crate::env::{owned, script};
use crate::error::Result;
use crate::parallel;

/// How much the clocks of two machines may differ; Kerberos allows five minutes.
const SKEW: Duration = Duration::from_secs(15 * 60);

/// Fewer links than this may well go at once.
const FEW: usize = 8;

/// What differs.
#[derive(Debug, Default)]
pub(crate) struct Differences {
    /// What should be there and is not.
    pub(crate) missing: Vec<Change>,
    /// Links of ours that lead nowhere, and that nothing takes the place of.
    pub(crate) dangling: Vec<Change>,
    /// Links of ours that lead nowhere and should lead elsewhere.
    pub(crate) astray: Vec<Change>,
    /// Links of ours to programs of the base that no record names.
    pub(crate) unowned: Vec<Change>,
    /// Links to programs and kernels of the base that should be files: through them the base's Python starts.
    pub(crate) linked: Vec<Change>,
    /// What lies where a directory should be.
    pub(crate) in_the_way: Vec<PathBuf>,
    /// Directories of the base that hold nothing of what its packages have there.
    pub(crate) vacant: Vec<PathBuf>,
    /// How many links, and records of the base's, the env has.
    pub(crate) all: usize,
}

impl Differences {
    fn append(&mut self, mut other: Self) {
        self.missing.append(&mut other.missing);
        self.dangling.append(&mut other.dangling);
        self.astray.append(&mut other.astray);
        self.linked.append(&mut other.linked);
        self.vacant.append(&mut other.vacant);
        self.unowned.append(&mut other.unowned);
    }

    /// What a process that mends would take away.
    pub(crate) fn gone(&self) -> usize {
        self.dangling.len() + self.astray.len()
    }

    /// True where the base looks as if it were gone for a moment, or only partly there: a directory of it is empty, or
    /// most of what the env has of it leads nowhere. Then nothing is mended.
    pub(crate) fn is_of_a_base_that_is_away(&self) -> bool {
        !self.vacant.is_empty() || (self.gone() >= FEW && self.gone() * 2 > self.all)
    }

    /// All changes that bring the env to what it should be.
    pub(crate) fn changes(self) -> Vec<Change> {
        [self.missing, self.dangling, self.astray, self.linked].concat()
    }
}

/// Compares env and plan. Directories of the base that changed since the env was made are read, so that a file
/// that went without any package being changed is seen; no link is followed but the few that are not usual.
pub(crate) fn compare(facts: &Facts, base: &Base) -> Result<Differences> {
    let anchor = Anchor::new(base)?;
    let taken = conda::replaced(&facts.plan, &facts.own, &base.prefix);
    let planned = facts.plan.dirs.keys();
    let extra = facts.snapshot.dirs.keys().filter(|dir| !facts.plan.dirs.contains_key(*dir));
    let dirs: Vec<&OsString> = planned.chain(extra).collect();
    let mut found =
        Differences { in_the_way: in_the_way(facts), all: all(facts), ..Differences::default() };
    let since = (facts.made() - SKEW).duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let since = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
    let parts = parallel::map(parallel::for_cpu(), dirs.len(), |at| {
        let path = Path::new(dirs[at]);
        let hidden = |dir: &Path| found.in_the_way.iter().any(|other| dir.starts_with(other));
        let closed = facts.snapshot.closed.iter().any(|other| path.starts_with(other));
        if closed || hidden(path) {
            return Ok(Differences::default());
        }
        let usual = base_of(path.as_os_str());
        Ok(Room { facts, anchor: &anchor, taken: &taken, path, since, usual }.compare())
    })?;
    for part in parts {
        found.append(part);
    }
    // Had it gone while we looked, every link would seem to lead nowhere.
    anchor.check()?;
    Ok(found)
}

/// How much an env holds that leads to its base: links, and the files beside its own records.
fn all(facts: &Facts) -> usize {
    let is_link = |thing: &&Thing| **thing == Thing::Link;
    let links = |seen: &Seen| seen.things.values().filter(is_link).count();
    let records = facts.snapshot.things("conda-meta").filter(|(_, thing)| **thing == Thing::File);
    facts.snapshot.dirs.values().map(links).sum::<usize>() + records.count()
}

/// The topmost entries that should be directories and are not.
fn in_the_way(facts: &Facts) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    for dir in facts.plan.dirs.keys().map(Path::new) {
        let (Some(parent), Some(name)) = (dir.parent(), dir.file_name()) else { continue };
        let thing = facts.snapshot.thing(parent.as_os_str(), name);
        if thing.is_some_and(|thing| *thing != Thing::Dir) {
            found.push(dir.to_owned());
        }
    }
    found
}

/// One directory.
struct Room<'a> {
    facts: &'a Facts<'a>,
    anchor: &'a Anchor<'a>,
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
        let seen = self.facts.snapshot.dirs.get(self.path.as_os_str()).unwrap_or(&nothing.1);
        let there = if planned.links.is_empty() { None } else { self.names_in_base() };
        if there.as_ref().is_some_and(HashSet::is_empty) {
            found.vacant.push(self.path.to_owned());
        }
        for link in &planned.links {
            self.link(link, seen.things.get(&link.name), there.as_ref(), &mut found);
        }
        for file in &planned.files {
            match seen.things.get(&file.name) {
                None => found.missing.extend(self.file(file, Over::Nothing)),
                Some(Thing::Link) if self.text_if_ours(&self.path.join(&file.name)).is_some() => {
                    found.linked.extend(self.file(file, Over::Seen));
                }
                Some(_) => {}
            }
        }
        self.unplanned(planned, seen, &mut found);
        found
    }

    /// The names in the base's directory, where that changed since the env was made: the plan knows the others.
    /// None where it cannot be read: what may only be out of reach is not called gone.
    fn names_in_base(&self) -> Option<HashSet<OsString>> {
        match self.anchor.changed(self.path) {
            Ok(time) if time < self.since => None,
            Err(cause) if cause != Errno::NOENT => None,
            _ => self.anchor.names(self.path),
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
        match self.text_if_ours(&path).filter(|text| self.leads_nowhere(text)) {
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

    /// A file of the plan, unless a package of the env's own took its place.
    fn file(&self, file: &File, over: Over) -> Option<Change> {
        let path = self.path.join(&file.name);
        (!self.taken.contains(&path)).then(|| Change::File {
            path,
            bytes: script::settle(&file.bytes, &self.facts.place).into_owned(),
            mode: file.mode,
            over,
        })
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
        let planned_files = planned.files.iter().map(|file| file.name.as_os_str()); // judged with the plan
        let known: HashSet<&OsStr> =
            planned.links.iter().map(|link| link.name.as_os_str()).chain(planned_files).collect();
        let links = seen.things.iter().filter(|(_, thing)| **thing == Thing::Link);
        for (name, _) in links.filter(|(name, _)| !known.contains(name.as_os_str())) {
            let path = self.path.join(name);
            match self.text_if_ours(&path).map(|text| self.leads_nowhere(&text)) {
                Some(true) => found.dangling.push(Change::Remove(path)),
                Some(false) if self.is_of_conda_programs() => {
                    found.unowned.push(Change::Remove(path));
                }
                _ => {}
            }
        }
    }

    fn is_of_conda_programs(&self) -> bool {
        let shows_records = self.facts.plan.dirs.contains_key(OsStr::new("conda-meta"));
        shows_records && owned::is_of_programs(self.path)
    }

    /// Copies of records that the base no longer has.
    fn stale_records(&self, planned: &Dir, seen: &Seen, found: &mut Differences) {
        let names = planned.links.iter().map(|link| &link.name);
        let known: HashSet<&OsString> =
            names.chain(planned.files.iter().map(|file| &file.name)).collect();
        let files = seen.things.iter().filter(|(_, thing)| **thing == Thing::File);
        for (name, _) in files.filter(|(name, _)| !known.contains(name)) {
            let path = self.path.join(name);
            if is_of_base(&self.facts.env.join(&path)) {
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

    /// True where a link of ours leads to nothing in the base.
    fn leads_nowhere(&self, text: &OsStr) -> bool {
        let climb = self.usual.len() - base_of_rest(self.path);
        self.anchor.lacks(OsStr::from_bytes(&text.as_bytes()[climb..]))
    }
}

/// How many bytes of a directory's link text come behind `baseEnv_dir/`.
fn base_of_rest(dir: &Path) -> usize {
    let length = dir.as_os_str().len();
    if length == 0 { 0 } else { length + 1 }
}
