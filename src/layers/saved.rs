//! An image that an engine wrote to a file just now: what its layers unpack to, and the top one to be read. In the OCI layout, or as
//! docker before 25 writes it.

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::local::{LocalImage, entries};
use super::stream;
use crate::error::{Attempt, Error, Result};
use crate::foreign;
use crate::image::digest::Digest;
use crate::text::Shown;

/// The image.
pub(crate) struct SavedImage {
    /// What each layer unpacks to, the lowest first.
    pub(crate) diffs: Vec<Digest>,
    top: Top,
}

/// Where the top layer lies.
enum Top {
    /// In the OCI layout: the last part.
    Part(Box<LocalImage>),
    /// A plain tar in docker's, which begins there and has so many bytes.
    Tar(PathBuf, u64, u64),
}

#[derive(Deserialize)]
struct Config {
    rootfs: Rootfs,
}

#[derive(Deserialize)]
struct Rootfs {
    diff_ids: Vec<Digest>,
}

/// docker's own list of what is in such a file.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    config: PathBuf,
    layers: Vec<PathBuf>,
}

impl SavedImage {
    /// Reads the file at `path`.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let there = entries(path)?;
        if there.contains_key(Path::new("index.json")) {
            let image = LocalImage::open(path)?;
            let config = image.parts.first().ok_or_else(|| damaged(path))?;
            let mut text = Vec::new();
            image.read(config)?.read_to_end(&mut text).attempt("read", path)?;
            let config: Config = serde_json::from_slice(&text).map_err(|_| damaged(path))?;
            return Ok(Self { diffs: config.rootfs.diff_ids, top: Top::Part(Box::new(image)) });
        }
        let place = |name: &Path| there.get(name).copied().ok_or_else(|| damaged(path));
        let small = |name: &Path| {
            let (at, size) = place(name)?;
            let mut text = Vec::new();
            part(path, at, size)?.read_to_end(&mut text).attempt("read", path)?;
            Ok::<_, Error>(text)
        };
        let list = small(Path::new("manifest.json"))?;
        let list: Vec<Listed> = serde_json::from_slice(&list).map_err(|_| damaged(path))?;
        let [Listed { config, layers }] = list.as_slice() else { return Err(damaged(path)) };
        let config: Config = serde_json::from_slice(&small(config)?).map_err(|_| damaged(path))?;
        let (at, size) = place(layers.last().ok_or_else(|| damaged(path))?)?;
        Ok(Self { diffs: config.rootfs.diff_ids, top: Top::Tar(path.to_owned(), at, size) })
    }

    /// Lets `take` read the top layer's tar, and compares it with its digests.
    pub(crate) fn read_top<T>(&self, take: impl FnOnce(&mut dyn Read) -> Result<T>) -> Result<T> {
        let lacking = || Error::new("the image has no layer");
        let diff = self.diffs.last().ok_or_else(lacking)?;
        match &self.top {
            Top::Part(image) => {
                let top = image.parts.last().ok_or_else(lacking)?;
                stream::read(image.read(top)?, (&top.digest, diff), take)
            }
            Top::Tar(path, at, size) => stream::read(part(path, *at, *size)?, (diff, diff), take),
        }
    }
}

fn part(path: &Path, at: u64, size: u64) -> Result<impl Read> {
    let mut file = foreign::open(path).attempt("read", path)?;
    file.seek(SeekFrom::Start(at)).attempt("read", path)?;
    Ok(file.take(size))
}

fn damaged(path: &Path) -> Error {
    Error::new(format!("the engine wrote no image that is understood to {}", Shown(path)))
}
