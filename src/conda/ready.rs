//! A change laid ready in the env's own `.mlenv-txn`, with all that then has to be done as a journal. The env itself is only
//! looked at.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use memchr::memmem;

use super::here::Here;
use super::link::{Coming, Job};
use super::offer::Offer;
use super::record::{self, Deed, Placed, Way};
use super::survey::{self, Ground};
use super::transaction::{self, Journal};
use super::{Change, Place, compile, placement};
use crate::base::conda;
use crate::env::content::BASE_LINK;
use crate::env::threads;
use crate::error::{Attempt, Result};
use crate::foreign::{self, FileKind};
use crate::fs::{How, Root};
use crate::ownership::Judge;
use crate::text::shown;

/// Whether a change concerns what the env shows of its base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// No: nothing of the base has such a name, and no library came or went.
    Apart,
    /// It may: links come back, libraries are pulled up, packages share a directory.
    Joined,
}

/// A change that is being laid ready.
pub(super) struct Ready<'a> {
    pub(super) place: &'a Place<'a>,
    pub(super) change: &'a Change,
    pub(super) here: &'a Here,
    pub(super) env: &'a Root,
    pub(super) new: &'a Root,
}

impl Ready<'_> {
    /// Lays everything ready, and gives what then has to be done. The env itself is only looked at.
    pub(super) fn lay(&self, coming: &[Coming], stop: &AtomicBool) -> Result<(Journal, Reach)> {
        let way = self.way();
        let threads = threads::for_links(self.place.env, None);
        let env = self.place.known_as();
        let job = Job { new: self.new, env, way, threads, stop };
        let mut placed = job.lay(coming)?;
        if !self.change.come.iter().any(|offer| offer.key() == "python") {
            let stage = self.place.env.join(transaction::DIR).join("new");
            let of = coming.iter().zip(&mut placed);
            for (_, placed) in of.filter(|(one, _)| one.offer.facts.is_for_any_python()) {
                compile::compile(&stage, self.place.env, placed);
            }
        }
        let going = self.going()?;
        let owners = self.owners();
        let base = self.place.env.join(BASE_LINK);
        let ground = Ground {
            env: self.env,
            base: &base,
            going: &going,
            owners: &owners,
            here: self.here,
            of_base: OnceCell::new(),
        };
        let targets: Vec<PathBuf> = placed.iter().flatten().map(|one| one.path.clone()).collect();
        let come = survey::pieces(&ground, &targets)?;
        let reach = self.reach(targets.iter().chain(&going));
        let mut go: Vec<PathBuf> = going.into_iter().collect();
        go.sort();
        let journal = Journal { go, come, ..Journal::default() };
        Ok((self.records(coming, (&placed, way), journal)?, reach))
    }

    /// Looks at every file that comes or goes, and at the first directory of each below `site-packages`, which packages
    /// of the base may share.
    fn reach<'p>(&self, files: impl Iterator<Item = &'p PathBuf>) -> Reach {
        let base = self.place.env.join(BASE_LINK);
        let is_library = |file: &Path| {
            let name = file.file_name().unwrap_or_default().as_encoded_bytes();
            memmem::find(name, b".so").is_some() || file.starts_with("lib64")
        };
        // The env may have taken the place of some of them.
        let of_base = conda::packages(&base).unwrap_or_default();
        let of_base: HashSet<&str> = of_base.iter().map(|package| package.name.as_str()).collect();
        let shown = |change: &[Offer]| {
            change.iter().any(|offer| {
                let name = offer.key();
                self.here.of_base.contains(&name) || of_base.contains(offer.facts.name.as_str())
            })
        };
        if shown(&self.change.come) || shown(&self.change.go) {
            return Reach::Joined;
        }
        let mut seen: HashSet<PathBuf> = HashSet::new();
        // Where the base has no such directory, it has none of its files.
        let mut dirs: HashMap<PathBuf, bool> = HashMap::new();
        let mut has = |part: &Path| {
            let dir = base.join(part.parent().unwrap_or(part));
            let is_dir = *dirs.entry(dir).or_insert_with_key(|dir| dir.is_dir());
            is_dir && base.join(part).symlink_metadata().is_ok()
        };
        for file in files {
            let parts: Vec<_> = file.iter().collect();
            let site = parts.iter().position(|part| *part == "site-packages");
            let part: PathBuf = match site {
                Some(at) => parts.iter().take(at + 2).collect(),
                None => file.clone(),
            };
            let is_new = seen.insert(part.clone());
            if is_library(file) || is_new && has(&part) {
                return Reach::Joined;
            }
        }
        Reach::Apart
    }

    /// Where others may write too, everybody's files are their own: a change of one would be one of the cache.
    fn way(&self) -> Way {
        if Judge::new().is_own(self.place.env) { Way::Tied } else { Way::Copied }
    }

    /// The files that go, and what Python made of them.
    fn going(&self) -> Result<HashSet<PathBuf>> {
        let mut going = HashSet::new();
        for offer in &self.change.go {
            for file in offer.files() {
                placement::check(&file).map_err(|error| error.during(shown(&offer.stem())))?;
                going.insert(file);
            }
        }
        let modules: Vec<PathBuf> = going.iter().filter(|file| is_module(file)).cloned().collect();
        let dirs: HashSet<&Path> = modules.iter().filter_map(|file| file.parent()).collect();
        for dir in dirs {
            let cache = dir.join("__pycache__");
            let Ok(made) = self.env.below(&cache).and_then(|dir| dir.list()) else { continue };
            for (name, _) in made {
                let module = name.to_str().and_then(|name| name.split('.').next());
                let source = module.map(|module| dir.join(format!("{module}.py")));
                if source.is_some_and(|source| modules.contains(&source)) {
                    going.insert(cache.join(name));
                }
            }
        }
        Ok(going)
    }

    /// The files of the env's own packages that stay.
    fn owners(&self) -> HashMap<PathBuf, String> {
        let stays = |own: &&Offer| !self.change.go.iter().any(|gone| gone.is_as(own));
        let stay = self.here.own().filter(stays);
        stay.flat_map(|own| own.files().into_iter().map(|file| (file, own.stem()))).collect()
    }

    /// Lays the records and the history ready.
    fn records(
        &self,
        coming: &[Coming],
        (placed, way): (&[Vec<Placed>], Way),
        mut journal: Journal,
    ) -> Result<Journal> {
        for (one, placed) in coming.iter().zip(placed) {
            let name = one.offer.key();
            let asked = |spec: &&String| super::offer::subject(spec) == name;
            let asked: Vec<String> = self.change.specs.iter().filter(asked).cloned().collect();
            let text = record::text(one.offer, placed, (&one.dir, way), &asked)?;
            journal.records_come.push(self.write(record::path(one.offer), &text)?);
        }
        let new: HashSet<String> = self.change.come.iter().map(Offer::key).collect();
        let gone: HashSet<String> = self.change.go.iter().map(Offer::key).collect();
        let old = self
            .here
            .offers
            .iter()
            .filter(|offer| new.contains(&offer.key()) || gone.contains(&offer.key()));
        let old = old.map(record::path).filter(|path| !journal.records_come.contains(path));
        journal.records_go = old.collect();
        let history = PathBuf::from("conda-meta/history");
        let before = foreign::read(self.place.env.join(&history), FileKind::PackageData);
        let before = String::from_utf8_lossy(&before.unwrap_or_default()).into_owned();
        let text = record::history(&before, &self.deed());
        journal.records_come.push(self.write(history, text.as_bytes())?);
        Ok(journal)
    }

    fn write(&self, path: PathBuf, text: &[u8]) -> Result<PathBuf> {
        let dir = path.parent().unwrap_or(Path::new(""));
        let done = self.new.make_dirs(dir).and_then(|_| self.new.write_new(&path, text, How::DATA));
        done.attempt("write", &self.place.env.join(&path))?;
        Ok(path)
    }

    fn deed(&self) -> Deed<'_> {
        let dists = |offers: &[Offer]| offers.iter().map(Offer::dist).collect();
        let comes = !self.change.come.is_empty();
        Deed {
            time: jiff::Timestamp::now().strftime("%F %T").to_string(),
            command: if comes { "mlenv install" } else { "mlenv uninstall" },
            come: dists(&self.change.come),
            go: dists(&self.change.go),
            verb: if comes { "update" } else { "remove" },
            specs: &self.change.specs,
        }
    }
}

fn is_module(file: &Path) -> bool {
    file.extension().is_some_and(|end| end == "py")
}
