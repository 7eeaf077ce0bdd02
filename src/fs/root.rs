//! An open directory, and everything below it, by descriptors alone.
//!
//! Who holds one reaches nothing else: every part of a path is opened without following a link, so that a directory
//! that somebody swaps for a link, or whose name now leads elsewhere, makes a call fail instead of leading it away.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use nix::dir::{Dir, Type};
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, OpenHow, ResolveFlag, open, openat, openat2, readlinkat};
use nix::libc::{S_IFDIR, S_IFMT};
use nix::sys::stat::{FileStat, Mode, fstat, fstatat, lstat, mkdirat};

use super::Lock;

/// How a directory is opened: for reading, which also starts an automounter.
const DIRECTORY: OFlag = OFlag::O_RDONLY.union(OFlag::O_DIRECTORY).union(OFlag::O_CLOEXEC);

/// A directory that may be entered and not read.
const ENTERED: OFlag = OFlag::O_PATH.union(OFlag::O_DIRECTORY).union(OFlag::O_CLOEXEC);

/// What a new directory gets, less the umask.
pub(super) const DIR_MODE: Mode = Mode::S_IRWXU.union(Mode::S_IRWXG).union(Mode::S_IRWXO);

/// An open directory. Paths that its functions take are relative to it, and have no `..` in them.
#[derive(Debug)]
pub(crate) struct Root {
    pub(super) dir: OwnedFd,
    path: PathBuf,
}

impl Root {
    /// Opens the directory `path`, which may be a link to one.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Self::new(path, OFlag::empty())
    }

    /// Opens the directory `path`. A link to one is refused.
    pub(crate) fn open_itself(path: &Path) -> io::Result<Self> {
        Self::new(path, OFlag::O_NOFOLLOW)
    }

    fn new(path: &Path, flags: OFlag) -> io::Result<Self> {
        let name = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        let dir = readable_or_not(|mode| open(name, mode | flags, Mode::empty()))?;
        Ok(Self { dir, path: path.to_owned() })
    }

    /// Opens a directory below this one.
    pub(crate) fn below(&self, path: &Path) -> io::Result<Self> {
        Ok(Self { dir: descend(self.dir.as_fd(), path)?, path: self.path.join(path) })
    }

    /// As `below`, making what is missing.
    pub(crate) fn make_dirs(&self, path: &Path) -> io::Result<Self> {
        let dir = descend_making(self.dir.as_fd(), path)?;
        Ok(Self { dir, path: self.path.join(path) })
    }

    /// Makes one directory that must not be there yet.
    pub(crate) fn make_dir(&self, path: &Path) -> io::Result<()> {
        let (dir, name) = self.place(path)?;
        Ok(mkdirat(&dir, name, DIR_MODE)?)
    }

    /// The name that it was opened by: for words. Something else may have that name by now.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A path for functions that read below a path: it leads to this very directory as long as this is open,
    /// whatever becomes of its name. Where no `/proc` is mounted, the name.
    pub(crate) fn seen(&self) -> PathBuf {
        let own = PathBuf::from(format!("/proc/self/fd/{}/.", self.dir.as_raw_fd()));
        if own.symlink_metadata().is_ok() { own } else { self.path.clone() }
    }

    /// True where `path` is this very directory, and no link to it.
    pub(crate) fn is(&self, path: &Path) -> bool {
        let (Ok(own), Ok(other)) = (fstat(&self.dir), lstat(path)) else { return false };
        same(&own, &other)
    }

    /// As `is`, but for a path below another open directory.
    pub(crate) fn is_at(&self, above: &Self, path: &Path) -> bool {
        let (Ok(own), Ok(other)) = (fstat(&self.dir), above.stat(path)) else { return false };
        same(&own, &other)
    }

    /// What is known of the directory itself.
    pub(crate) fn own_stat(&self) -> io::Result<FileStat> {
        Ok(fstat(&self.dir)?)
    }

    /// What is known of an entry; of a link itself.
    pub(crate) fn stat(&self, path: &Path) -> io::Result<FileStat> {
        let (dir, name) = self.place(path)?;
        Ok(fstatat(&dir, name, AtFlags::AT_SYMLINK_NOFOLLOW)?)
    }

    /// True for a real directory.
    pub(crate) fn is_dir(&self, path: &Path) -> bool {
        self.stat(path).is_ok_and(|meta| meta.st_mode & S_IFMT == S_IFDIR)
    }

    /// What a link says.
    pub(crate) fn read_link(&self, path: &Path) -> io::Result<OsString> {
        let (dir, name) = self.place(path)?;
        Ok(readlinkat(&dir, name)?)
    }

    /// Names and kinds of everything in the directory itself. Some file systems tell no kinds.
    pub(crate) fn list(&self) -> io::Result<Vec<(OsString, Option<Type>)>> {
        let mut found = Vec::new();
        for entry in Dir::from_fd(self.reopened()?)?.iter() {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if !matches!(name, b"." | b"..") {
                found.push((OsStr::from_bytes(name).to_owned(), entry.file_type()));
            }
        }
        Ok(found)
    }

    /// Tries to lock it, without waiting. A courtesy between processes: correctness comes from renames.
    pub(crate) fn try_lock(&self) -> io::Result<Lock> {
        Ok(Lock::on(File::from(self.reopened()?)))
    }

    pub(super) fn reopened(&self) -> io::Result<OwnedFd> {
        Ok(openat(&self.dir, ".", DIRECTORY, Mode::empty())?)
    }

    /// The directory that an entry is in, open, and the entry's name. The empty path is the directory itself.
    pub(super) fn place<'p>(&self, path: &'p Path) -> io::Result<(Folder<'_>, &'p OsStr)> {
        let own = self.dir.as_fd();
        if path.as_os_str().is_empty() {
            return Ok((Folder::Same(own), OsStr::new(".")));
        }
        let name = path.file_name().ok_or(Errno::EINVAL)?;
        let above = path.parent().unwrap_or(Path::new(""));
        let dir = if above.as_os_str().is_empty() {
            Folder::Same(own)
        } else {
            Folder::Below(descend(own, above)?)
        };
        Ok((dir, name))
    }
}

/// An open directory: the root itself, or one below it.
pub(super) enum Folder<'a> {
    Same(BorrowedFd<'a>),
    Below(OwnedFd),
}

impl AsFd for Folder<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Same(dir) => *dir,
            Self::Below(dir) => dir.as_fd(),
        }
    }
}

/// Opens a directory below `top`: in one call where the kernel can (5.6), else part by part.
fn descend(top: BorrowedFd<'_>, path: &Path) -> io::Result<OwnedFd> {
    let names = names(path)?;
    if names.is_empty() {
        return top.try_clone_to_owned();
    }
    let whole = ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_SYMLINKS;
    let how = OpenHow::new().flags(DIRECTORY | OFlag::O_NOFOLLOW).resolve(whole);
    // Whatever it fails for, old kernels and sandboxes among it, the slow way tells.
    openat2(top, path, how).map_or_else(|_| by_parts(top, &names), Ok)
}

fn by_parts(top: BorrowedFd<'_>, names: &[&OsStr]) -> io::Result<OwnedFd> {
    let mut here = top.try_clone_to_owned()?;
    for name in names {
        here = enter(here.as_fd(), name)?;
    }
    Ok(here)
}

fn descend_making(top: BorrowedFd<'_>, path: &Path) -> io::Result<OwnedFd> {
    let mut here = top.try_clone_to_owned()?;
    for name in names(path)? {
        here = match enter(here.as_fd(), name) {
            Err(Errno::ENOENT) => {
                match mkdirat(&here, name, DIR_MODE) {
                    Err(Errno::EEXIST) => {}
                    other => other?,
                }
                enter(here.as_fd(), name)?
            }
            other => other?,
        };
    }
    Ok(here)
}

fn enter(dir: BorrowedFd<'_>, name: &OsStr) -> nix::Result<OwnedFd> {
    readable_or_not(|mode| openat(dir, name, mode | OFlag::O_NOFOLLOW, Mode::empty()))
}

/// A directory that may be entered and not read, as some are that take what others drop, will do.
fn readable_or_not(open: impl Fn(OFlag) -> nix::Result<OwnedFd>) -> nix::Result<OwnedFd> {
    match open(DIRECTORY) {
        Err(Errno::EACCES) => open(ENTERED),
        other => other,
    }
}

/// The parts of a path that leads down and nowhere else.
fn names(path: &Path) -> io::Result<Vec<&OsStr>> {
    let part = |part| match part {
        Component::Normal(name) => Some(Ok(name)),
        Component::CurDir => None,
        _ => Some(Err(Errno::EINVAL.into())),
    };
    path.components().filter_map(part).collect()
}

fn same(left: &FileStat, right: &FileStat) -> bool {
    (left.st_dev, left.st_ino) == (right.st_dev, right.st_ino)
}

#[cfg(test)]
pub(super) mod ways {
    use super::*;

    /// The slow way by itself, for tests on kernels that have the quick one.
    pub(in crate::fs) fn slow(root: &Root, path: &Path) -> io::Result<OwnedFd> {
        by_parts(root.dir.as_fd(), &names(path)?)
    }
}
