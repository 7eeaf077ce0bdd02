//! Explicit lists, as `conda list --explicit` writes them: the address of every package, and perhaps its hash. Pure.

use super::conda::Errand;
use super::opened::Opened;
use crate::base::conda::Package;
use crate::base::installed::Installed;
use crate::error::{Error, Result};
use crate::text::shown;

/// What the line says that makes a file such a list.
const MARK: &str = "@EXPLICIT";

/// An archive of conda's, as lists and locks name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) package: Package,
    /// Where it is.
    pub(crate) address: String,
    /// Its hash, where it is told.
    pub(crate) sha256: Option<String>,
    /// An exact spec that names its channel.
    pub(crate) spec: String,
}

impl Listed {
    /// True where just this one is among these.
    pub(crate) fn is_among(&self, packages: &[Installed]) -> bool {
        let Package { name, version, build } = &self.package;
        packages.iter().any(|one| {
            one.name == *name && one.version == *version && one.build.as_ref() == Some(build)
        })
    }
}

/// The packages of the base that they would be seen in the place of, by name.
pub(crate) fn shadowing(site: &Opened, listed: &[Listed]) -> Vec<String> {
    let names = listed.iter().map(|listed| &listed.package.name);
    names.filter(|name| site.of_base(name).is_some()).cloned().collect()
}

/// The packages of a list; none for any other text.
pub(crate) fn listed(text: &str) -> Result<Option<Vec<Listed>>> {
    let lines = text.lines().map(str::trim);
    if !lines.clone().any(|line| line == MARK) {
        return Ok(None);
    }
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with(['#', '@']));
    lines.map(|line| one(line).ok_or_else(|| no_address(line))).collect::<Result<_>>().map(Some)
}

/// Reads `https://host/channel/linux-64/numpy-1.26.4-py311_0.conda#HASH`.
pub(crate) fn one(line: &str) -> Option<Listed> {
    let (address, hash) = line.split_once('#').unwrap_or((line, ""));
    let (place, file) = address.rsplit_once('/')?;
    let (channel, _subdir) = place.rsplit_once('/')?;
    let stem = file.strip_suffix(".conda").or_else(|| file.strip_suffix(".tar.bz2"))?;
    let package = Package::from_record_name(&format!("{stem}.json"))?;
    let Package { name, version, build } = &package;
    let hash = hash.strip_prefix("sha256:").unwrap_or(hash);
    let is_hash = hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    let (with, sha256) = match (hash.len(), is_hash) {
        (64, true) => (format!("[sha256={hash}]"), Some(hash.to_owned())),
        (32, true) => (format!("[md5={hash}]"), None),
        (0, _) => (String::new(), None),
        _ => return None,
    };
    let spec = format!("{channel}::{name}=={version}={build}{with}");
    let address = address.to_owned();
    channel.contains("://").then_some(Listed { package, address, sha256, spec })
}

/// What puts them there. Where the hash of each is known, nothing has to be looked for in channels.
pub(crate) fn errand(listed: Vec<Listed>) -> Errand {
    let archives = listed.iter().map(|one| Some((one.address.clone(), one.sha256.clone()?)));
    let archives: Option<Vec<(String, String)>> = archives.collect();
    let specs = listed.into_iter().map(|one| one.spec).collect();
    match archives {
        Some(archives) => Errand::Exactly { specs, archives },
        None => Errand::Install { channels: Vec::new(), specs },
    }
}

fn no_address(line: &str) -> Error {
    Error::new(format!("\"{}\" is not the address of a conda package", shown(line))).hint(
        "behind @EXPLICIT every line is one: https://HOST/CHANNEL/SUBDIR/NAME-VERSION-BUILD.conda",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_a_list_is_one_package_exactly() {
        let md5 = "0".repeat(32);
        let sha256 = "a".repeat(64);
        let text = format!(
            "# platform: linux-64\n@EXPLICIT\nhttps://x/c/linux-64/a-b-1.0-h0_0.conda#{md5}\n\n\
             file:///d/noarch/e-2-0.tar.bz2\nhttps://x/c/noarch/f-3-0.conda#sha256:{sha256}\n"
        );
        let found = listed(&text).unwrap().unwrap();
        let found: Vec<String> = found.into_iter().map(|listed| listed.spec).collect();
        assert_eq!(
            found,
            [
                format!("https://x/c::a-b==1.0=h0_0[md5={md5}]"),
                "file:///d::e==2=0".to_owned(),
                format!("https://x/c::f==3=0[sha256={sha256}]"),
            ]
        );
        assert_eq!(listed("numpy>=1\n").unwrap(), None);
        for line in [
            "numpy",
            "https://x/numpy.conda",
            "https://x/c/noarch/a-1-0.conda#x",
            "/a/b/c-1-0.conda",
        ] {
            assert!(listed(&format!("@EXPLICIT\n{line}\n")).is_err(), "{line}");
        }
    }
}
