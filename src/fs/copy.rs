//! Copies: of trees, of files, of permissions.

#![expect(clippy::disallowed_methods, reason = "part of the room where writing is done")]

use std::fs::{self, File, FileTimes};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use walkdir::WalkDir;

/// How much was copied.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Copied {
    /// Links.
    pub(crate) links: usize,
    /// Files.
    pub(crate) files: usize,
}

/// Copies what is in the directory `from` into the directory `to`, which is empty: links as links, files with
/// their permissions and times (compiled Python is valid by its source's time). Sockets, pipes and devices are left
/// out. Ends with `Interrupted` once `stop` is set.
pub(crate) fn copy_tree(from: &Path, to: &Path, stop: &AtomicBool) -> io::Result<Copied> {
    let mut copied = Copied::default();
    let mut dirs = Vec::new();
    for entry in WalkDir::new(from).min_depth(1) {
        let entry = entry.map_err(io::Error::from)?;
        if stop.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let target = to.join(entry.path().strip_prefix(from).unwrap_or(entry.path()));
        let kind = entry.file_type();
        if kind.is_dir() {
            fs::create_dir(&target)?;
            dirs.push((entry.path().metadata()?.permissions(), target));
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(entry.path())?, &target)?;
            copied.links += 1;
        } else if kind.is_file() {
            copy_file(entry.path(), &target)?;
            copied.files += 1;
        }
    }
    // Last, since some may not be written to.
    for (permissions, dir) in dirs.into_iter().rev() {
        fs::set_permissions(dir, permissions)?;
    }
    Ok(copied)
}

/// Makes `to` the same file as `from` where the file system can, else a copy of it.
pub(crate) fn share_file(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => Err(cause),
        Err(_) => copy_file(from, to),
        Ok(()) => Ok(()),
    }
}

/// Gives a directory the permissions of another one.
pub(crate) fn copy_mode(from: &Path, to: &Path) -> io::Result<()> {
    fs::set_permissions(to, from.metadata()?.permissions())
}

fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    let mut old = File::open(from)?;
    let mut new = File::create_new(to)?;
    io::copy(&mut old, &mut new)?;
    let meta = old.metadata()?;
    new.set_permissions(meta.permissions())?;
    new.set_times(FileTimes::new().set_modified(meta.modified()?))
}
