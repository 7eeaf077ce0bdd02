//! `pixi.lock`: what it has for machines of this kind, conda's archives with their hashes, and versions for pip. Pure.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::conda_lock::{archive, hashes, not_for_us, platform, yaml};
use super::wanted::Wanted;
use crate::error::{Error, Result};
use crate::text::shown;

/// `pixi.lock`, versions 4 to 7.
#[derive(Deserialize)]
struct PixiLock {
    version: u32,
    #[serde(default)]
    platforms: Vec<PixiPlatform>,
    environments: BTreeMap<String, PixiEnvironment>,
    #[serde(default)]
    packages: Vec<PixiPackage>,
}

/// A platform may have a name of its own.
#[derive(Deserialize)]
struct PixiPlatform {
    name: String,
    #[serde(default)]
    subdir: Option<String>,
}

#[derive(Deserialize)]
struct PixiEnvironment {
    #[serde(default)]
    packages: BTreeMap<String, Vec<BTreeMap<String, serde_yaml::Value>>>,
}

#[derive(Deserialize)]
struct PixiPackage {
    #[serde(default)]
    conda: Option<String>,
    #[serde(default)]
    pypi: Option<String>,
    /// How version 5 says what it is.
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    version: Option<serde_yaml::Value>,
    #[serde(default)]
    sha256: Option<String>,
    #[serde(default)]
    md5: Option<String>,
    #[serde(default)]
    depends: Vec<String>,
}

/// Reads the text of a `pixi.lock`: its default environment, or its only one.
pub(crate) fn read(text: &str) -> Result<Wanted> {
    let lock: PixiLock = yaml(text)?;
    if !(4..=7).contains(&lock.version) {
        return Err(Error::new(format!("version {} of such locks is not known", lock.version))
            .hint("versions 4 to 7 are read"));
    }
    let environment = match (lock.environments.get("default"), lock.environments.len()) {
        (Some(default), _) => default,
        (None, 1) => &lock.environments[lock.environments.keys().next().unwrap_or(&String::new())],
        _ => return Err(Error::new("none of its environments is called default")),
    };
    let own = platform();
    let is_ours = |name: &str| {
        let known = lock.platforms.iter().find(|platform| platform.name == name);
        known.and_then(|known| known.subdir.as_deref()).unwrap_or(name) == own
    };
    let ours = environment.packages.iter().find(|(name, _)| is_ours(name));
    let Some((_, ours)) = ours else {
        return Err(not_for_us(environment.packages.keys().map(String::as_str)));
    };
    let by_place: HashMap<&str, &PixiPackage> =
        lock.packages.iter().filter_map(|package| Some((package.place()?, package))).collect();
    let mut wanted = Wanted::default();
    for entry in ours {
        for (sort, place) in entry {
            let Some(place) = place.as_str() else { continue };
            let known = by_place.get(place).copied();
            match sort.as_str() {
                "conda" => {
                    let hash = known.and_then(|it| it.sha256.as_ref().or(it.md5.as_ref()));
                    let depends = known.map(|it| it.depends.clone()).unwrap_or_default();
                    archive(place, hash, depends, &mut wanted)?;
                }
                "pypi" => wheel(place, known, &mut wanted),
                _ => {}
            }
        }
    }
    hashes(&mut wanted);
    Ok(wanted)
}

impl PixiPackage {
    fn place(&self) -> Option<&str> {
        self.conda.as_deref().or(self.pypi.as_deref()).or(self.url.as_deref())
    }
}

/// What lies on a disk is the project's own, or beside it.
fn wheel(place: &str, known: Option<&PixiPackage>, wanted: &mut Wanted) {
    let name = known.and_then(|it| it.name.as_deref());
    let version = known.and_then(|it| it.version.as_ref()).and_then(|version| match version {
        serde_yaml::Value::String(text) => Some(text.clone()),
        serde_yaml::Value::Number(number) => Some(number.to_string()),
        _ => None,
    });
    match (name, version) {
        (Some(name), Some(version)) if place.starts_with("http") => {
            wanted.locked.push(format!("{name}=={version}"));
        }
        _ => wanted.passed_over.push(format!("{} is passed over: it is on no index", shown(place))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    #[test]
    fn a_pixi_lock_is_read_by_its_default_environment() {
        let url = format!("https://x/c/{}/app-1.0-0.conda", platform());
        let text = format!(
            "version: 7\nplatforms:\n- name: here\n  subdir: {}\n- name: osx-arm64\nenvironments:\n  default:\n    \
             channels: []\n    packages:\n      here:\n      - conda: {url}\n      - pypi: https://y/w.whl\n      - pypi: ./\n      \
             osx-arm64: []\npackages:\n- conda: {url}\n  sha256: {HASH}\n  depends: [lib >=1]\n- pypi: https://y/w.whl\n  \
             name: w\n  version: 1.5\n- pypi: ./\n  name: own\n",
            platform()
        );
        let wanted = read(&text).unwrap();
        assert_eq!((wanted.archives.len(), &wanted.locked[..]), (1, &["w==1.5".to_owned()][..]));
        assert_eq!(wanted.archives[0].depends, ["lib >=1"]);
        assert_eq!(wanted.passed_over.len(), 2);
        assert!(read(&text.replace("version: 7", "version: 9")).is_err());
        assert!(read("version: 6\nenvironments: {}\n").is_err());
    }
}
