//! What conda clients put into an env: packages whose record is neither a link to the base's nor a copy of it.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::sight::{Sight, Thing};
use crate::base::conda::Package;
use crate::overlay::conda_records;
use crate::overlay::plan::Plan;

/// A package of the env's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Own {
    /// Name, version and build.
    pub(crate) package: Package,
    /// Its record, relative to the env.
    pub(crate) record: PathBuf,
}

/// The env's own packages by name, as the names of their records tell.
pub(crate) fn own(env: &Path, sight: &Sight) -> BTreeMap<String, Own> {
    own_but(env, sight, &HashSet::new())
}

/// The same without those that the base has too, by version and build: no file of such a record has to be opened. Its
/// files hold the env's path all the same, which matters where an env is moved.
pub(crate) fn own_beside(env: &Path, sight: &Sight, plan: &Plan) -> BTreeMap<String, Own> {
    let Some(dir) = plan.dirs.get(OsStr::new("conda-meta")) else { return own(env, sight) };
    let links = dir.links.iter().map(|link| link.name.as_os_str());
    own_but(env, sight, &links.chain(dir.files.iter().map(|file| file.name.as_os_str())).collect())
}

fn own_but(env: &Path, sight: &Sight, planned: &HashSet<&OsStr>) -> BTreeMap<String, Own> {
    let real = sight.things("conda-meta").filter(|(_, thing)| **thing == Thing::File);
    real.filter(|(file, _)| !planned.contains(file.as_os_str()))
        .filter_map(|(file, _)| {
            let package = Package::from_record_name(file.to_str()?)?;
            let record = Path::new("conda-meta").join(file);
            if conda_records::is_of_base(&env.join(&record)) {
                return None;
            }
            Some((package.name.clone(), Own { package, record }))
        })
        .collect()
}

/// The packages of the base that an env should show, as its plan tells.
pub(crate) fn planned(plan: &Plan) -> Vec<Package> {
    let Some(dir) = plan.dirs.get(OsStr::new("conda-meta")) else { return Vec::new() };
    let names = dir.links.iter().map(|link| &link.name);
    let names = names.chain(dir.files.iter().map(|file| &file.name));
    names.filter_map(|name| Package::from_record_name(name.to_str()?)).collect()
}

/// The part of a record that names files.
#[derive(Deserialize)]
pub(crate) struct Files {
    /// Every file of the package, relative to the prefix.
    #[serde(default)]
    pub(crate) files: Vec<PathBuf>,
    /// The same with what was done to each file.
    #[serde(default)]
    pub(crate) paths_data: Paths,
}

/// Files, one by one.
#[derive(Default, Deserialize)]
pub(crate) struct Paths {
    /// Each once.
    #[serde(default)]
    pub(crate) paths: Vec<Entry>,
}

/// One file.
#[derive(Deserialize)]
pub(crate) struct Entry {
    /// Relative to the prefix.
    #[serde(rename = "_path")]
    pub(crate) path: PathBuf,
    /// What the prefix was put in the place of, where the file names it.
    #[serde(default)]
    pub(crate) prefix_placeholder: Option<String>,
    #[serde(default)]
    file_mode: Option<String>,
}

/// Paths that an env's own packages took from the base's: the records and files of those that they replaced.
pub(crate) fn replaced(plan: &Plan, own: &BTreeMap<String, Own>, base: &Path) -> HashSet<PathBuf> {
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

/// What a record says; `None` where it cannot be read.
pub(crate) fn contents(record: &Path) -> Option<Files> {
    serde_json::from_slice(&std::fs::read(record).ok()?).ok()
}
