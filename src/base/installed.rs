//! Which packages a prefix holds: conda's records, and what Python's packagers left in site-packages.
//!
//! Names of files tell nearly all; no process is started.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::base::conda::{self, Package};
use crate::base::contents::contents;
use crate::base::{Base, BaseKind};
use crate::error::Result;
use crate::foreign;
use crate::parallel;
use crate::specs::Direct;
use crate::specs::key;

/// Name and version stand at the very beginning of a package's metadata.
const HEAD: u64 = 4096;

/// Who put a package there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Manager {
    /// A conda client.
    Conda,
    /// pip, uv or another of Python's own.
    Pip,
    /// The image's own system.
    Dpkg,
    /// Of Alpine.
    Apk,
}

impl Manager {
    /// The word for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Conda => "conda",
            Self::Pip => "pip",
            Self::Dpkg => "dpkg",
            Self::Apk => "apk",
        }
    }
}

/// A package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Installed {
    /// As its metadata has it.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: String,
    /// conda's build.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) build: Option<String>,
    /// Who put it there.
    pub(crate) by: Manager,
}

impl Installed {
    /// The name by which packagers compare.
    pub(crate) fn key(&self) -> String {
        key(&self.name)
    }
}

/// The packages of a base, sorted by name.
pub(crate) fn of_base(base: &Base) -> Result<Vec<Installed>> {
    let records = match base.kind {
        BaseKind::Conda => conda::packages(&base.prefix)?,
        BaseKind::Python | BaseKind::System => Vec::new(),
    };
    joined(records, &sites(&base.prefix, &base.python.lib, base.kind))
}

/// The packages that were put into the env at `env`; links to the base's records, and copies of them, are not its own.
pub(crate) fn of_env(env: &Path, python_lib: &str) -> Result<Vec<Installed>> {
    let mut there = Vec::new();
    for entry in std::fs::read_dir(env.join("conda-meta")).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_file()) {
            let package = entry.file_name().to_str().and_then(Package::from_record_name);
            there.extend(package.map(|package| (package, entry.path())));
        }
    }
    let is_own =
        parallel::map(parallel::for_cpu(), there.len(), |at| Ok(!conda::is_of_base(&there[at].1)))?;
    let own = there.into_iter().zip(is_own).filter(|(_, is_own)| *is_own);
    let records = own.map(|((package, _), _)| package).collect();
    joined(records, &sites(env, python_lib, BaseKind::Python))
}

/// The programs that the env's own packages brought: paths in its `bin`, relative to the env.
pub(crate) fn programs(env: &Path, python_lib: &str) -> Result<BTreeSet<PathBuf>> {
    let own = of_env(env, python_lib)?.into_iter().filter(|package| package.by == Manager::Conda);
    let records = own.map(|Installed { name, version, build, .. }| {
        let build = build.unwrap_or_default();
        env.join(Package { name, version, build }.record())
    });
    let of_conda = records.filter_map(|record| contents(&record)).flat_map(|found| found.files);
    let infos = sites(env, python_lib, BaseKind::Python).into_iter().flat_map(|site| infos(&site));
    let of_wheels = infos.flat_map(|info| conda::wheel_files(&info.join("RECORD")));
    let all = of_conda.chain(of_wheels);
    Ok(all.filter(|path| path.starts_with("bin") && env.join(path).is_file()).collect())
}

/// Which packages of the env at `env` came from a place of their own, by the name that packagers compare.
pub(crate) fn direct(env: &Path, python_lib: &str) -> BTreeMap<String, Direct> {
    let infos = sites(env, python_lib, BaseKind::Python).into_iter().flat_map(|site| infos(&site));
    let found = infos.filter_map(|info| {
        let file = info.join("direct_url.json");
        file.symlink_metadata().ok()?;
        let package = distribution(&info)?;
        let text = foreign::read(&file, foreign::FileKind::Settings).unwrap_or_default();
        Some((package.key(), Direct::parse(&package.name, &text)))
    });
    found.collect()
}

/// True where the env's own package lists its files, as pip needs it to take them away.
pub(crate) fn lists_files(env: &Path, python_lib: &str, key: &str) -> bool {
    let mut infos =
        sites(env, python_lib, BaseKind::Python).into_iter().flat_map(|site| infos(&site));
    let is_it = |info: &PathBuf| distribution(info).is_some_and(|package| package.key() == key);
    let lists = ["RECORD", "installed-files.txt"];
    infos.find(is_it).is_some_and(|info| lists.iter().any(|name| info.join(name).is_file()))
}

/// Where Python looks for packages in a prefix.
pub(crate) fn sites(prefix: &Path, python_lib: &str, kind: BaseKind) -> Vec<PathBuf> {
    let site = format!("lib/{python_lib}/site-packages");
    let mut sites = vec![prefix.join(&site)];
    let lib64 = prefix.join("lib64");
    if !lib64.is_symlink() {
        sites.push(lib64.join(python_lib).join("site-packages"));
    }
    if kind == BaseKind::System {
        sites.push(prefix.join("lib/python3/dist-packages"));
        sites.push(prefix.join("local/lib").join(python_lib).join("dist-packages"));
    }
    sites
}

/// Records and distributions together. What conda put into site-packages is told by its record alone.
fn joined(records: Vec<Package>, sites: &[PathBuf]) -> Result<Vec<Installed>> {
    let mut all: Vec<Installed> = records.into_iter().map(of_record).collect();
    let recorded: HashSet<(String, String)> =
        all.iter().map(|package| (package.key(), package.version.clone())).collect();
    let infos: Vec<PathBuf> = sites.iter().flat_map(|site| infos(site)).collect();
    let found = parallel::map(parallel::for_cpu(), infos.len(), |at| Ok(distribution(&infos[at])))?;
    let found = found.into_iter().flatten();
    all.extend(
        found.filter(|package| !recorded.contains(&(package.key(), package.version.clone()))),
    );
    all.sort_by_cached_key(|package| (package.key(), package.clone()));
    Ok(all)
}

fn of_record(package: Package) -> Installed {
    let Package { name, version, build } = package;
    Installed { name, version, build: Some(build), by: Manager::Conda }
}

/// Python packages of an env that somebody asked for by name: installers leave a file `REQUESTED` beside their metadata.
pub(crate) fn requested(env: &Path, python_lib: &str) -> Vec<String> {
    let infos = sites(env, python_lib, BaseKind::Python).into_iter().flat_map(|site| infos(&site));
    let asked = infos.filter(|info| info.join("REQUESTED").is_file());
    asked.filter_map(|info| distribution(&info)).map(|package| package.key()).collect()
}

/// The `dist-info` and `egg-info` in a directory.
pub(crate) fn infos(site: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(site).into_iter().flatten().flatten();
    let endings = ["dist-info", "egg-info"].map(OsStr::new);
    let is_info = |path: &PathBuf| path.extension().is_some_and(|end| endings.contains(&end));
    entries.map(|entry| entry.path()).filter(is_info).collect()
}

/// What a `dist-info` or `egg-info` tells; none where conda has the package in its records.
pub(crate) fn distribution(info: &Path) -> Option<Installed> {
    if foreign::read(info.join("INSTALLER"), foreign::FileKind::Note)
        .is_ok_and(|text| text.trim_ascii() == b"conda")
    {
        return None;
    }
    let files = [info.join("METADATA"), info.join("PKG-INFO"), info.to_owned()];
    let head = files.iter().find_map(|file| head(file)).unwrap_or_default();
    let field = |name: &str| {
        let line = head
            .lines()
            .take_while(|line| !line.is_empty())
            .find_map(|line| line.strip_prefix(name));
        line.map(|value| value.trim().to_owned())
    };
    let (name, version) = match (field("Name:"), field("Version:")) {
        (Some(name), Some(version)) => (name, version),
        _ => of_name(info.file_stem()?.to_str()?)?,
    };
    Some(Installed { name, version, build: None, by: Manager::Pip })
}

/// `name-1.0` or `name-1.0-py3.11`.
fn of_name(stem: &str) -> Option<(String, String)> {
    let (name, rest) = stem.split_once('-')?;
    Some((name.to_owned(), rest.split('-').next()?.to_owned()))
}

fn head(file: &Path) -> Option<String> {
    let text = foreign::head(file, HEAD).ok()?;
    Some(String::from_utf8_lossy(&text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_names_of_distributions_are_understood() {
        assert_eq!(of_name("six-1.16.0-py3.11"), Some(("six".into(), "1.16.0".into())));
    }
}
