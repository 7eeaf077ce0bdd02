//! `mlenv-prepared.json` in a base: what was changed, by which bytes, and so how to undo it.

use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::edit::{Edit, Splice};
use super::finding::BaseFault;
use crate::error::{Attempt, Error, Result};
use crate::foreign::{self, claim};
use crate::fs;
use crate::text::{PathText, Shown, hex, shown};

/// The record's name in a base.
pub(crate) const FILE: &str = "mlenv-prepared.json";

const FORMAT: u32 = 1;

/// The record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Prepared {
    format: u32,
    /// The version that wrote it.
    mlenv: String,
    /// Where the base was built.
    pub(crate) built_at: PathText,
    /// What was changed, in order. Written before it is done.
    pub(crate) edits: Vec<Done>,
    /// Files that were added. Written before it is done, as well.
    pub(crate) written: Vec<Written>,
}

/// One changed file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Done {
    /// Relative to the base.
    #[serde(deserialize_with = "claim::inside")]
    pub(crate) path: PathText,
    /// Why.
    pub(crate) kind: BaseFault,
    /// The file before.
    pub(crate) old_sha256: String,
    /// And after.
    pub(crate) new_sha256: String,
    splices: Vec<Bytes>,
}

/// One added file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Written {
    /// Relative to the base.
    #[serde(deserialize_with = "claim::inside")]
    pub(crate) path: PathText,
    /// What is in it.
    pub(crate) sha256: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Bytes {
    offset: u64,
    #[serde(serialize_with = "to_hex", deserialize_with = "from_hex")]
    old: Vec<u8>,
    #[serde(serialize_with = "to_hex", deserialize_with = "from_hex")]
    new: Vec<u8>,
}

fn to_hex<S: Serializer>(bytes: &[u8], serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(&hex(bytes))
}

fn from_hex<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let pair = |pair: &[u8; 2]| {
        let digits = std::str::from_utf8(pair).ok()?;
        u8::from_str_radix(digits, 16).ok()
    };
    let (pairs, rest) = text.as_bytes().as_chunks();
    let bytes: Option<Vec<u8>> = pairs.iter().map(pair).collect();
    bytes
        .filter(|_| rest.is_empty())
        .ok_or_else(|| serde::de::Error::custom("no hexadecimal bytes"))
}

impl Done {
    /// An edit with what the file was before and is after.
    pub(super) fn new(
        kind: BaseFault,
        edit: &Edit,
        old_sha256: String,
        new_sha256: String,
    ) -> Self {
        let splices = edit.splices.iter().map(|splice| {
            let Splice { offset, old, new } = splice.clone();
            Bytes { offset, old, new }
        });
        let path = PathText(edit.path.clone());
        Self { path, kind, old_sha256, new_sha256, splices: splices.collect() }
    }

    /// The edit.
    pub(super) fn edit(&self) -> Edit {
        let splices = self.splices.iter().map(|bytes| {
            let Bytes { offset, old, new } = bytes.clone();
            Splice { offset, old, new }
        });
        Edit { path: self.path.0.clone(), splices: splices.collect() }
    }
}

impl Prepared {
    /// An empty record.
    pub(crate) fn new(built_at: &Path) -> Self {
        Self {
            format: FORMAT,
            mlenv: env!("CARGO_PKG_VERSION").to_owned(),
            built_at: PathText(built_at.to_owned()),
            edits: Vec::new(),
            written: Vec::new(),
        }
    }

    /// The record of the base at `prefix`; `None` where nothing was prepared.
    pub(crate) fn read(prefix: &Path) -> Result<Option<Self>> {
        let path = prefix.join(FILE);
        let Some(text) = foreign::read_if_there(&path, foreign::FileKind::PackageData)? else {
            return Ok(None);
        };
        let read: Self = serde_json::from_slice(&text).map_err(|cause| {
            Error::new(format!("could not understand {}: {}", Shown(&path), shown(&cause.to_string())))
                .hint("without it what was done to the base cannot be undone: restore it from a backup, or move it away")
        })?;
        if read.format == FORMAT {
            return Ok(Some(read));
        }
        Err(Error::new(format!(
            "{} was written by another mlenv ({})",
            Shown(&path),
            shown(&read.mlenv)
        ))
        .hint("use that version, or a later one"))
    }

    /// Puts it into the base; takes it away where it holds nothing any more.
    pub(super) fn write(&self, prefix: &Path) -> Result<()> {
        let path = prefix.join(FILE);
        if self.edits.is_empty() && self.written.is_empty() {
            return fs::remove_file(&path).attempt("remove", &path);
        }
        let text = serde_json::to_string_pretty(self).map_err(|cause| {
            Error::new(format!("could not write what was done to the base: {cause}"))
        })?;
        fs::write_atomic(&path, (text + "\n").as_bytes()).attempt("write", &path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_gives_back_the_bytes_and_a_damaged_or_newer_one_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let splice = Splice { offset: 7, old: b"\x00\xff".into(), new: b"ab".into() };
        let edit = Edit { path: "bin/x".into(), splices: vec![splice] };
        let mut record = Prepared::new(Path::new("/opt/conda"));
        record.edits.push(Done::new(BaseFault::SearchPaths, &edit, "1".into(), "2".into()));
        record.write(root.path()).unwrap();
        let read = Prepared::read(root.path()).unwrap().unwrap();
        assert_eq!(read.edits[0].edit(), edit);
        let path = root.path().join(FILE);
        let text = foreign::read_text(&path, foreign::FileKind::Settings).unwrap();
        for other in [
            text.replace("00ff", "0zff"),
            text.replace("\"format\": 1", "\"format\": 2"),
            "{".into(),
        ] {
            fs::write_atomic(&path, other.as_bytes()).unwrap();
            assert!(Prepared::read(root.path()).is_err(), "{other}");
        }
        record.edits.clear();
        record.write(root.path()).unwrap();
        assert!(!path.exists());
    }
}
