//! The system calls that write: below an open directory (`Root`), where nothing outside can be reached, and by path for
//! what is the user's own and lies by itself: state, settings, results. Atomic files, links, removal that never
//! follows a link, renames, locks.
//!
//! No policy here: who calls decides what may be written where.

#![expect(clippy::disallowed_methods, reason = "the room where writing is done")]

mod copy;
mod gone;
mod graft;
mod lock;
mod put;
mod root;
mod temporary;

#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, fchown};
use std::path::Path;

use nix::unistd::{AccessFlags, eaccess};

pub(crate) use self::copy::{Copied, copy_tree};
pub(crate) use self::lock::{Lock, at_work, lock_for_work, try_lock_dir};
pub(crate) use self::put::How;
pub(crate) use self::root::Root;
pub(crate) use self::temporary::{is_alive, is_left, is_temporary, litter, machine, sweep};
use crate::error::Attempt;
use crate::foreign;

/// A file without a name that holds `bytes`, as long as it is open. Programs that are started can read it.
pub(crate) fn held(bytes: &[u8]) -> io::Result<OwnedFd> {
    let held = rustix::fs::memfd_create("mlenv", rustix::fs::MemfdFlags::empty())?;
    File::from(held.try_clone()?).write_all(bytes)?;
    Ok(held)
}

/// Writes `bytes` to `path` so that a reader sees the old file or the new one, never a part, whatever happens to the
/// machine. What killed writers left in that directory is taken away first.
pub(crate) fn write_atomic(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write(path, bytes, How::DATA.synced())
}

/// As `write_atomic`, but for what can be made again at any time, and need not be on the disk yet.
pub(crate) fn write_cache(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write(path, bytes, How::DATA)
}

/// As `write_cache`, but for a program.
pub(crate) fn write_program(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write(path, bytes, How::PROGRAM.synced())
}

/// As `write_program`, but for a file that only its owner may read.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write(path, bytes, How::PRIVATE.synced())
}

/// As `write_private`, unless the file holds these bytes already.
pub(crate) fn keep_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if foreign::holds(path, bytes) { Ok(()) } else { write_private(path, bytes) }
}

fn write(path: &Path, bytes: &[u8], how: How) -> io::Result<()> {
    let (dir, name) = above(path)?;
    sweep(&dir);
    dir.write(name, bytes, how)
}

/// As `write`, but for a file that is too large to be held: `write` fills it.
pub(crate) fn write_whole(
    path: &Path,
    write: impl FnOnce(&File) -> crate::error::Result<()>,
) -> crate::error::Result<()> {
    let (dir, name) = above(path).attempt("write in", path.parent().unwrap_or(Path::new(".")))?;
    sweep(&dir);
    let mut failure = None;
    let done = dir.fill(name, How::DATA, |file| {
        write(file).map_err(|error| {
            failure = Some(error);
            io::ErrorKind::Other.into()
        })
    });
    match failure {
        Some(error) => Err(error),
        None => done.attempt("write", path),
    }
}

/// Writes a file that must not be there yet.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (dir, name) = above(path)?;
    dir.write_new(name, bytes, How::DATA)
}

/// Makes a link that must not be there yet.
#[cfg(test)]
pub(crate) fn make_link(target: &Path, path: &Path) -> io::Result<()> {
    let (dir, name) = above(path)?;
    dir.link(name, target)
}

/// Points the link `path` at `target`, replacing a link or file that is there, in one step.
pub(crate) fn replace_link(target: &Path, path: &Path) -> io::Result<()> {
    let (dir, name) = above(path)?;
    sweep(&dir);
    dir.replace_link(name, target)
}

/// Makes `to` the same file as `from` where the file system can, else a copy of it; in place of what is there.
pub(crate) fn share_file(from: &Path, to: &Path) -> io::Result<()> {
    let (dir, name) = above(to)?;
    dir.share(name, from)
}

/// The open directory of a path, and the name in it.
fn above(path: &Path) -> io::Result<(Root, &Path)> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    Ok((Root::open(path.parent().unwrap_or(Path::new("")))?, Path::new(name)))
}

/// Makes a directory and its missing parents; directories for one user's memory get `mode` 0700, others 0777, less the
/// umask.
pub(crate) fn make_dirs(path: &Path, mode: u32) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(mode).create(path)
}

/// True where this user may write, and the file system lets.
pub(crate) fn is_writable(path: &Path) -> bool {
    eaccess(path, AccessFlags::W_OK).is_ok()
}

/// Makes one new directory.
pub(crate) fn make_dir(path: &Path) -> io::Result<()> {
    fs::create_dir(path)
}

/// Removes empty directories upwards from `path`, as far as `top` and including it.
pub(crate) fn remove_empty_dirs(path: &Path, top: &Path) {
    for dir in path.ancestors().take_while(|dir| dir.starts_with(top)) {
        if fs::remove_dir(dir).is_err() {
            return;
        }
    }
}

/// Replaces the file at `path` by what `fill` makes of it, in one step. Permissions and owner stay; other hard links
/// to the old file keep it.
pub(crate) fn rewrite(
    path: &Path,
    fill: impl FnOnce(&mut File, &mut File) -> io::Result<()>,
) -> io::Result<()> {
    let (dir, name) = above(path)?;
    let mut old = foreign::open(path)?;
    let meta = old.metadata()?;
    dir.fill(name, How::PRIVATE, |new| {
        fill(&mut old, new)?;
        // Before the permissions: a change of owner takes the bits for set-user-id away.
        fchown(&*new, Some(meta.uid()), Some(meta.gid()))?;
        new.set_permissions(meta.permissions())
    })
}

/// Removes a file or link; one that is not there is fine.
pub(crate) fn remove_file(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Renames `from` to `to`. Over a directory this succeeds only where that is empty; over a file never.
pub(crate) fn rename_dir(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)
}

/// Removes a directory tree. Links are removed, never followed.
pub(crate) fn remove_tree(path: &Path) -> io::Result<()> {
    let (dir, name) = above(path)?;
    dir.remove_tree(name)
}
