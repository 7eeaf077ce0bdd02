//! Copies: of trees, of files, of permissions.

use std::fs::{File, FileTimes};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use walkdir::WalkDir;

use super::Root;
use crate::foreign;

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
/// out, and so is what is called `without` at the top. Ends with `Interrupted` once `stop` is set.
pub(crate) fn copy_tree(
    from: &Path,
    to: &Root,
    without: &str,
    stop: &AtomicBool,
) -> io::Result<Copied> {
    let mut copied = Copied::default();
    let mut dirs = Vec::new();
    let walk = WalkDir::new(from).min_depth(1).into_iter();
    for entry in walk.filter_entry(|entry| entry.depth() != 1 || entry.file_name() != without) {
        let entry = entry.map_err(io::Error::from)?;
        if stop.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let target = entry.path().strip_prefix(from).unwrap_or(entry.path());
        let kind = entry.file_type();
        if kind.is_dir() {
            to.make_dir(target)?;
            dirs.push((entry.path().metadata()?.permissions(), target.to_owned()));
        } else if kind.is_symlink() {
            to.link(target, std::fs::read_link(entry.path())?)?;
            copied.links += 1;
        } else if kind.is_file() {
            to.copy(target, entry.path())?;
            copied.files += 1;
        }
    }
    // Last, since some may not be written to.
    for (permissions, dir) in dirs.into_iter().rev() {
        to.set_dir_mode(&dir, permissions.mode() & 0o7777)?;
    }
    Ok(copied)
}

/// Fills a new file with what is in a regular one, and gives it its permissions and time.
pub(super) fn pour(from: &Path, new: &mut File) -> io::Result<()> {
    let mut old = foreign::open_unfollowed(from)?;
    io::copy(&mut old, new)?;
    let meta = old.metadata()?;
    new.set_permissions(meta.permissions())?;
    new.set_times(FileTimes::new().set_modified(meta.modified()?))
}
