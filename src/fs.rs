//! The system calls that write: atomic files, links, removal that never follows a link, renames, locks.
//!
//! No policy here: who calls decides what may be written where.

#![expect(clippy::disallowed_methods, reason = "the room where writing is done")]

mod copy;

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, fchown};
use std::path::Path;

pub(crate) use self::copy::{Copied, copy_mode, copy_tree, share_file};
use nix::NixPath;
use nix::dir::{Dir, Entry, Type};
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag};
use nix::sys::stat::{FchmodatFlags, Mode, fchmod, fchmodat};
use nix::unistd::{AccessFlags, UnlinkatFlags, eaccess, unlinkat};
use rustix::fs::{CWD, RenameFlags};

use crate::error::Attempt;

/// Writes `bytes` to `path` so that a reader sees the old file or the new one, never a part.
pub(crate) fn write_atomic(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let dir = path.parent().unwrap_or_else(|| Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".mlenv-").tempfile_in(dir)?;
    file.write_all(bytes)?;
    // tempfile makes 0600; these files are meant to be read by a group or a site.
    file.as_file().set_permissions(Permissions::from_mode(0o644))?;
    file.persist(path)?;
    Ok(())
}

/// The same for a file that is too large to be held: `write` fills it.
pub(crate) fn write_whole(
    path: &Path,
    write: impl FnOnce(&File) -> crate::error::Result<()>,
) -> crate::error::Result<()> {
    let dir = path.parent().unwrap_or_else(|| Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".mlenv-").permissions(Permissions::from_mode(0o666)); // less the umask
    let file = builder.tempfile_in(dir).attempt("write in", dir)?;
    write(file.as_file())?;
    file.persist(path).map_err(|failure| failure.error).attempt("write", path)?;
    Ok(())
}

/// The same for a program.
pub(crate) fn write_program(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let dir = path.parent().unwrap_or_else(|| Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".mlenv-").tempfile_in(dir)?;
    file.write_all(bytes)?;
    file.as_file().set_permissions(Permissions::from_mode(0o755))?;
    file.persist(path)?;
    Ok(())
}

/// Writes a file that must not be there yet.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    File::create_new(path)?.write_all(bytes)
}

/// Makes a link that must not be there yet.
pub(crate) fn make_link(target: &Path, path: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, path)
}

/// The same for a file that only its owner may read.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let dir = path.parent().unwrap_or_else(|| Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".mlenv-").tempfile_in(dir)?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}

/// Makes a directory and its missing parents; directories for one user's memory get `mode` 0700.
pub(crate) fn make_dirs(path: &Path, mode: u32) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(mode).create(path)
}

/// The same unless the file holds these bytes already.
pub(crate) fn keep_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::read(path).is_ok_and(|kept| kept == bytes) { Ok(()) } else { write_private(path, bytes) }
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

/// Points the link `path` at `target`, replacing a link or file that is there, in one step.
pub(crate) fn replace_link(target: &Path, path: &Path) -> io::Result<()> {
    let dir = path.parent().unwrap_or_else(|| Path::new("."));
    let temporary = tempfile::Builder::new()
        .prefix(".mlenv-")
        .make_in(dir, |temporary| std::os::unix::fs::symlink(target, temporary))?
        .into_temp_path();
    temporary.persist(path).map_err(|failure| failure.error)
}

/// Replaces the file at `path` by what `fill` makes of it, in one step. Permissions and owner stay; other hard links
/// to the old file keep it.
pub(crate) fn rewrite(
    path: &Path,
    fill: impl FnOnce(&mut File, &mut File) -> io::Result<()>,
) -> io::Result<()> {
    let mut old = File::open(path)?;
    let meta = old.metadata()?;
    let dir = path.parent().unwrap_or_else(|| Path::new("."));
    let mut new = tempfile::Builder::new().prefix(".mlenv-").tempfile_in(dir)?;
    fill(&mut old, new.as_file_mut())?;
    // Before the permissions: a change of owner takes the bits for set-user-id away.
    fchown(new.as_file(), Some(meta.uid()), Some(meta.gid()))?;
    new.as_file().set_permissions(meta.permissions())?;
    new.persist(path)?;
    Ok(())
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

/// Swaps two paths in one step.
///
/// Fails with `Unsupported` or `InvalidInput` on file systems that cannot (NFS, some FUSE). The raw kernel
/// call is used because glibc has a wrapper only since 2.28, and EL7 must start this binary.
pub(crate) fn swap(left: &Path, right: &Path) -> io::Result<()> {
    Ok(rustix::fs::renameat_with(CWD, left, CWD, right, RenameFlags::EXCHANGE)?)
}

/// Removes a directory tree. Links are removed, never followed; directories without write permission are
/// opened up first, since an env may hold some and its owner may remove them.
pub(crate) fn remove_tree(path: &Path) -> io::Result<()> {
    remove_at(AT_FDCWD, path)
}

fn remove_at<P: NixPath + ?Sized>(parent: impl AsFd + Copy, name: &P) -> io::Result<()> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let mut dir = match Dir::openat(parent, name, flags, Mode::empty()) {
        Err(Errno::EACCES) => {
            fchmodat(parent, name, Mode::S_IRWXU, FchmodatFlags::FollowSymlink)?;
            Dir::openat(parent, name, flags, Mode::empty())?
        }
        other => other?,
    };
    // Names are read first: some file systems skip entries when a directory shrinks under its reader.
    let entries = dir.iter().collect::<Result<Vec<_>, _>>()?;
    for entry in
        entries.iter().filter(|entry| !matches!(entry.file_name().to_bytes(), b"." | b".."))
    {
        match remove_entry(&dir, entry) {
            Err(cause) if cause.kind() == io::ErrorKind::PermissionDenied => {
                fchmod(&dir, Mode::S_IRWXU)?;
                remove_entry(&dir, entry)?;
            }
            other => other?,
        }
    }
    Ok(unlinkat(parent, name, UnlinkatFlags::RemoveDir)?)
}

fn remove_entry(dir: &Dir, entry: &Entry) -> io::Result<()> {
    if entry.file_type() == Some(Type::Directory) {
        return remove_at(dir.as_fd(), entry.file_name());
    }
    match unlinkat(dir, entry.file_name(), UnlinkatFlags::NoRemoveDir) {
        Err(Errno::EISDIR) => remove_at(dir.as_fd(), entry.file_name()), // this readdir tells no types
        other => Ok(other?),
    }
}

/// What a lock attempt found.
pub(crate) enum Lock {
    /// It is ours until the handle is dropped, or the process ends however it ends.
    Ours(File),
    /// Another process holds it.
    Held,
    /// This file system has no locks, as some Lustre and NFS mounts.
    Unsupported,
}

/// Tries to lock a directory, without waiting. A courtesy between processes: correctness comes from renames.
pub(crate) fn try_lock_dir(path: &Path) -> io::Result<Lock> {
    let dir = File::open(path)?;
    match dir.try_lock() {
        Ok(()) => Ok(Lock::Ours(dir)),
        Err(fs::TryLockError::WouldBlock) => Ok(Lock::Held),
        Err(fs::TryLockError::Error(_)) => Ok(Lock::Unsupported),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn removal_spares_what_links_point_to() {
        let root = tempfile::tempdir().unwrap();
        let (keep, gone) = (root.path().join("keep"), root.path().join("gone"));
        fs::create_dir_all(gone.join("deep/er")).unwrap();
        fs::create_dir(&keep).unwrap();
        fs::write(keep.join("file"), "x").unwrap();
        symlink(&keep, gone.join("deep/link")).unwrap();
        fs::set_permissions(gone.join("deep"), Permissions::from_mode(0o500)).unwrap();
        remove_tree(&gone).unwrap();
        assert!(!gone.exists());
        assert!(keep.join("file").exists());
    }

    #[test]
    fn a_link_given_as_the_tree_is_refused() {
        let root = tempfile::tempdir().unwrap();
        symlink("/", root.path().join("link")).unwrap();
        assert!(remove_tree(&root.path().join("link")).is_err());
    }

    #[test]
    fn a_locked_directory_is_seen_as_held() {
        let root = tempfile::tempdir().unwrap();
        let first = try_lock_dir(root.path()).unwrap();
        assert!(matches!(first, Lock::Ours(_)));
        assert!(matches!(try_lock_dir(root.path()).unwrap(), Lock::Held));
    }
}
