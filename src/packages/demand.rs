//! What is asked for of an env by files, and what of it is lacking there.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use super::asked;
use super::explicit::{self, Listed};
use super::opened::Opened;
use super::pip::Ask;
use super::served::serves_spec;
use crate::base::conda::Package;
use crate::base::installed::Manager;
use crate::context::Context;
use crate::env::requests::{Requests, Side};
use crate::error::Result;
use crate::specs::condition::{self, World};
use crate::specs::need::Need;
use crate::specs::{key, name_of};

/// What is to be there, by who puts it there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Demand {
    /// Channels besides those of the user's settings.
    pub(crate) channels: Vec<String>,
    /// conda's specs.
    pub(crate) conda: Vec<String>,
    /// Archives of conda's that a lock names.
    pub(crate) archives: Vec<Listed>,
    /// pip's requirements, and `-e` with a place.
    pub(crate) pip: Vec<String>,
    /// Files of requirements.
    pub(crate) files: Vec<PathBuf>,
    /// Versions of a lock for what the base has: they count only where the base's will not do.
    pub(crate) kept: Vec<String>,
    /// Variables that the env is to set while it is active.
    pub(crate) variables: Vec<(String, String)>,
}

/// How it is installed.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "the verbs' flags, each on its own")]
pub(crate) struct Means<'a> {
    /// The conda client; none leaves that to the settings.
    pub(crate) client: Option<&'a OsStr>,
    /// Whether newer versions are wanted of what is there.
    pub(crate) upgrade: bool,
    /// Whether one report is to tell of all that would be done.
    pub(crate) json: bool,
    /// Further arguments for pip.
    pub(crate) rest: &'a [OsString],
    /// Nothing of the base may be shadowed.
    pub(crate) frozen_base: bool,
    /// Python's files are not compiled: somebody does that later, for another place.
    pub(crate) uncompiled: bool,
    /// Packages of the base that would not fit any more are named, not brought along.
    pub(crate) no_repair: bool,
}

impl Demand {
    /// What conda's side has to be asked for.
    pub(crate) fn lacking_conda(&self, site: &Opened) -> Vec<String> {
        let there = || site.own.iter().chain(&site.below).filter(|one| one.by == Manager::Conda);
        let lacks = |spec: &&String| !there().any(|package| serves_spec(package, spec));
        self.conda.iter().filter(lacks).cloned().collect()
    }

    /// Archives of a lock that are not there just so.
    pub(crate) fn lacking_archives(&self, site: &Opened) -> Vec<Listed> {
        let is_there = |one: &Listed| one.is_among(&site.own) || one.is_among(&site.below);
        self.archives.iter().filter(|one| !is_there(one)).cloned().collect()
    }

    /// Packages of the base that the env is to have in another version, by their names.
    pub(crate) fn shadowing(&self, site: &Opened) -> Vec<String> {
        let lacking = self.lacking_conda(site);
        let names = lacking.iter().filter_map(|spec| name_of(spec));
        let found = names.filter_map(|name| site.of_base(name));
        let found = found.filter(|one| one.by == Manager::Conda).map(|one| one.name.clone());
        found.chain(explicit::shadowing(site, &self.lacking_archives(site))).collect()
    }

    /// All that pip is asked for, line by line.
    pub(crate) fn lines(&self, context: &Context) -> Result<Vec<String>> {
        let mut lines = self.pip.clone();
        lines.extend(asked::requests(context, &self.files)?);
        Ok(lines)
    }

    /// The packages that are asked for, by the names that packagers compare.
    pub(crate) fn names(&self, context: &Context) -> Result<BTreeSet<String>> {
        let lines = self.lines(context)?;
        let all = self.conda.iter().chain(&lines).chain(&self.kept);
        let archives = self.archives.iter().map(|one| one.package.name.as_str());
        Ok(all.filter_map(|spec| name_of(spec)).chain(archives).map(key).collect())
    }

    /// True where all of it is in the env or its base, as far as that can be told by names and versions.
    pub(crate) fn is_there(&self, context: &Context, site: &Opened) -> Result<bool> {
        let world = World::new(&site.base.python.version);
        let is_there = |line: &String| {
            let name = name_of(line).map(key);
            let has_more = line.contains('[') || line.contains(" @ ");
            name.is_none_or(|name| has_more && has(site, &name) || is_served(site, line, &world))
        };
        let lacks_conda =
            !self.lacking_conda(site).is_empty() || !self.lacking_archives(site).is_empty();
        Ok(!lacks_conda && self.lines(context)?.iter().all(is_there))
    }

    pub(crate) fn ask(&self, means: Means) -> Ask {
        let mut ask = Ask {
            files: self.files.clone(),
            upgrade: means.upgrade,
            rest: means.rest.to_vec(),
            uncompiled: means.uncompiled,
            ..Ask::default()
        };
        for words in &self.pip {
            match words.strip_prefix("-e ") {
                Some(place) => ask.editables.push(place.into()),
                None => ask.specs.push(words.clone()),
            }
        }
        ask
    }

    /// As requests of an env's record, as far as they have names.
    pub(crate) fn requests(&self, context: &Context) -> Result<Requests> {
        let mut requests = Requests::default();
        requests.add_channels(&self.channels);
        for (side, specs) in [(Side::Conda, &self.conda), (Side::Pip, &self.lines(context)?)] {
            for spec in specs {
                if let Some(name) = name_of(spec) {
                    requests.add(side, name, spec);
                }
            }
        }
        for Package { name, version, build } in self.archives.iter().map(|one| &one.package) {
            requests.add(Side::Conda, name, &format!("{name}=={version}={build}"));
        }
        Ok(requests)
    }
}

fn has(site: &Opened, name: &str) -> bool {
    site.own.iter().chain(&site.below).any(|one| one.key() == name)
}

/// True where nothing of this has to be fetched: every line is about a package that is there and fits.
pub(crate) fn all_served(site: &Opened, lines: &[String]) -> bool {
    let world = World::new(&site.base.python.version);
    lines.iter().all(|line| is_served(site, line, &world))
}

fn is_served(site: &Opened, line: &str, world: &World) -> bool {
    let holds = line.split_once(';').map(|(_, condition)| condition::holds(condition, world));
    if holds == Some(Some(false)) {
        return true;
    }
    let has_more = line.contains('[') || line.contains(" @ ") || name_of(line).is_none();
    let Some(need) = Need::parse(line, world).filter(|_| !has_more) else { return false };
    let mut there = site.own.iter().chain(&site.below).filter(|one| one.key() == need.key);
    there.next().is_some_and(|package| need.is_met_by(&package.version))
}
