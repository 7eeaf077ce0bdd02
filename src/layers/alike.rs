//! What an image has in common with the one before it takes its room on the disk once: file systems that can let both share
//! the bytes, and elsewhere both names are of one file, where permissions and time agree too.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::fs::Root;

/// A name for a moment, in a directory that nobody sees yet.
const MOMENT: &str = ".mlenv-alike";

/// How much is compared at once.
const PIECE: usize = 1 << 16;

/// Files that both images have.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Shared {
    /// Files of their own that share their bytes.
    pub(crate) clones: usize,
    /// Second names of the old files.
    pub(crate) links: usize,
    /// Bytes that are there once.
    pub(crate) bytes: u64,
}

impl Shared {
    /// Both together.
    pub(super) fn and(&self, other: &Self) -> Self {
        Self {
            clones: self.clones + other.clones,
            links: self.links + other.links,
            bytes: self.bytes + other.bytes,
        }
    }
}

/// Lets the files below `new`, which nobody uses yet, share what they have in common with those of the same path below `old`.
/// What cannot be shared stays as it is. Names of one file only where `may_link` says so,
/// and of files that `counts` knows.
pub(super) fn share(
    new: &Root,
    old: &Root,
    may_link: bool,
    counts: &dyn Fn(&Path) -> bool,
) -> Shared {
    let mut shared = Shared::default();
    let mut can_clone = true;
    let seen = new.seen();
    for entry in WalkDir::new(&seen).min_depth(1).into_iter().flatten() {
        let Ok(path) = entry.path().strip_prefix(&seen).map(Path::to_owned) else { continue };
        if !entry.file_type().is_file()
            || !counts(&path)
            || !is_worth_it(new, old, &path).unwrap_or(false)
        {
            continue;
        }
        let bytes = entry.metadata().map_or(0, |meta| meta.len());
        if can_clone {
            match new.clone_file(Path::new(MOMENT), (new, &path), (old, &path)) {
                Ok(()) => {
                    if put(new, &path).is_ok() {
                        shared.clones += 1;
                        shared.bytes += bytes;
                    }
                    continue;
                }
                // Where it cannot be done once, it cannot be done at all.
                Err(_) => can_clone = false,
            }
            let _ = new.remove_file(Path::new(MOMENT));
        }
        if !may_link {
            return shared;
        }
        if has_same_marks(new, old, &path) && tie(new, old, &path).is_ok() {
            shared.links += 1;
            shared.bytes += bytes;
        }
    }
    shared
}

fn tie(new: &Root, old: &Root, path: &Path) -> io::Result<()> {
    new.tie(Path::new(MOMENT), old, path)?;
    put(new, path)
}

/// The file goes where the one that it is like was, in one step.
fn put(new: &Root, path: &Path) -> io::Result<()> {
    let done = new.rename(Path::new(MOMENT), path);
    if done.is_err() {
        let _ = new.remove_file(Path::new(MOMENT));
    }
    done
}

/// The same content, in files that are not one yet. No part of either path is a link.
fn is_worth_it(new: &Root, old: &Root, path: &Path) -> io::Result<bool> {
    let (one, other) = (new.stat(path)?, old.stat(path)?);
    if one.st_size == 0 || one.st_size != other.st_size || one.st_nlink > 1 {
        return Ok(false);
    }
    let (mut one, mut other) = (new.open_file(path)?, old.open_file(path)?);
    let (mut left, mut right) = (vec![0; PIECE], vec![0; PIECE]);
    loop {
        let count = one.read(&mut left)?;
        if count == 0 {
            return Ok(other.read(&mut right)? == 0);
        }
        other.read_exact(&mut right[..count])?;
        if left[..count] != right[..count] {
            return Ok(false);
        }
    }
}

/// The same owner, permissions and time: all names of one file have these together.
fn has_same_marks(new: &Root, old: &Root, path: &Path) -> bool {
    let marks = |root: &Root| {
        let meta = root.stat(path).ok()?;
        Some((meta.st_uid, meta.st_gid, meta.st_mode, meta.st_mtime))
    };
    marks(new).is_some_and(|one| Some(one) == marks(old))
}

/// The image that a tag's link leads to, else the one that another tag of the repository got last; if it is below `flat`.
pub(super) fn image_before(link: &Path, flat: &Path) -> Option<PathBuf> {
    let link = if link.is_symlink() { link.to_owned() } else { newest_beside(link)? };
    let place = link.canonicalize().ok()?;
    place.starts_with(flat.canonicalize().ok()?).then_some(place).filter(|place| place.is_dir())
}

fn newest_beside(link: &Path) -> Option<PathBuf> {
    let (name, _) = link.file_name()?.to_str()?.rsplit_once(':')?;
    let others = link.parent()?.read_dir().ok()?.flatten().filter(|entry| {
        let other = entry.file_name();
        other.to_str().and_then(|it| it.rsplit_once(':')).is_some_and(|(it, _)| it == name)
    });
    let links = others.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_symlink()));
    let newest = links.max_by_key(|entry| entry.metadata().and_then(|it| it.modified()).ok())?;
    Some(newest.path())
}
