//! What conda clients put into an env: packages whose record is neither a link to the base's nor a copy of it.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::snapshot::{Snapshot, Thing};
use crate::base::conda::Package;
use crate::base::conda::is_of_base;
use crate::base::contents::contents;
use crate::env::content::Content;

/// A package of the env's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Own {
    /// Name, version and build.
    pub(crate) package: Package,
    /// Its record, relative to the env.
    pub(crate) record: PathBuf,
}

/// The env's own packages by name, as the names of their records tell.
pub(crate) fn own(env: &Path, snapshot: &Snapshot) -> BTreeMap<String, Own> {
    own_but(env, snapshot, &HashSet::new())
}

/// As `own`, but without those that the base has too, by version and build: no file of such a record has to be opened. Its
/// files hold the env's path all the same, which matters where an env is moved.
pub(crate) fn own_beside(env: &Path, snapshot: &Snapshot, plan: &Content) -> BTreeMap<String, Own> {
    let Some(dir) = plan.dirs.get(OsStr::new("conda-meta")) else { return own(env, snapshot) };
    let links = dir.links.iter().map(|link| link.name.as_os_str());
    own_but(
        env,
        snapshot,
        &links.chain(dir.files.iter().map(|file| file.name.as_os_str())).collect(),
    )
}

fn own_but(env: &Path, snapshot: &Snapshot, planned: &HashSet<&OsStr>) -> BTreeMap<String, Own> {
    let real = snapshot.things("conda-meta").filter(|(_, thing)| **thing == Thing::File);
    real.filter(|(file, _)| !planned.contains(file.as_os_str()))
        .filter_map(|(file, _)| {
            let package = Package::from_record_name(file.to_str()?)?;
            let record = Path::new("conda-meta").join(file);
            if is_of_base(&env.join(&record)) {
                return None;
            }
            Some((package.name.clone(), Own { package, record }))
        })
        .collect()
}

/// The packages of the base that an env should show, as its plan tells.
pub(crate) fn planned(plan: &Content) -> Vec<Package> {
    let Some(dir) = plan.dirs.get(OsStr::new("conda-meta")) else { return Vec::new() };
    let names = dir.links.iter().map(|link| &link.name);
    let names = names.chain(dir.files.iter().map(|file| &file.name));
    names.filter_map(|name| Package::from_record_name(name.to_str()?)).collect()
}

/// Paths that an env's own packages took from the base's: the records and files of those that they replaced.
pub(crate) fn replaced(
    plan: &Content,
    own: &BTreeMap<String, Own>,
    base: &Path,
) -> HashSet<PathBuf> {
    let mut paths = HashSet::new();
    for package in planned(plan).iter().filter(|package| own.contains_key(&package.name)) {
        let record = package.record();
        if let Some(read) = contents(&base.join(&record)) {
            paths.extend(read.files);
        }
        paths.insert(record);
    }
    paths
}

/// Files of the env's own packages that hold the path of the env: text, and what can only be installed anew.
#[derive(Debug, Default)]
pub(crate) struct Prefixed {
    /// Text files, relative to the env.
    pub(crate) text: Vec<PathBuf>,
    /// Packages with such compiled files.
    pub(crate) compiled: Vec<String>,
}

/// Reads the records of the env's own packages.
pub(crate) fn prefixed(env: &Path, own: &BTreeMap<String, Own>) -> Prefixed {
    let mut found = Prefixed::default();
    for (name, package) in own {
        let Some(record) = contents(&env.join(&package.record)) else { continue };
        let entries = record.paths_data.paths.into_iter();
        for entry in entries.filter(|entry| entry.prefix_placeholder.is_some()) {
            if entry.file_mode.as_deref() != Some("binary") {
                found.text.push(entry.path);
            } else if found.compiled.last() != Some(name) {
                found.compiled.push(name.clone());
            }
        }
    }
    found
}

/// Every file of the env's own packages, relative to the env.
pub(crate) fn files(env: &Path, own: &BTreeMap<String, Own>) -> HashSet<PathBuf> {
    let records = own.values().filter_map(|package| contents(&env.join(&package.record)));
    records.flat_map(|record| record.files).collect()
}
