//! An image that lies here as files: an archive or a directory in the OCI layout, as `freeze`, `build` and engines write it.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Take};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::freeze::MADE_BY;
use crate::error::{Attempt, Error, Result};
use crate::foreign::{self, FileKind};
use crate::image::digest::Digest;
use crate::text::Shown;

/// A manifest may have so many bytes, as registries have it.
const MOST: u64 = 4 << 20;

/// One image.
pub(crate) struct LocalImage {
    place: Place,
    /// The manifest, as it stands.
    pub(crate) manifest: Vec<u8>,
    /// Its media type.
    pub(crate) media_type: String,
    /// The config and then the layers.
    pub(crate) parts: Vec<Part>,
    /// How many of the layers are those of the image that it was made on, where it is known.
    pub(crate) of_base: usize,
}

/// A blob.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Part {
    pub(crate) digest: Digest,
    pub(crate) size: u64,
}

enum Place {
    Dir(PathBuf),
    /// The file, and where in it each blob begins.
    Archive(PathBuf, HashMap<PathBuf, (u64, u64)>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Index {
    manifests: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    media_type: String,
    digest: Digest,
}

#[derive(Deserialize)]
struct Manifest {
    config: Part,
    layers: Vec<Part>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Config {
    history: Vec<Step>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Step {
    created_by: String,
}

impl LocalImage {
    /// Reads the archive or directory at `path`: one image, of one platform.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let place = if path.is_dir() {
            Place::Dir(path.to_owned())
        } else {
            Place::Archive(path.to_owned(), entries(path)?)
        };
        let wrong = |what: &str| Error::new(format!("{} {what}", Shown(path)));
        let Some(index) = place.small(Path::new("index.json"))? else {
            return Err(wrong("holds no image in the OCI layout").hint(
                "`podman save --format oci-archive`, `docker save` (25 and later) and `mlenv image freeze -o FILE` write such",
            ));
        };
        let index: Index = understood(path, &index)?;
        let [Entry { media_type, digest }] = index.manifests.as_slice() else {
            return Err(wrong("holds several images").hint("save one of them alone"));
        };
        if !media_type.contains("manifest.v") {
            return Err(wrong("holds an image for several platforms")
                .hint("save the one of this machine alone"));
        }
        let manifest = place.small(&blob(digest))?.filter(|bytes| digest.names(bytes));
        let manifest =
            manifest.ok_or_else(|| wrong("has no manifest of the digest that it names"))?;
        let Manifest { config, layers } = understood(path, &manifest)?;
        let made: Config = match place.small(&blob(&config.digest))? {
            Some(bytes) => understood(path, &bytes)?,
            None => Config::default(),
        };
        // What `freeze` makes is one layer on another image's.
        let is_frozen =
            made.history.last().is_some_and(|step| step.created_by.starts_with(MADE_BY));
        let of_base = if is_frozen { layers.len().saturating_sub(1) } else { 0 };
        let parts = std::iter::once(config).chain(layers).collect();
        Ok(Self { place, manifest, media_type: media_type.clone(), parts, of_base })
    }

    /// A blob to be read. Its bytes are for the registry to compare with its digest.
    pub(crate) fn read(&self, part: &Part) -> Result<Take<File>> {
        self.place.open(&blob(&part.digest), part.size)
    }
}

fn blob(digest: &Digest) -> PathBuf {
    Path::new("blobs/sha256").join(digest.hex())
}

fn understood<T: for<'de> Deserialize<'de>>(path: &Path, bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|cause| {
        Error::new(format!("could not understand the image in {}: {cause}", Shown(path)))
    })
}

/// Where each plain file of a tar lies in it.
pub(super) fn entries(path: &Path) -> Result<HashMap<PathBuf, (u64, u64)>> {
    let file = foreign::open(path).attempt("read", path)?;
    let mut archive = tar::Archive::new(file);
    let mut found = HashMap::new();
    for entry in archive.entries_with_seek().attempt("read", path)? {
        let entry = entry.attempt("read", path)?;
        let name = entry.path().attempt("read", path)?.components().collect();
        if entry.header().entry_type().is_file() {
            found.insert(name, (entry.raw_file_position(), entry.size()));
        }
    }
    Ok(found)
}

impl Place {
    /// A whole small file; none where it is not there.
    fn small(&self, name: &Path) -> Result<Option<Vec<u8>>> {
        match self {
            Self::Dir(dir) => foreign::read_if_there(&dir.join(name), FileKind::Settings),
            Self::Archive(_, there) => {
                let Some((_, size)) = there.get(name).filter(|(_, size)| *size <= MOST) else {
                    return Ok(None);
                };
                let mut bytes = Vec::new();
                self.open(name, *size)?.read_to_end(&mut bytes).attempt("read", name)?;
                Ok(Some(bytes))
            }
        }
    }

    fn open(&self, name: &Path, size: u64) -> Result<Take<File>> {
        let lacks = || {
            Error::new(format!("the image lacks its part {}", Shown(name))).hint("write it anew")
        };
        match self {
            Self::Dir(dir) => {
                let file =
                    foreign::open_unfollowed(&dir.join(name)).attempt("read", &dir.join(name))?;
                let has = file.metadata().attempt("read", name)?.len();
                if has == size { Ok(file.take(size)) } else { Err(lacks()) }
            }
            Self::Archive(path, there) => {
                let (at, _) = there.get(name).filter(|(_, has)| *has == size).ok_or_else(lacks)?;
                let mut file = foreign::open(path).attempt("read", path)?;
                file.seek(SeekFrom::Start(*at)).attempt("read", path)?;
                Ok(file.take(size))
            }
        }
    }
}
