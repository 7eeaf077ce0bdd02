//! Files that do not have their name yet. One is given its name by a rename; where that does not come to pass it goes
//! away, and what a killed process left is known by its name and taken by the next who writes in that directory.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat, renameat};
use nix::libc::{S_IFDIR, S_IFMT};
use nix::sys::signal::kill;
use nix::sys::stat::{Mode, fstatat};
use nix::unistd::{Pid, UnlinkatFlags, geteuid, symlinkat, unlinkat};
use rustix::fs::{RenameFlags, renameat_with};

use super::{Lock, Root};

/// What their names begin with: `.mlenv-tmp-MACHINE-PROCESS-NUMBER`.
const PREFIX: &str = ".mlenv-tmp-";

/// Numbers of one process's temporary files.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// A file or link under a name of its own, which goes away with this.
pub(super) struct Temporary<'a> {
    dir: BorrowedFd<'a>,
    name: OsString,
}

impl<'a> Temporary<'a> {
    /// A new, empty file. While it is open its lock tells others that somebody is at it.
    pub(super) fn file(dir: &'a impl AsFd, mode: Mode) -> io::Result<(Self, File)> {
        let flags =
            OFlag::O_RDWR | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let (temporary, handle) = Self::make(dir, |name| openat(dir, name, flags, mode))?;
        let file = File::from(handle);
        let _ = file.try_lock(); // not every file system can
        Ok((temporary, file))
    }

    /// A new link.
    pub(super) fn link(dir: &'a impl AsFd, target: &OsStr) -> io::Result<Self> {
        Ok(Self::make(dir, |name| symlinkat(target, dir, name))?.0)
    }

    fn make<T>(
        dir: &'a impl AsFd,
        make: impl Fn(&OsStr) -> nix::Result<T>,
    ) -> io::Result<(Self, T)> {
        for _ in 0..64 {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let name = format!("{PREFIX}{}-{}-{number:x}", machine(), std::process::id());
            let name = OsString::from(name);
            match make(&name) {
                Err(Errno::EEXIST) => {} // of a process that had our number
                other => return Ok((Self { dir: dir.as_fd(), name }, other?)),
            }
        }
        Err(Errno::EEXIST.into())
    }

    /// Gives it its name, over what has that name now.
    pub(super) fn put(mut self, name: &OsStr) -> io::Result<()> {
        renameat(self.dir, self.name.as_os_str(), self.dir, name)?;
        self.name.clear();
        Ok(())
    }

    /// As `put`, where nothing has that name; else that stays, and the answer is false. File systems that cannot
    /// refuse to replace are looked at first.
    pub(super) fn put_if_free(self, name: &OsStr) -> io::Result<bool> {
        let there = || fstatat(self.dir, name, AtFlags::AT_SYMLINK_NOFOLLOW).is_ok();
        let from = self.name.as_os_str();
        match renameat_with(self.dir, from, self.dir, name, RenameFlags::NOREPLACE) {
            Ok(()) => std::mem::forget(self),
            Err(rustix::io::Errno::EXIST) => return Ok(false),
            Err(_) if there() => return Ok(false),
            Err(_) => self.put(name)?,
        }
        Ok(true)
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        if !self.name.is_empty() {
            let _ = unlinkat(self.dir, self.name.as_os_str(), UnlinkatFlags::NoRemoveDir);
        }
    }
}

/// Takes away what processes left in `dir` that are gone. Failures are of no concern: the next one tries again.
pub(crate) fn sweep(dir: &Root) {
    for (name, _) in dir.list().unwrap_or_default() {
        if is_litter(dir, &name) {
            let _ = unlinkat(&dir.dir, name.as_os_str(), UnlinkatFlags::NoRemoveDir);
        }
    }
}

/// Such files in the directory `dir`.
pub(crate) fn litter(dir: &Path) -> Vec<PathBuf> {
    let Ok(root) = Root::open(dir) else { return Vec::new() };
    let names = root.list().unwrap_or_default().into_iter().map(|(name, _)| name);
    names.filter(|name| is_litter(&root, name)).map(|name| dir.join(name)).collect()
}

/// True for such a file.
pub(crate) fn is_left(path: &Path) -> bool {
    let (Some(above), Some(name)) = (path.parent(), path.file_name()) else { return false };
    is_temporary(name) && Root::open(above).is_ok_and(|root| is_litter(&root, name))
}

/// True for the name of a temporary file, whosoever's.
pub(crate) fn is_temporary(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(PREFIX.as_bytes())
}

/// True for a temporary file of this user's whose process is gone. Those of other machines are left to them.
fn is_litter(dir: &Root, name: &OsStr) -> bool {
    let Some(rest) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else { return false };
    let mut parts = rest.split('-');
    let (Some(its), Some(process), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let Ok(meta) = fstatat(&dir.dir, name, AtFlags::AT_SYMLINK_NOFOLLOW) else { return false };
    meta.st_mode & S_IFMT != S_IFDIR
        && meta.st_uid == geteuid().as_raw()
        && its == machine()
        && !is_alive(process)
        && !is_held(dir, name)
}

/// A process may be in a namespace of its own, where its number means another: its lock is seen all the same.
fn is_held(dir: &Root, name: &OsStr) -> bool {
    let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let file = openat(&dir.dir, name, flags, Mode::empty());
    file.is_ok_and(|file| matches!(Lock::on(File::from(file)), Lock::Held))
}

/// True while a process of this number is there.
pub(crate) fn is_alive(process: &str) -> bool {
    let Ok(number) = process.parse() else { return false };
    !matches!(kill(Pid::from_raw(number), None), Err(Errno::ESRCH))
}

/// This machine's name, as part of a file name.
pub(crate) fn machine() -> String {
    let name = nix::unistd::gethostname().unwrap_or_default();
    name.to_string_lossy()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .take(64)
        .collect()
}
