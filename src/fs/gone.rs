//! What is taken away below an open directory. Links are removed, never followed.

use std::ffi::OsStr;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use nix::NixPath;
use nix::dir::{Dir, Entry, Type};
use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::{FchmodatFlags, Mode, fchmod, fchmodat};
use nix::unistd::{UnlinkatFlags, unlinkat};

use super::Root;

impl Root {
    /// Removes a file or link; one that is not there is fine.
    pub(crate) fn remove_file(&self, path: &Path) -> io::Result<()> {
        let place = match self.place(path) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => other?,
        };
        match unlinkat(&place.0, place.1, UnlinkatFlags::NoRemoveDir) {
            Err(Errno::ENOENT) => Ok(()),
            other => Ok(other?),
        }
    }

    /// Removes a directory if it is empty: what somebody put into it stays, and so does the directory.
    pub(crate) fn remove_if_empty(&self, path: &Path) -> io::Result<()> {
        let (dir, name) = self.place(path)?;
        match unlinkat(&dir, name, UnlinkatFlags::RemoveDir) {
            Err(Errno::ENOENT | Errno::ENOTEMPTY | Errno::EEXIST | Errno::ENOTDIR) => Ok(()),
            other => Ok(other?),
        }
    }

    /// Removes a directory with all that is in it. Directories without write permission are opened up first, since
    /// an env may hold some and its owner may remove them.
    pub(crate) fn remove_tree(&self, path: &Path) -> io::Result<()> {
        let (dir, name) = self.place(path)?;
        remove_at(dir.as_fd(), name)
    }

    /// Removes all that is in the directory itself, `last` after everything else.
    pub(crate) fn clear(&self, last: &[&str]) -> io::Result<()> {
        let mut dir = match self.reopened() {
            Err(cause) if cause.kind() == io::ErrorKind::PermissionDenied => {
                self.set_dir_mode(Path::new(""), 0o700)?;
                Dir::from_fd(self.reopened()?)?
            }
            other => Dir::from_fd(other?)?,
        };
        clear(&mut dir, last)
    }
}

const DIRECTORY: OFlag =
    OFlag::O_RDONLY.union(OFlag::O_DIRECTORY).union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);

fn remove_at<P: NixPath + ?Sized>(parent: impl AsFd + Copy, name: &P) -> io::Result<()> {
    let mut dir = match openat(parent, name, DIRECTORY, Mode::empty()) {
        Err(Errno::EACCES) => {
            fchmodat(parent, name, Mode::S_IRWXU, FchmodatFlags::FollowSymlink)?;
            Dir::from_fd(openat(parent, name, DIRECTORY, Mode::empty())?)?
        }
        other => Dir::from_fd(other?)?,
    };
    clear(&mut dir, &[])?;
    Ok(unlinkat(parent, name, UnlinkatFlags::RemoveDir)?)
}

fn clear(dir: &mut Dir, last: &[&str]) -> io::Result<()> {
    // Names are read first: some file systems skip entries when a directory shrinks under its reader.
    let mut entries = dir.iter().collect::<Result<Vec<_>, _>>()?;
    entries.retain(|entry| !matches!(entry.file_name().to_bytes(), b"." | b".."));
    let is_last =
        |entry: &Entry| last.iter().position(|name| is(entry, name)).map_or(0, |at| at + 1);
    entries.sort_by_key(is_last);
    for entry in &entries {
        match remove_entry(dir, entry) {
            Err(cause) if cause.kind() == io::ErrorKind::PermissionDenied => {
                fchmod(&*dir, Mode::S_IRWXU)?;
                remove_entry(dir, entry)?;
            }
            other => other?,
        }
    }
    Ok(())
}

fn is(entry: &Entry, name: &str) -> bool {
    entry.file_name().to_bytes() == OsStr::new(name).as_encoded_bytes()
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
