//! `conda-lock.yml` (conda-lock, CEP 37): what it has for machines of this kind, conda's archives with their hashes, and
//! versions for pip. Pure.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::python::PythonWish;
use super::wanted::{LockedArchive, Wanted};
use crate::error::{Error, Result};
use crate::packages::explicit;
use crate::text::shown;

/// `conda-lock.yml`.
#[derive(Deserialize)]
struct CondaLock {
    package: Vec<CondaLockPackage>,
}

#[derive(Deserialize)]
struct CondaLockPackage {
    name: String,
    version: String,
    manager: String,
    platform: String,
    #[serde(default)]
    dependencies: BTreeMap<String, String>,
    url: String,
    #[serde(default)]
    hash: BTreeMap<String, String>,
    #[serde(default)]
    category: Option<String>,
    #[serde(default)]
    categories: Vec<String>,
    #[serde(default)]
    optional: bool,
}

impl CondaLockPackage {
    /// True for what everybody gets.
    fn is_main(&self) -> bool {
        let is_main = |category: &String| category == "main";
        match &self.category {
            Some(category) => is_main(category) && !self.optional,
            None => self.categories.is_empty() || self.categories.iter().any(is_main),
        }
    }
}

/// conda's name for machines of this kind.
pub(super) fn platform() -> String {
    let kind = match std::env::consts::ARCH {
        "x86_64" => "64",
        "powerpc64" => "ppc64le",
        other => other,
    };
    format!("linux-{kind}")
}

pub(super) fn yaml<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T> {
    serde_yaml::from_str(text).map_err(|cause| {
        Error::new(format!("it is not such a lock: {}", shown(&cause.to_string())))
    })
}

pub(super) fn not_for_us<'a>(others: impl Iterator<Item = &'a str>) -> Error {
    let mut others: Vec<String> = others.map(shown).collect();
    others.sort();
    others.dedup();
    Error::no(format!(
        "it has nothing for {}, only for {}",
        platform(),
        if others.is_empty() { "nobody".to_owned() } else { others.join(", ") }
    ))
    .hint("lock for this platform too")
}

/// Reads the text of a `conda-lock.yml`.
pub(crate) fn read(text: &str) -> Result<Wanted> {
    let lock: CondaLock = yaml(text)?;
    let (mut wanted, mut optional) = (Wanted::default(), 0);
    let platform = platform();
    let ours: Vec<&CondaLockPackage> =
        lock.package.iter().filter(|package| package.platform == platform).collect();
    if ours.is_empty() && !lock.package.is_empty() {
        return Err(not_for_us(lock.package.iter().map(|package| package.platform.as_str())));
    }
    for package in ours {
        if !package.is_main() {
            optional += 1;
        } else if package.manager == "pip" {
            wanted.locked.push(format!("{}=={}", package.name, package.version));
        } else {
            let needs = package.dependencies.iter();
            let depends = needs.map(|(name, spec)| format!("{name} {spec}").trim_end().to_owned());
            let hash = package.hash.get("sha256").or_else(|| package.hash.get("md5"));
            archive(&package.url, hash, depends.collect(), &mut wanted)?;
        }
    }
    if optional > 0 {
        let packages = crate::text::count(optional, "package", "packages");
        wanted.passed_over.push(format!("{packages} of optional categories are passed over"));
    }
    hashes(&mut wanted);
    Ok(wanted)
}

/// What is known of pip's part is its versions.
pub(super) fn hashes(wanted: &mut Wanted) {
    if !wanted.locked.is_empty() {
        let text = "versions of pip's packages hold; their hashes are passed over";
        wanted.passed_over.push(text.to_owned());
    }
}

pub(super) fn archive(
    address: &str,
    hash: Option<&String>,
    depends: Vec<String>,
    wanted: &mut Wanted,
) -> Result<()> {
    let line = hash.map_or(address.to_owned(), |hash| format!("{address}#{hash}"));
    let listed = explicit::one(&line).ok_or_else(|| {
        Error::new(format!("{} in it is not the address of a conda package", shown(address)))
            .hint("packages that are built from source cannot be installed from a lock")
    })?;
    if listed.package.name == "python" {
        let minor: Vec<&str> = listed.package.version.splitn(3, '.').take(2).collect();
        wanted.python = PythonWish::of_conda(&format!("={}", minor.join(".")));
    } else {
        wanted.archives.push(LockedArchive { listed, depends });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    fn names(wanted: &Wanted) -> Vec<&str> {
        wanted.archives.iter().map(|archive| archive.listed.package.name.as_str()).collect()
    }

    #[test]
    fn a_conda_lock_has_archives_versions_for_pip_and_a_python() {
        let platform = platform();
        let package = |name: &str, manager: &str, more: &str| {
            let url = format!("https://x/c/{platform}/{name}-1.0-0.conda");
            format!(
                "- name: {name}\n  version: '1.0'\n  manager: {manager}\n  platform: {platform}\n  \
                 url: {url}\n  hash: {{sha256: {HASH}}}\n{more}"
            )
        };
        let text = [
            "version: 1\nmetadata: {}\npackage:\n".to_owned(),
            package("app", "conda", "  dependencies: {lib: '>=1', python: ''}\n"),
            package("python", "conda", ""),
            package("wheel", "pip", "  category: main\n"),
            package("dev", "conda", "  category: dev\n  optional: true\n"),
        ];
        let wanted = read(&text.concat()).unwrap();
        assert_eq!(
            (names(&wanted), &wanted.locked[..]),
            (vec!["app"], &["wheel==1.0".to_owned()][..])
        );
        assert_eq!(wanted.archives[0].depends, ["lib >=1", "python"]);
        assert_eq!(wanted.archives[0].listed.sha256.as_deref(), Some(HASH));
        assert!(wanted.python.unwrap().admits("1.0.7"));
        assert_eq!(wanted.passed_over.len(), 2);
        let other = text.concat().replace(&platform, "osx-arm64");
        assert!(read(&other).unwrap_err().to_string().contains("only for osx-arm64"));
    }
}
