//! The real files in an env's `conda-meta`: they keep conda clients from wiping or replacing the base's packages.
//!
//! Records of the base are links. rattler's tools, pixi among them, do not read records that are links: to them the env
//! holds no package, and they write over links that they know nothing about, through them into a base that can be
//! written. An env on such a base has copies of the records, marked as the base's.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::Read;
use std::path::Path;

use super::plan::{self, FileMode, Plan};
use super::threads;
use crate::base::conda::{self, Package};
use crate::error::{Attempt, Error, Result};
use crate::{fs, parallel};

/// Adds `history` and `pinned` for the packages of the conda prefix `base`.
pub(crate) fn add(plan: &mut Plan, base: &Path) -> Result<()> {
    let packages = conda::packages(base)?;
    plan.file(Path::new("conda-meta/history"), history(&packages)?.into_bytes(), FileMode::Data);
    plan.file(Path::new("conda-meta/pinned"), pinned(&packages).into_bytes(), FileMode::Data);
    Ok(())
}

/// Where the base at `base` can be written, turns the links to its records into marked copies.
pub(crate) fn guard(plan: &mut Plan, base: &Path) -> Result<()> {
    if !can_be_written(base) {
        return Ok(());
    }
    let Some(dir) = plan.dirs.get_mut(OsStr::new("conda-meta")) else { return Ok(()) };
    let links = std::mem::take(&mut dir.links);
    let from = base.join("conda-meta");
    let copies = parallel::map(threads::for_cpu(), links.len(), |at| {
        let path = from.join(&links[at].name);
        Ok(marked(&std::fs::read(&path).attempt("read", &path)?))
    })?;
    let files = links.into_iter().zip(copies).map(|(link, bytes)| plan::File {
        name: link.name,
        bytes,
        mode: FileMode::Data,
    });
    dir.files.extend(files);
    Ok(())
}

/// One such copy, where the base at `base` can be written.
pub(crate) fn guarded_record(base: &Path, name: &OsStr) -> Option<Vec<u8>> {
    let record = base.join("conda-meta").join(name);
    can_be_written(base).then(|| std::fs::read(record).ok()).flatten().map(|text| marked(&text))
}

fn can_be_written(base: &Path) -> bool {
    ["", "bin", "lib", "etc", "conda-meta"].iter().any(|dir| fs::is_writable(&base.join(dir)))
}

/// A key that no client knows, in front of all others: a look at the first bytes tells whose record it is.
const MARK: &[u8] = b"{\"mlenv\": \"base\", ";

fn marked(record: &[u8]) -> Vec<u8> {
    match record.trim_ascii_start().strip_prefix(b"{") {
        Some(rest) if !rest.trim_ascii_start().starts_with(b"}") => [MARK, rest].concat(),
        _ => record.to_vec(),
    }
}

/// True for a marked copy of a base's record.
pub(crate) fn is_of_base(record: &Path) -> bool {
    let mut head = [0; MARK.len()];
    let read = std::fs::File::open(record).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && head == MARK
}

/// A history in which the user asked for every package of the base. `conda remove X` removes all that nobody
/// asked for: without this it would take the whole base out of the env. The date is fixed, so that the same base
/// gives the same bytes.
fn history(packages: &[Package]) -> Result<String> {
    let names: Vec<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    let specs = serde_json::to_string(&names)
        .map_err(|cause| Error::new(format!("could not write conda's history: {cause}")))?;
    let mut text = String::from("==> 1970-01-01 00:00:00 <==\n# cmd: mlenv create\n");
    for Package { name, version, build } in packages {
        let _ = writeln!(text, "+{name}-{version}-{build}");
    }
    let _ = writeln!(text, "# update specs: {specs}");
    Ok(text)
}

/// Pins every package of the base to its version and build, so that an update does not turn the env into a copy
/// of the base.
fn pinned(packages: &[Package]) -> String {
    let mut text = String::new();
    for Package { name, version, build } in packages {
        let _ = writeln!(text, "{name} =={version} {build}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marked_record_is_known_and_holds_what_it_held() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("x-1-0.json");
        for (text, is_marked) in [(&b" {\n \"name\": \"x\"}"[..], true), (b"{ }", false)] {
            fs::write_atomic(&path, &marked(text)).unwrap();
            assert_eq!(is_of_base(&path), is_marked);
            let told: serde_json::Value =
                serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            assert_eq!(told.get("name").is_some(), is_marked);
        }
        assert!(!is_of_base(root.path()));
    }

    #[test]
    fn every_package_is_asked_for_and_pinned() {
        let packages = ["numpy-1.26.4-py311_0.json", "python-3.11.7-h1_0_cpython.json"];
        let packages: Vec<_> =
            packages.iter().filter_map(|name| Package::from_record_name(name)).collect();
        assert_eq!(pinned(&packages), "numpy ==1.26.4 py311_0\npython ==3.11.7 h1_0_cpython\n");
        let history = history(&packages).unwrap();
        assert!(
            history
                .ends_with("+python-3.11.7-h1_0_cpython\n# update specs: [\"numpy\",\"python\"]\n"),
            "{history}"
        );
    }
}
