//! A new image as files: a directory in the OCI layout, or one tar of it.

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use serde_json::json;
use sha2::{Digest as _, Sha256};
use tar::{Builder, EntryType, Header};

use super::freeze::Frozen;
use crate::env::stage::{OnExisting, Stage};
use crate::error::{Attempt, Error, Result};
use crate::foreign;
use crate::fs::{self, Root};
use crate::image::digest::Digest;
use crate::image::registry::Registry;
use crate::image::registry::content::{ImageContent, LayerContent};
use crate::text::{Shown, hex, size};
use crate::ui::Ui;

/// Where an image goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// A directory that is not there yet.
    Dir(PathBuf),
    /// A file, which engines load as `oci-archive:FILE`.
    Archive(PathBuf),
    /// A SIF file, which apptainer makes.
    Sif(PathBuf),
    /// A directory with the image's files, which apptainer makes.
    Sandbox(PathBuf),
}

impl Output {
    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        let (Self::Dir(path) | Self::Archive(path) | Self::Sif(path) | Self::Sandbox(path)) = self;
        path
    }
}

/// Makes the directory `dir` of an archive in the OCI layout, which is that layout as a tar of plain files.
pub(crate) fn laid_out(archive: &Path, dir: &Path) -> Result<()> {
    let stage = Stage::new(dir.parent().unwrap_or(Path::new("/")))?;
    let file = foreign::open(archive).attempt("read", archive)?;
    unpacked(file, stage.root()).attempt("write", dir)?;
    stage.commit(dir, OnExisting::Fail)
}

fn unpacked(file: File, root: &Root) -> std::io::Result<()> {
    for entry in tar::Archive::new(file).entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        match entry.header().entry_type() {
            EntryType::Directory => drop(root.make_dirs(&path)?),
            EntryType::Regular => {
                if let Some(parent) = path.parent() {
                    root.make_dirs(parent)?;
                }
                std::io::copy(&mut entry, &mut root.create(&path, 0o644)?)?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// A part of an image, by its path in the layout.
enum Part<'a> {
    Bytes(String, Vec<u8>),
    New(String, &'a Frozen),
    Base(String, &'a LayerContent),
}

/// Writes the image whole: what the base has is fetched.
pub(crate) fn write(
    registry: &mut Registry,
    (content, frozen, tag): (&ImageContent, &Frozen, &str),
    output: &Output,
    ui: Ui,
) -> Result<()> {
    let parts = parts(content, frozen, tag);
    match output {
        Output::Dir(dir) => in_dir(registry, &parts, dir, ui),
        Output::Archive(file) | Output::Sif(file) | Output::Sandbox(file) => {
            if file.symlink_metadata().is_ok() {
                return Err(there(file));
            }
            let parent = file.parent().unwrap_or(Path::new("/"));
            fs::make_dirs(parent, 0o777).attempt("make", parent)?;
            fs::write_whole(file, |out| in_archive(registry, &parts, (out, file), ui))
        }
    }
}

fn there(path: &Path) -> Error {
    Error::no(format!("{} is there already", Shown(path))).hint("name another place, or remove it")
}

fn blob(digest: &Digest) -> String {
    format!("blobs/sha256/{}", digest.hex())
}

fn parts<'a>(content: &'a ImageContent, frozen: &'a Frozen, tag: &str) -> Vec<Part<'a>> {
    let manifest = frozen.digest();
    let index = json!({
        "schemaVersion": 2,
        "manifests": [{
            "mediaType": frozen.media_type, "digest": manifest, "size": frozen.manifest.len(),
            "annotations": {"org.opencontainers.image.ref.name": tag},
        }],
    });
    let mut parts = vec![
        Part::Bytes("oci-layout".to_owned(), br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec()),
        Part::Bytes("index.json".to_owned(), index.to_string().into_bytes()),
        Part::Bytes(blob(&manifest), frozen.manifest.clone()),
        Part::Bytes(blob(&Digest::of(&frozen.config)), frozen.config.clone()),
        Part::New(blob(&frozen.layer.digest), frozen),
    ];
    let mut seen = Vec::new();
    for layer in &content.layers {
        // An empty layer may be there more than once.
        if !seen.contains(&&layer.digest) {
            seen.push(&layer.digest);
            parts.push(Part::Base(blob(&layer.digest), layer));
        }
    }
    parts
}

fn in_dir(registry: &mut Registry, parts: &[Part], dir: &Path, ui: Ui) -> Result<()> {
    if dir.symlink_metadata().is_ok() {
        return Err(there(dir));
    }
    let parent = dir.parent().unwrap_or(Path::new("/"));
    fs::make_dirs(parent, 0o777).attempt("make", parent)?;
    let stage = Stage::new(parent)?;
    let root: &Root = stage.root();
    root.make_dirs(Path::new("blobs/sha256")).attempt("make", &dir.join("blobs"))?;
    for part in parts {
        let (name, _) = named(part);
        let path = dir.join(name);
        let mut file = root.create(Path::new(name), 0o666).attempt("write", &path)?;
        pour(registry, part, &mut file, ui)?;
    }
    stage.commit(dir, OnExisting::Fail)
}

fn in_archive(
    registry: &mut Registry,
    parts: &[Part],
    (out, file): (&File, &Path),
    ui: Ui,
) -> Result<()> {
    let mut tar = Builder::new(BufWriter::new(out));
    // apptainer looks for them.
    for dir in ["blobs/", "blobs/sha256/"] {
        let mut header = header(EntryType::Directory, 0);
        tar.append_data(&mut header, dir, std::io::empty()).attempt("write", file)?;
    }
    for part in parts {
        let (name, length) = named(part);
        let mut header = header(EntryType::Regular, length);
        header.set_path(name).attempt("write", file)?;
        header.set_cksum();
        let out = tar.get_mut();
        out.write_all(header.as_bytes()).attempt("write", file)?;
        pour(registry, part, out, ui)?;
        let gap = (512 - length % 512) % 512;
        out.write_all(&[0; 512][..usize::try_from(gap).unwrap_or(0)]).attempt("write", file)?;
    }
    let mut out = tar.into_inner().attempt("write", file)?;
    out.flush().attempt("write", file)
}

fn header(kind: EntryType, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(if kind == EntryType::Directory { 0o755 } else { 0o644 });
    header.set_size(size);
    header.set_mtime(0);
    header
}

fn named<'a>(part: &'a Part) -> (&'a str, u64) {
    match part {
        Part::Bytes(name, bytes) => (name, bytes.len() as u64),
        Part::New(name, frozen) => (name, frozen.layer.size),
        Part::Base(name, layer) => (name, layer.size),
    }
}

fn pour(registry: &mut Registry, part: &Part, out: &mut impl Write, ui: Ui) -> Result<()> {
    let place = Path::new("the image");
    match part {
        Part::Bytes(_, bytes) => out.write_all(bytes).attempt("write", place),
        Part::New(_, frozen) => {
            std::io::copy(&mut frozen.layer.open()?, out).attempt("write", place).map(drop)
        }
        Part::Base(_, layer) => {
            ui.say(format!("fetching a layer of the base, {}", size(layer.size)));
            copy_checked(registry.open_blob(&layer.digest)?, layer, out)
        }
    }
}

/// Copies a layer of the base, and compares it with its digest and size.
fn copy_checked(from: impl Read, layer: &LayerContent, out: &mut impl Write) -> Result<()> {
    let (mut hash, mut count, mut buffer) = (Sha256::new(), 0_u64, vec![0; 1 << 18]);
    let mut from = from.take(layer.size.saturating_add(1));
    loop {
        let read = from.read(&mut buffer).map_err(|cause| {
            Error::new(format!("a layer of the base ends early: {cause}")).hint("try again")
        })?;
        if read == 0 {
            break;
        }
        hash.update(&buffer[..read]);
        count += read as u64;
        out.write_all(&buffer[..read]).attempt("write", Path::new("the image"))?;
    }
    if count == layer.size && hex(&hash.finalize()) == layer.digest.hex() {
        return Ok(());
    }
    Err(Error::new(format!("a layer of the base is not what its digest says: {}", layer.digest))
        .hint("it was damaged on the way: try again"))
}
