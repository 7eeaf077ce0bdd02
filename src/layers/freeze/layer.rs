//! A directory packed as a layer: always to the same bytes.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tar::{Builder, EntryType, Header};
use walkdir::WalkDir;

use super::Wish;
use super::content::Laid;
use super::members::Members;
use crate::env::leftover::MARK;
use crate::error::{Attempt, Error, Result};
use crate::foreign;
use crate::fs::Root;
use crate::image::digest::Digest;
use crate::shell::apptainer;
use crate::text::hex;

/// The time of every entry, if `SOURCE_DATE_EPOCH` says nothing else: archives cannot tell earlier ones.
const TIME: u64 = 315_532_800; // 1980-01-01

/// Takes away what a lower layer has in the same directory: an image that was frozen before may be the base.
const OPAQUE: &str = ".wh..wh..opq";

/// Where apptainer looks for what it runs before a command.
const APPTAINER: &str = ".singularity.d/env/92-mlenv.sh";

/// The name of the program that activates the env.
pub(super) const ENTRY: &str = "bin/mlenv-entry";

/// A layer that was made.
pub(crate) struct NewLayer {
    /// Its bytes.
    file: File,
    /// As it is sent.
    pub(crate) digest: Digest,
    /// As it unpacks.
    pub(crate) diff: Digest,
    /// Bytes to be sent.
    pub(crate) size: u64,
}

impl NewLayer {
    /// Its bytes, from the first.
    pub(crate) fn open(&self) -> Result<impl Read> {
        let mut file = self.file.try_clone().attempt("read", Path::new("the layer"))?;
        file.rewind().attempt("read", Path::new("the layer"))?;
        Ok(BufReader::new(file))
    }
}

/// Hashes what goes through.
pub(super) struct Counted<W> {
    inner: W,
    hash: Sha256,
    count: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.hash.update(&bytes[..count]);
        self.count += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

fn counted<W>(inner: W) -> Counted<W> {
    Counted { inner, hash: Sha256::new(), count: 0 }
}

/// A tar that is hashed on its way into gzip, and behind.
pub(super) type LayerTar = Builder<Counted<Members<Counted<BufWriter<File>>>>>;

/// Packs what was laid out for its place in the image, and before it the base that goes along.
pub(super) fn pack(laid: &Laid, wish: &Wish) -> Result<NewLayer> {
    let root = laid.stage.root();
    packed(root, |tar| {
        if let Some(below) = wish.below {
            tree(tar, below.path(), wish.base_prefix).attempt("pack", wish.base_prefix)?;
        }
        entries(tar, root.path(), wish.prefix).attempt("pack", wish.prefix)
    })
}

/// The layer that `put` puts together, in a file of no name below `root`.
pub(super) fn packed(
    root: &Root,
    put: impl FnOnce(&mut LayerTar) -> Result<()>,
) -> Result<NewLayer> {
    let what = Path::new("the layer");
    let file = root.scratch(Path::new(".layer")).attempt("make a file for", what)?;
    let outer = counted(BufWriter::new(file));
    // gzip, since docker before 23 reads nothing else.
    let gzip = Members::new(outer);
    let mut tar = Builder::new(counted(gzip));
    put(&mut tar)?;
    let inner = tar.into_inner().attempt("pack", what)?;
    let diff = hex(&inner.hash.finalize());
    let outer = inner.inner.finish().attempt("pack", what)?;
    let (digest, size) = (hex(&outer.hash.finalize()), outer.count);
    let file = outer
        .inner
        .into_inner()
        .map_err(|cause| Error::new(format!("could not write the layer: {}", cause.error())))?;
    let named = |hex: &str| Digest::parse(&format!("sha256:{hex}"));
    Ok(NewLayer { file, digest: named(&digest)?, diff: named(&diff)?, size })
}

/// The directory `dir` as the directory `prefix` of the image, and what of that is there already taken away.
fn tree<W: Write>(tar: &mut Builder<W>, dir: &Path, prefix: &Path) -> io::Result<()> {
    let inside = inside(prefix);
    let mut above: Vec<&Path> = inside.ancestors().collect();
    above.pop(); // the root itself
    for parent in above.iter().rev() {
        add(tar, EntryType::Directory, parent, 0o755, &[])?;
    }
    add(tar, EntryType::Regular, &inside.join(OPAQUE), 0o644, &[])?;
    for entry in WalkDir::new(dir).min_depth(1).sort_by_file_name() {
        let entry = entry.map_err(io::Error::from)?;
        let path = entry.path().strip_prefix(dir).unwrap_or(entry.path());
        if path != Path::new(MARK) {
            one(tar, entry.path(), &inside.join(path))?;
        }
    }
    Ok(())
}

fn inside(prefix: &Path) -> PathBuf {
    prefix.components().filter(|part| matches!(part, Component::Normal(_))).collect()
}

fn entries<W: Write>(tar: &mut Builder<W>, dir: &Path, prefix: &Path) -> io::Result<()> {
    tree(tar, dir, prefix)?;
    let entry = apptainer::entry(prefix);
    add(tar, EntryType::Regular, &inside(prefix).join(ENTRY), 0o755, &entry)?;
    for parent in [".singularity.d", ".singularity.d/env"] {
        add(tar, EntryType::Directory, Path::new(parent), 0o755, &[])?;
    }
    let sourced = apptainer::activation(prefix);
    add(tar, EntryType::Regular, Path::new(APPTAINER), 0o755, &sourced)
}

fn one<W: Write>(tar: &mut Builder<W>, path: &Path, inside: &Path) -> io::Result<()> {
    let meta = path.symlink_metadata()?;
    if meta.is_dir() {
        return add(tar, EntryType::Directory, inside, 0o755, &[]);
    }
    if meta.is_symlink() {
        let mut header = header(EntryType::Symlink, 0o777, 0);
        return tar.append_link(&mut header, inside, std::fs::read_link(path)?);
    }
    let mode = if meta.permissions().mode() & 0o111 == 0 { 0o644 } else { 0o755 };
    let mut header = header(EntryType::Regular, mode, meta.len());
    tar.append_data(&mut header, inside, foreign::open_unfollowed(path)?)
}

fn add<W: Write>(
    tar: &mut Builder<W>,
    kind: EntryType,
    path: &Path,
    mode: u32,
    bytes: &[u8],
) -> io::Result<()> {
    let mut header = header(kind, mode, bytes.len() as u64);
    tar.append_data(&mut header, path, bytes)
}

fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_mtime(TIME);
    header.set_uid(0);
    header.set_gid(0);
    header
}
