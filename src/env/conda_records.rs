//! The records of the base's packages as an env has them: real files, which list what of each package is in the env.
//!
//! Not links, since rattler's tools, pixi among them, do not read records that are links: to them the env would hold no
//! package, and they would write over links that they know nothing about, through them into a base that can be written.
//! And not whole: conda takes a record whose Python files are not in the prefix for stale, and removes it.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::content::{Content, File, FileMode};
use crate::base::conda::MARK;
use crate::error::{Attempt, Error, Result};
use crate::foreign;
use crate::parallel;
use crate::text::Shown;

/// Turns the plan's links to records into files.
pub(crate) fn settle(plan: &mut Content, base: &Path, threads: usize) -> Result<()> {
    let there = entries(plan);
    let Some(dir) = plan.dirs.get_mut(OsStr::new("conda-meta")) else { return Ok(()) };
    let links = std::mem::take(&mut dir.links);
    let from = base.join("conda-meta");
    let texts = parallel::map(threads, links.len(), |at| {
        let path = from.join(&links[at].name);
        let text = foreign::read(&path, foreign::FileKind::PackageData).attempt("read", &path)?;
        cut(&text, |file| there.contains(Path::new(file))).map_err(|cause| {
            let path = Shown(&path);
            Error::new(format!("could not understand the package record {path}: {cause}")).hint(
                "the base is damaged: reinstall that package in the base, or ask whoever keeps it",
            )
        })
    })?;
    let files = links.into_iter().zip(texts).map(|(link, bytes)| File {
        name: link.name,
        bytes,
        mode: FileMode::Data,
    });
    dir.files.extend(files);
    Ok(())
}

/// Every link and file of a plan.
fn entries(plan: &Content) -> HashSet<PathBuf> {
    let mut all = HashSet::new();
    for (path, dir) in &plan.dirs {
        let path = Path::new(path);
        all.extend(dir.links.iter().map(|link| path.join(&link.name)));
        all.extend(dir.files.iter().map(|file| path.join(&file.name)));
    }
    all
}

/// The lists of files in a record; all else is carried as it is.
#[derive(Deserialize)]
struct PathsData<'a> {
    #[serde(borrow, default)]
    paths: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct PathEntry<'a> {
    #[serde(borrow, rename = "_path")]
    path: Cow<'a, str>,
}

/// The record with the mark, and of its files only those that are `there`.
pub(crate) fn cut(text: &[u8], there: impl Fn(&str) -> bool) -> serde_json::Result<Vec<u8>> {
    let mut fields: BTreeMap<Cow<str>, &RawValue> = serde_json::from_slice(text)?;
    let mut out = String::from(MARK);
    let mut field = |name: &str, value: &str| {
        out.extend([", ", &serde_json::to_string(name)?, ": ", value]);
        Ok::<(), serde_json::Error>(())
    };
    if let Some(files) = fields.remove("files") {
        let mut files: Vec<Cow<str>> = serde_json::from_str(files.get())?;
        files.retain(|file| there(file));
        field("files", &serde_json::to_string(&files)?)?;
    }
    if let Some(data) = fields.remove("paths_data") {
        let mut paths = serde_json::from_str::<PathsData>(data.get())?.paths;
        let is_there = |raw: &&RawValue| {
            serde_json::from_str::<PathEntry>(raw.get()).is_ok_and(|entry| there(&entry.path))
        };
        paths.retain(is_there);
        let paths = serde_json::to_string(&paths)?;
        field("paths_data", &format!("{{\"paths\": {paths}, \"paths_version\": 1}}"))?;
    }
    // Of a record that came out of an env; the mark is ours to give.
    fields.remove("mlenv");
    for (name, value) in fields {
        field(&name, value.get())?;
    }
    Ok((out + "}\n").into_bytes())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::base::conda::is_of_base;

    #[test]
    fn a_record_keeps_what_is_there_and_is_known_by_its_mark() {
        let record = json!({
            "name": "x", "depends": ["a >=1"], "files": ["bin/x", "lib/python3.11/x.py"],
            "paths_data": {"paths": [{"_path": "bin/x", "sha256": "1"}, {"_path": "lib/python3.11/x.py"}], "paths_version": 1},
        });
        let text = cut(record.to_string().as_bytes(), |file| file == "bin/x").unwrap();
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("x-1-0.json");
        crate::fs::write_atomic(&path, &text).unwrap();
        assert!(is_of_base(&path) && !is_of_base(root.path()));
        let told: Value = serde_json::from_slice(&text).unwrap();
        let expected = json!({
            "mlenv": "base", "name": "x", "depends": ["a >=1"], "files": ["bin/x"],
            "paths_data": {"paths": [{"_path": "bin/x", "sha256": "1"}], "paths_version": 1},
        });
        assert_eq!(told, expected);
        assert_eq!(cut(b"{}", |_| true).unwrap(), b"{\"mlenv\": \"base\"}\n");
        assert_eq!(cut(b"{\"mlenv\": 1}", |_| true).unwrap(), b"{\"mlenv\": \"base\"}\n");
        assert!(cut(b"[]", |_| true).is_err());
    }
}
