//! A conda prefix's records: names of packages, and which files they own.

use std::collections::HashSet;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::error::{Attempt, Error, Result};
use crate::foreign::{self, claim};
use crate::parallel;
use crate::text::Shown;

/// A package's name, version and build, as its record's file name tells.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Package {
    /// As in `numpy`.
    pub(crate) name: String,
    /// As in `1.26.4`.
    pub(crate) version: String,
    /// As in `py311h64a7726_0`.
    pub(crate) build: String,
}

impl Package {
    /// Takes `name-version-build.json` apart; version and build never hold a `-`.
    pub(crate) fn from_record_name(file: &str) -> Option<Self> {
        // They are written into pins and into a history, a line each.
        let stem = file.strip_suffix(".json").filter(|stem| !stem.contains(is_break))?;
        let mut parts = stem.rsplitn(3, '-');
        let (build, version, name) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self { name: name.to_owned(), version: version.to_owned(), build: build.to_owned() })
    }

    /// Its record, relative to the prefix.
    pub(crate) fn record(&self) -> PathBuf {
        let Self { name, version, build } = self;
        Path::new("conda-meta").join(format!("{name}-{version}-{build}.json"))
    }

    /// `numpy 1.26.4`, for people.
    pub(crate) fn shown(&self) -> String {
        crate::text::shown(&format!("{} {}", self.name, self.version))
    }
}

/// The packages recorded in `PREFIX/conda-meta`, sorted. One directory read; no file is opened.
pub(crate) fn packages(prefix: &Path) -> Result<Vec<Package>> {
    let dir = prefix.join("conda-meta");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&dir).attempt("read", &dir)? {
        let name = entry.attempt("read", &dir)?.file_name();
        found.extend(name.to_str().and_then(Package::from_record_name));
    }
    found.sort();
    Ok(found)
}

fn is_break(character: char) -> bool {
    character.is_control() || character.is_whitespace()
}

/// The part of a record that says what belongs to the package. The rest is skipped while reading.
#[derive(Deserialize)]
struct Record {
    #[serde(default)]
    files: Vec<String>,
    #[serde(rename = "paths_data", default)]
    _paths: Option<IgnoredAny>,
}

/// Every file that a package owns, relative to the prefix: conda records, and RECORD files of wheels that pip
/// put there (`python_lib` names the library directory). Files inside site-packages are left out: no env links
/// them.
pub(crate) fn owned(prefix: &Path, python_lib: &str, threads: usize) -> Result<HashSet<PathBuf>> {
    let site = Path::new("lib").join(python_lib).join("site-packages");
    let mut lists = Vec::new();
    // A plain Python has none.
    let packages = if prefix.join("conda-meta").is_dir() { packages(prefix)? } else { Vec::new() };
    for package in packages {
        lists.push(OwnedFiles::Record(prefix.join(package.record())));
    }
    for dist_info in dist_infos(&prefix.join(&site)) {
        lists.push(OwnedFiles::Wheel(dist_info.join("RECORD")));
    }
    let parts = parallel::map(threads, lists.len(), |at| match &lists[at] {
        OwnedFiles::Record(path) => record_files(path, &site),
        OwnedFiles::Wheel(path) => Ok(wheel_files(path)),
    })?;
    Ok(parts.into_iter().flatten().collect())
}

enum OwnedFiles {
    Record(PathBuf),
    Wheel(PathBuf),
}

fn record_files(path: &Path, site: &Path) -> Result<Vec<PathBuf>> {
    let text = foreign::read(path, foreign::FileKind::PackageData).attempt("read", path)?;
    let record: Record = serde_json::from_slice(&text).map_err(|cause| {
        Error::new(format!("could not understand the package record {}: {cause}", Shown(path)))
            .hint(
                "the base is damaged: reinstall that package in the base, or ask whoever keeps it",
            )
    })?;
    Ok(record.files.into_iter().map(PathBuf::from).filter(|file| !file.starts_with(site)).collect())
}

/// `*.dist-info` directories of wheels; none where the directory cannot be read.
fn dist_infos(site: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(site) else { return Vec::new() };
    let paths = entries.flatten().map(|entry| entry.path());
    paths.filter(|path| path.as_os_str().as_bytes().ends_with(b".dist-info")).collect()
}

/// What a wheel put outside site-packages: its RECORD lines that climb out, `../../../share/x,sha256=..,123`.
pub(crate) fn wheel_files(record: &Path) -> Vec<PathBuf> {
    let outside = |path: &PathBuf| path.strip_prefix("../../..").map(Path::to_owned).ok();
    let rows = wheel_rows(record);
    rows.iter().filter_map(outside).filter(|path| claim::is_inside(path)).collect()
}

/// Every path in a RECORD, relative to the site-packages that it is in.
pub(crate) fn wheel_rows(record: &Path) -> Vec<PathBuf> {
    // Some packages have none.
    let text = foreign::read(record, foreign::FileKind::PackageData).unwrap_or_default();
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_slice());
    let rows = reader.byte_records().map_while(std::result::Result::ok);
    let path = |row: csv::ByteRecord| Some(PathBuf::from(OsString::from_vec(row.get(0)?.to_vec())));
    rows.filter_map(path).collect()
}

/// A key that no client knows, in front of all others: a look at the first bytes tells whose record it is.
pub(crate) const MARK: &str = "{\"mlenv\": \"base\"";

/// True for a record of the base's in an env.
pub(crate) fn is_of_base(record: &Path) -> bool {
    foreign::head(record, MARK.len() as u64).is_ok_and(|head| head == MARK.as_bytes())
}

/// The same of a record's text.
#[cfg(feature = "conda")]
pub(crate) fn is_marked(text: &[u8]) -> bool {
    text.starts_with(MARK.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn record_names_come_apart_at_the_last_two_dashes() {
        let package =
            Package::from_record_name("ca-certificates-2024.2.2-hbcca054_0.json").unwrap();
        assert_eq!(
            (package.name.as_str(), package.version.as_str()),
            ("ca-certificates", "2024.2.2")
        );
        assert_eq!(Package::from_record_name("history"), None);
    }

    #[test]
    fn the_files_of_records_and_wheels_are_owned() {
        let root = tempfile::tempdir().unwrap();
        let site = root.path().join("lib/python3.11/site-packages");
        let dist = site.join("a-1.dist-info");
        crate::fs::make_dirs(&dist, 0o755).unwrap();
        crate::fs::make_dirs(&root.path().join("conda-meta"), 0o755).unwrap();
        let record = br#"{"files": ["bin/x", "lib/python3.11/site-packages/y.py"], "paths_data": {"paths": [1]}}"#;
        crate::fs::write_atomic(&root.path().join("conda-meta/x-1-0.json"), record).unwrap();
        crate::fs::write_atomic(
            &dist.join("RECORD"),
            b"a.py,,\n\"../../../share/a,b.json\",sha256=q,1\n",
        )
        .unwrap();
        let owned = owned(root.path(), "python3.11", 2).unwrap();
        let mut owned: Vec<_> = owned.into_iter().collect();
        owned.sort();
        assert_eq!(owned, [PathBuf::from("bin/x"), PathBuf::from("share/a,b.json")]);
    }
}
