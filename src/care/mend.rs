//! Carries changes out: below one directory, through descriptors that follow no link, every file and link put in
//! place in one step.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Component, Path};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, open, openat, renameat};
use nix::sys::stat::{FchmodatFlags, Mode, fchmod, fchmodat, fstatat, mkdirat};
use nix::unistd::{UnlinkatFlags, close, symlinkat, unlinkat, write};
use rustix::fs::{RenameFlags, renameat_with};

use super::change::{Change, Over};
use crate::error::{Attempt, Error, Result};
use crate::fs::{self, Lock};
use crate::overlay::plan::FileMode;
use crate::text::Shown;

/// Temporary files begin like those of every other atomic write here, so that a later look finds them.
pub(crate) const TEMPORARY: &str = ".mlenv-";

/// Carries out `changes` in the env at `env`, while no other mlenv does.
pub(crate) fn mend(env: &Path, changes: Vec<Change>) -> Result<()> {
    let _lock = match fs::try_lock_dir(env).attempt("open", env)? {
        Lock::Held => {
            return Err(Error::new(format!("another mlenv is at work on {}", Shown(env)))
                .hint("try again when it is done"));
        }
        lock => lock,
    };
    apply(env, changes)
}

/// Carries out `changes` below the directory `env`, in their order of turns. Stops at the first that fails; what was
/// done is done, and the next look finds the rest.
pub(crate) fn apply(env: &Path, mut changes: Vec<Change>) -> Result<()> {
    let root = open(env, TOP, Mode::empty()).attempt("open", env)?;
    changes.sort_by_key(Change::turn);
    changes.iter().try_for_each(|change| carry_out(&root, env, change))
}

fn carry_out(root: &OwnedFd, env: &Path, change: &Change) -> Result<()> {
    let (path, verb) = match change {
        Change::Open(path) => (path, "open up"),
        Change::Link { path, .. } => (path, "link"),
        Change::File { path, .. } => (path, "write"),
        Change::Copy { path, .. } => (path, "copy the base's file to"),
        Change::Remove(path) | Change::RemoveDir(path) => (path, "remove"),
    };
    let done = (|| -> io::Result<()> {
        let dir = descend(root, path.parent().unwrap_or(Path::new("")))?;
        let name = path.file_name().unwrap_or(OsStr::new("."));
        match change {
            Change::Open(_) => open_up(&dir, name),
            Change::Link { target, over, .. } => put_link(&dir, name, target, *over),
            Change::File { bytes, mode, over, .. } => put_file(&dir, name, (bytes, *mode), *over),
            Change::Copy { from, .. } => put_copy(&dir, name, from),
            Change::Remove(_) => remove(&dir, name),
            Change::RemoveDir(_) => remove_if_empty(&dir, name),
        }
    })();
    done.map_err(|cause| Error::io(verb, &env.join(path), &cause))
}

const DIRECTORY: OFlag =
    OFlag::O_RDONLY.union(OFlag::O_DIRECTORY).union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);

/// The env itself may be named by a link.
const TOP: OFlag = OFlag::O_RDONLY.union(OFlag::O_DIRECTORY).union(OFlag::O_CLOEXEC);

/// Opens a directory below `root`, part by part, making what is missing. A link on the way is an error.
fn descend(root: &OwnedFd, path: &Path) -> io::Result<OwnedFd> {
    let mut here = root.try_clone()?;
    for part in path.components() {
        let Component::Normal(name) = part else { return Err(Errno::EINVAL.into()) };
        here = match openat(&here, name, DIRECTORY, Mode::empty()) {
            Err(Errno::ENOENT) => {
                match mkdirat(&here, name, Mode::from_bits_truncate(0o777)) {
                    Err(Errno::EEXIST) => {}
                    other => other?,
                }
                openat(&here, name, DIRECTORY, Mode::empty())?
            }
            other => other?,
        };
    }
    Ok(here)
}

fn open_up(dir: &OwnedFd, name: &OsStr) -> io::Result<()> {
    let meta = fstatat(dir, name, AtFlags::AT_SYMLINK_NOFOLLOW)?;
    let is_link = meta.st_mode & nix::libc::S_IFMT == nix::libc::S_IFLNK;
    if is_link {
        return Err(Errno::ELOOP.into());
    }
    let mode = Mode::from_bits_truncate(meta.st_mode & 0o7777);
    Ok(fchmodat(dir, name, mode | Mode::S_IRWXU, FchmodatFlags::FollowSymlink)?)
}

fn put_link(dir: &OwnedFd, name: &OsStr, target: &OsStr, over: Over) -> io::Result<()> {
    match symlinkat(target, dir, name) {
        Err(Errno::EEXIST) if over == Over::Nothing => return Ok(()),
        Err(Errno::EEXIST) => {}
        other => return Ok(other?),
    }
    let placed = temporary(|name| symlinkat(target, dir, name))?;
    put(dir, &placed, name, over)
}

fn put_file(
    dir: &OwnedFd,
    name: &OsStr,
    (bytes, mode): (&[u8], FileMode),
    over: Over,
) -> io::Result<()> {
    let bits = if mode == FileMode::Program { 0o777 } else { 0o666 };
    let flags =
        OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let mut handle = None;
    let placed = temporary(|name| {
        handle = Some(openat(dir, name, flags, Mode::from_bits_truncate(bits))?);
        Ok(())
    })?;
    let written = handle.ok_or(Errno::EIO.into()).and_then(|file| fill(file, dir, name, bytes));
    if let Err(cause) = written {
        let _ = remove(dir, &placed);
        return Err(cause);
    }
    put(dir, &placed, name, over)
}

/// Copies with the permissions for a program and the time of its source, by which a copy is known.
fn put_copy(dir: &OwnedFd, name: &OsStr, from: &Path) -> io::Result<()> {
    let mut source = std::fs::File::open(from)?;
    let flags =
        OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let mut handle = None;
    let placed = temporary(|name| {
        handle = Some(openat(dir, name, flags, Mode::from_bits_truncate(0o777))?);
        Ok(())
    })?;
    let copied = handle.ok_or_else(|| Errno::EIO.into()).and_then(|file| {
        let mut file = std::fs::File::from(file);
        io::copy(&mut source, &mut file)?;
        file.set_modified(source.metadata()?.modified()?)?;
        Ok(close(file)?)
    });
    if let Err(cause) = copied {
        let _ = remove(dir, &placed);
        return Err(cause);
    }
    put(dir, &placed, name, Over::Seen)
}

/// Writes all of it, with the permissions of the file whose place it takes.
fn fill(file: OwnedFd, dir: &OwnedFd, name: &OsStr, bytes: &[u8]) -> io::Result<()> {
    let mut rest = bytes;
    while !rest.is_empty() {
        rest = &rest[write(&file, rest)?..];
    }
    if let Ok(old) = fstatat(dir, name, AtFlags::AT_SYMLINK_NOFOLLOW)
        && old.st_mode & nix::libc::S_IFMT == nix::libc::S_IFREG
    {
        fchmod(&file, Mode::from_bits_truncate(old.st_mode & 0o777))?;
    }
    Ok(close(file)?) // a full disk may be told of only now
}

/// A name that is not taken, made by `make`.
fn temporary(mut make: impl FnMut(&OsStr) -> nix::Result<()>) -> io::Result<OsString> {
    for attempt in 0..64_u32 {
        let name = OsString::from(format!("{TEMPORARY}{:x}-{attempt}", std::process::id()));
        match make(&name) {
            Err(Errno::EEXIST) => {}
            other => return Ok(other.map(|()| name)?),
        }
    }
    Err(Errno::EEXIST.into())
}

/// Gives a temporary file its name. Where nothing may be replaced and something lies there, that stays.
fn put(dir: &OwnedFd, temporary: &OsStr, name: &OsStr, over: Over) -> io::Result<()> {
    let done = match over {
        Over::Seen => renameat(dir, temporary, dir, name),
        Over::Nothing => rename_to_free(dir, temporary, name),
    };
    if done.is_err() {
        let _ = remove(dir, temporary);
    }
    match done {
        Err(Errno::EEXIST) => Ok(()),
        other => Ok(other?),
    }
}

/// File systems that cannot refuse to replace are looked at first.
fn rename_to_free(dir: &OwnedFd, temporary: &OsStr, name: &OsStr) -> nix::Result<()> {
    let there = || fstatat(dir, name, AtFlags::AT_SYMLINK_NOFOLLOW).is_ok();
    match renameat_with(dir, temporary, dir, name, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        Err(rustix::io::Errno::EXIST) => Err(Errno::EEXIST),
        Err(_) if there() => Err(Errno::EEXIST),
        Err(_) => renameat(dir, temporary, dir, name),
    }
}

fn remove(dir: &OwnedFd, name: &OsStr) -> io::Result<()> {
    match unlinkat(dir, name, UnlinkatFlags::NoRemoveDir) {
        Err(Errno::ENOENT) => Ok(()),
        other => Ok(other?),
    }
}

/// What somebody put into it stays, and so does the directory.
fn remove_if_empty(dir: &OwnedFd, name: &OsStr) -> io::Result<()> {
    match unlinkat(dir, name, UnlinkatFlags::RemoveDir) {
        Err(Errno::ENOENT | Errno::ENOTEMPTY | Errno::EEXIST | Errno::ENOTDIR) => Ok(()),
        other => Ok(other?),
    }
}
