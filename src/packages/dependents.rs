//! Who needs whom: of all packages that an env shows, by pip's metadata and by conda's records.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::opened::Opened;
use super::served::subject;
use crate::base::contents::{depends, is_requested};
use crate::base::installed::{self, Installed, Manager};
use crate::doctor::needs;
use crate::specs::{key, name_of};

/// A package that needs another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dependent {
    /// It.
    pub(crate) package: Installed,
    /// True where it is the base's.
    pub(crate) of_base: bool,
    /// What it needs, in its own words.
    pub(crate) needs: String,
}

/// What needs what in an env.
pub(crate) struct Dependents {
    /// By the name that is needed.
    by_name: BTreeMap<String, Vec<Dependent>>,
}

impl Dependents {
    /// Reads what the packages of an env and of its base say.
    pub(crate) fn read(site: &Opened) -> Self {
        let mut by_name: BTreeMap<String, Vec<Dependent>> = BTreeMap::new();
        let shadowed: BTreeSet<String> = site.own.iter().map(Installed::key).collect();
        let seen = site.below.iter().filter(|package| !shadowed.contains(&package.key()));
        let all = site.own.iter().map(|one| (one, false)).chain(seen.map(|one| (one, true)));
        let metadata = needs::of_all(&site.env, &site.base);
        for (package, of_base) in all {
            for words in words(site, package, &metadata) {
                let name = key(name_of(&words).unwrap_or(subject(&words)));
                let found =
                    Dependent { package: package.clone(), of_base, needs: words.trim().to_owned() };
                by_name.entry(name).or_default().push(found);
            }
        }
        Self { by_name }
    }

    /// Those that need the package of this name.
    pub(crate) fn of(&self, name: &str) -> &[Dependent] {
        self.by_name.get(&key(name)).map_or(&[], Vec::as_slice)
    }

    /// The env's own packages that nobody asked for, and nothing needs that somebody did.
    pub(crate) fn unneeded(&self, site: &Opened) -> Vec<Installed> {
        let mut kept: BTreeSet<String> = BTreeSet::new();
        let mut waiting: Vec<String> = asked_for(site).into_iter().collect();
        let of_base =
            self.by_name.iter().filter(|(_, needing)| needing.iter().any(|it| it.of_base));
        // What a package of the base needs is not ours to judge.
        waiting.extend(of_base.map(|(name, _)| name.clone()));
        let mut needed: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for (name, needing) in &self.by_name {
            for one in needing {
                needed.entry(one.package.key()).or_default().push(name);
            }
        }
        while let Some(name) = waiting.pop() {
            if kept.insert(name.clone()) {
                let more = needed.get(&name).into_iter().flatten();
                waiting.extend(more.map(|name| (*name).to_owned()));
            }
        }
        site.own.iter().filter(|package| !kept.contains(&package.key())).cloned().collect()
    }
}

/// True where somebody's going may leave a package behind that nobody needs: the env has one of its own that is not among
/// those `named` and that nobody asked for. Reads of the env alone.
pub(crate) fn may_leave(site: &Opened, named: &[String]) -> bool {
    let asked = asked_for(site);
    let named: BTreeSet<String> = named.iter().map(|name| key(name)).collect();
    site.own.iter().map(Installed::key).any(|name| !asked.contains(&name) && !named.contains(&name))
}

/// What the user asked for, through mlenv or a package manager by hand.
fn asked_for(site: &Opened) -> BTreeSet<String> {
    let requests = &site.record.requests;
    let mut names: BTreeSet<String> =
        requests.conda.keys().chain(requests.pip.keys()).map(|name| key(name)).collect();
    names.extend(site.record.project.iter().flat_map(|project| project.packages.clone()));
    names.extend(installed::requested(&site.env, &site.record.base.python_lib));
    let condas = site.own.iter().filter(|package| package.by == Manager::Conda);
    names.extend(condas.filter(|it| is_requested(&record(site, it))).map(Installed::key));
    // Tools, which nothing needs and everybody does.
    names.extend(["pip", "setuptools", "wheel"].map(str::to_owned));
    names
}

fn words(
    site: &Opened,
    package: &Installed,
    metadata: &BTreeMap<String, Vec<String>>,
) -> Vec<String> {
    let pips = metadata.get(&package.key()).cloned().unwrap_or_default();
    if package.by != Manager::Conda {
        return pips;
    }
    // An env has the records of its base too.
    let found = depends(&record(site, package));
    if found.is_empty() { pips } else { found }
}

fn record(site: &Opened, package: &Installed) -> PathBuf {
    let build = package.build.as_deref().unwrap_or_default();
    let name = format!("{}-{}-{build}.json", package.name, package.version);
    site.env.join("conda-meta").join(name)
}
