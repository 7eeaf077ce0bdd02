//! What a layer did, entry by entry, without the bytes of its files: written down beside an image that is deployed, so that the
//! next one with the same layers need not fetch them. Plain data.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tar::{Entry, EntryType};

use crate::foreign::{self, FileKind};
use crate::image::digest::Digest;
use crate::text::PathText;

/// How hard it is packed: it is written once and read seldom, but somebody waits.
const LEVEL: i32 = 1;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    File,
    Dir,
    Link,
    HardLink,
    /// A name that goes.
    Gone,
    /// A directory whose lower layers go.
    Emptied,
    /// What is left out.
    Other,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Noted {
    /// Its path as the layer has it, from the root.
    #[serde(rename = "p")]
    pub(super) path: PathText,
    #[serde(rename = "k")]
    pub(super) kind: Kind,
    #[serde(rename = "m")]
    pub(super) mode: u32,
    /// When it was changed, in seconds since 1970.
    #[serde(rename = "t")]
    pub(super) time: u64,
    /// Bytes, of a file.
    #[serde(rename = "s")]
    pub(super) size: u64,
    /// What a link says, or the path of the file that a hard link is.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub(super) target: Option<PathText>,
    /// Where it came to lie, links of the image followed.
    #[serde(rename = "a")]
    pub(super) at: PathText,
}

impl Noted {
    /// What the header of an entry says, whose path is `path` and which is linked to `target`.
    pub(super) fn of<R: Read>(entry: &Entry<R>, path: PathBuf, target: Option<PathBuf>) -> Self {
        let header = entry.header();
        let kind = match header.entry_type() {
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => Kind::File,
            EntryType::Directory => Kind::Dir,
            EntryType::Symlink => Kind::Link,
            EntryType::Link => Kind::HardLink,
            _ => Kind::Other,
        };
        Self {
            path: PathText(path),
            kind,
            mode: header.mode().unwrap_or(0o644),
            time: header.mtime().unwrap_or_default(),
            size: if kind == Kind::File { entry.size() } else { 0 },
            target: target.map(PathText),
            at: PathText(PathBuf::new()),
        }
    }
}

/// A layer.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct NotedLayer {
    /// What it unpacks to.
    pub(super) diff: Digest,
    pub(super) entries: Vec<Noted>,
}

/// What is written beside the image.
pub(super) fn packed(layers: &[NotedLayer]) -> std::io::Result<Vec<u8>> {
    zstd::encode_all(serde_json::to_vec(layers)?.as_slice(), LEVEL)
}

/// Reads it. What is not there, or not understood, is nothing: then the layers are fetched.
pub(super) fn read(path: &Path) -> Option<Vec<NotedLayer>> {
    let packed = foreign::read(path, FileKind::PackageData).ok()?;
    let text = zstd::decode_all(packed.as_slice()).ok()?;
    serde_json::from_slice(&text).ok()
}
