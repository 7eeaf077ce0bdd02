//! Wheels without content that stand for what is installed, so that uv, which knows of no base, takes it as what there is.
//!
//! Each has the metadata of a distribution and nothing else. They are offered to uv beside its index; their build tag makes
//! it take them before an archive of the same version. Those of a base are kept, by the base's state.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use pep440_rs::Version;
use zip::write::{SimpleFileOptions, ZipWriter};

use crate::base::metadata::Metadata;
use crate::base::{Base, BaseKind, installed};
use crate::env::stage::{OnExisting, Stage};
use crate::error::{Attempt, Result};
use crate::fs::{self, How, Root};
use crate::specs::key;

/// Where they are kept, in the user's cache.
const DIR: &str = "stubs";

/// What Python sees there: versions by the name that packagers compare. None for a version that no wheel can have.
pub(super) type Seen = BTreeMap<String, Option<String>>;

/// A place where uv works: what it is offered, and what it may write.
pub(super) struct Workshop {
    /// Directories with stubs.
    pub(super) offered: Vec<PathBuf>,
    /// What is installed.
    pub(super) seen: Seen,
    /// The directory for what is written; it goes away with this.
    pub(super) desk: Stage,
}

impl Workshop {
    /// Sets it up for the env at `env` on `base`.
    pub(super) fn open(env: &Path, base: &Base, cache: &Path) -> Result<Self> {
        let dir = cache.join(DIR);
        fs::make_dirs(&dir, 0o700).attempt("make", &dir)?;
        let own = of(&installed::sites(env, &base.python.lib, BaseKind::Python));
        let below = of(&installed::sites(&base.prefix, &base.python.lib, base.kind));
        let kept = dir.join(&base.fingerprint.packages);
        if !kept.is_dir() {
            let stage = Stage::new(&dir)?;
            fill(stage.root(), below.values()).attempt("write", &kept)?;
            // Another process may have been quicker.
            let done = stage.commit(&kept, OnExisting::Fail);
            if !kept.is_dir() {
                done?;
            }
        }
        let desk = Stage::new(&dir)?;
        fill(desk.root(), own.values()).attempt("write", &desk.path())?;
        let seen = below.into_iter().chain(own).map(|(name, it)| (name, version(&it))).collect();
        Ok(Self { offered: vec![kept, desk.path()], seen, desk })
    }
}

/// What lies in these directories; the first counts.
fn of(sites: &[PathBuf]) -> BTreeMap<String, Metadata> {
    let mut all = BTreeMap::new();
    let infos = sites.iter().flat_map(|site| installed::infos(site));
    for found in infos.filter_map(|info| Metadata::read(&info)) {
        all.entry(key(&found.name)).or_insert(found);
    }
    all
}

fn version(of: &Metadata) -> Option<String> {
    Version::from_str(&of.version).ok().map(|version| version.to_string())
}

fn fill<'m>(root: &Root, all: impl Iterator<Item = &'m Metadata>) -> io::Result<()> {
    for found in all {
        if let Some((name, bytes)) = wheel(found)? {
            root.write_new(Path::new(&name), &bytes, How::DATA)?;
        }
    }
    Ok(())
}

/// The name and the content of a stub.
fn wheel(of: &Metadata) -> io::Result<Option<(String, Vec<u8>)>> {
    let Some(version) = version(of) else { return Ok(None) };
    let name = key(&of.name).replace('-', "_");
    let mut text = format!("Metadata-Version: 2.1\nName: {}\nVersion: {version}\n", of.name);
    let lines = of.requires.iter().map(|need| format!("Requires-Dist: {need}\n"));
    text.extend(lines.chain(of.extras.iter().map(|extra| format!("Provides-Extra: {extra}\n"))));
    let info = format!("{name}-{version}.dist-info");
    let mut wheel = ZipWriter::new(Cursor::new(Vec::new()));
    let plain = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let tags = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
    for (file, text) in [("METADATA", text.as_str()), ("WHEEL", tags), ("RECORD", "")] {
        wheel.start_file(format!("{info}/{file}"), plain)?;
        wheel.write_all(text.as_bytes())?;
    }
    let bytes = wheel.finish()?.into_inner();
    Ok(Some((format!("{name}-{version}-0mlenv-py3-none-any.whl"), bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stub_has_the_name_that_wheels_have() {
        let found = |version: &str| Metadata {
            name: "Foo.Bar-baz".into(),
            version: version.into(),
            ..Metadata::default()
        };
        let (name, bytes) = wheel(&found("2.6.0a0+NV24.12")).unwrap().unwrap();
        assert_eq!(name, "foo_bar_baz-2.6.0a0+nv24.12-0mlenv-py3-none-any.whl");
        assert!(bytes.starts_with(b"PK"));
        assert_eq!(wheel(&found("of today")).unwrap(), None);
    }
}
