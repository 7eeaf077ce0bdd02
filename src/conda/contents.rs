//! What a package says of its own files: `info/paths.json` and `info/link.json`, or the lists of old packages
//! (`info/files`, `info/has_prefix`, `info/no_link`).

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::entry_point::EntryPoint;
use super::prefix::Mode;
use crate::error::{Error, Result};
use crate::foreign::{self, FileKind};
use crate::text::Shown;

/// How a file is put in place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PathType {
    /// A file.
    #[default]
    HardLink,
    /// A link, taken over as it is.
    SoftLink,
    /// An empty directory.
    Directory,
}

/// One file, as `paths.json` has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Entry {
    /// Relative to the package.
    #[serde(rename = "_path")]
    pub(crate) path: PathBuf,
    #[serde(default)]
    pub(crate) path_type: PathType,
    /// What the env's path is put in the place of.
    #[serde(default)]
    pub(crate) prefix_placeholder: Option<String>,
    #[serde(default)]
    pub(crate) file_mode: Mode,
    /// True where every env needs a copy of its own.
    #[serde(default)]
    pub(crate) no_link: bool,
    #[serde(default)]
    pub(crate) sha256: Option<String>,
    #[serde(default)]
    pub(crate) size_in_bytes: Option<u64>,
}

/// All that is to be put in place.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub(crate) files: Vec<Entry>,
    pub(crate) entry_points: Vec<EntryPoint>,
}

#[derive(Deserialize)]
struct PathsJson {
    paths: Vec<Entry>,
}

#[derive(Deserialize)]
struct LinkJson {
    #[serde(default)]
    noarch: Option<NoArch>,
}

#[derive(Deserialize)]
struct NoArch {
    #[serde(default)]
    entry_points: Vec<String>,
}

/// What old packages have where `has_prefix` names none.
const OLD_PLACEHOLDER: &str = "/opt/anaconda1anaconda2anaconda3";

/// Reads what the unpacked package at `dir` says.
pub(crate) fn read(dir: &Path) -> Result<Contents> {
    let files = match text(dir, "paths.json")? {
        Some(text) => json::<PathsJson>(dir, "paths.json", &text)?.paths,
        None => old_lists(dir)?,
    };
    let entry_points = match text(dir, "link.json")? {
        Some(text) => {
            let noarch = json::<LinkJson>(dir, "link.json", &text)?.noarch;
            let lines = noarch.map(|noarch| noarch.entry_points).unwrap_or_default();
            lines.iter().map(|line| EntryPoint::parse(line)).collect::<Result<_>>()?
        }
        None => Vec::new(),
    };
    Ok(Contents { files, entry_points })
}

fn text(dir: &Path, name: &str) -> Result<Option<Vec<u8>>> {
    foreign::read_if_there(&dir.join("info").join(name), FileKind::PackageData)
}

fn json<T: for<'de> Deserialize<'de>>(dir: &Path, name: &str, text: &[u8]) -> Result<T> {
    serde_json::from_slice(text).map_err(|cause| {
        let path = dir.join("info").join(name);
        Error::new(format!("could not understand {}: {cause}", Shown(&path)))
            .hint("the package is damaged: tell who made it")
    })
}

fn old_lists(dir: &Path) -> Result<Vec<Entry>> {
    let lines = |name: &str| -> Result<Vec<String>> {
        let text = String::from_utf8_lossy(&text(dir, name)?.unwrap_or_default()).into_owned();
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        Ok(lines.map(str::to_owned).collect())
    };
    let prefixed: HashMap<String, (String, Mode)> =
        lines("has_prefix")?.iter().map(|line| old_prefix(line)).collect();
    let unlinked: HashSet<String> =
        [lines("no_link")?, lines("no_softlink")?].concat().into_iter().collect();
    let entry = |file: String| {
        let found = prefixed.get(&file);
        let is_link = dir.join(&file).is_symlink();
        Entry {
            path_type: if is_link { PathType::SoftLink } else { PathType::HardLink },
            prefix_placeholder: found.map(|(placeholder, _)| placeholder.clone()),
            file_mode: found.map(|(_, mode)| *mode).unwrap_or_default(),
            no_link: unlinked.contains(&file),
            path: file.into(),
            ..Entry::default()
        }
    };
    Ok(lines("files")?.into_iter().map(entry).collect())
}

/// `PLACEHOLDER MODE PATH`, each perhaps in quotes, or a path alone.
fn old_prefix(line: &str) -> (String, (String, Mode)) {
    let words = shell_words::split(line).unwrap_or_default();
    match words.as_slice() {
        [placeholder, mode, path] => {
            let mode = if mode == "binary" { Mode::Binary } else { Mode::Text };
            (path.clone(), (placeholder.clone(), mode))
        }
        _ => (line.to_owned(), (OLD_PLACEHOLDER.to_owned(), Mode::Text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        crate::fs::make_dirs(&dir.path().join("info"), 0o755).unwrap();
        for (name, text) in files {
            crate::fs::write_new(&dir.path().join("info").join(name), text.as_bytes()).unwrap();
        }
        dir
    }

    #[test]
    fn new_packages_are_described_in_json() {
        let dir = package(&[
            (
                "paths.json",
                r#"{"paths": [{"_path": "a", "path_type": "hardlink", "sha256": "1", "size_in_bytes": 2},
                    {"_path": "b", "path_type": "softlink"}, {"_path": "c", "path_type": "directory"},
                    {"_path": "d", "prefix_placeholder": "/p", "file_mode": "binary", "no_link": true}]}"#,
            ),
            ("link.json", r#"{"noarch": {"type": "python", "entry_points": ["x = y:z"]}}"#),
        ]);
        let contents = read(dir.path()).unwrap();
        let kinds: Vec<PathType> = contents.files.iter().map(|entry| entry.path_type).collect();
        let file = PathType::HardLink;
        assert_eq!(kinds, [file, PathType::SoftLink, PathType::Directory, file]);
        let last = &contents.files[3];
        assert_eq!((last.file_mode, last.no_link), (Mode::Binary, true));
        assert_eq!(contents.entry_points.len(), 1);
    }

    #[test]
    fn old_packages_have_lists() {
        let dir = package(&[
            ("files", "bin/x\nlib/y\nz\n"),
            ("has_prefix", "\"/p p\" binary \"lib/y\"\nz\n"),
            ("no_link", "bin/x\n"),
        ]);
        let files = read(dir.path()).unwrap().files;
        assert!(files[0].no_link && files[0].prefix_placeholder.is_none());
        assert_eq!(files[1].prefix_placeholder.as_deref(), Some("/p p"));
        assert_eq!(files[1].file_mode, Mode::Binary);
        assert_eq!(files[2].prefix_placeholder.as_deref(), Some(OLD_PLACEHOLDER));
    }

    #[test]
    fn what_cannot_be_understood_is_told_with_its_path() {
        for (name, text) in [
            ("paths.json", "{"),
            ("paths.json", r#"{"paths": [{"_path": "a", "path_type": "device"}]}"#),
            ("link.json", r#"{"noarch": {"entry_points": ["../x = y:z"]}}"#),
        ] {
            assert!(read(package(&[(name, text)]).path()).is_err(), "{name} {text}");
        }
    }
}
