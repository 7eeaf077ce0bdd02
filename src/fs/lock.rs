//! Locks on directories, which end with whoever holds them. Work never waits for one.

use std::fmt::Display;
use std::fs::{self, File};
use std::io;
use std::path::Path;

use crate::error::{Attempt, Error, Result};

/// What a lock attempt found.
pub(crate) enum Lock {
    /// It is ours until the handle is dropped, or the process ends however it ends.
    Ours(File),
    /// Another process holds it.
    Held,
    /// This file system has no locks, as some Lustre and NFS mounts.
    Unsupported,
}

impl Lock {
    /// Tries to lock an open file.
    pub(super) fn on(file: File) -> Self {
        match file.try_lock() {
            Ok(()) => Self::Ours(file),
            Err(fs::TryLockError::WouldBlock) => Self::Held,
            Err(fs::TryLockError::Error(_)) => Self::Unsupported,
        }
    }
}

/// Tries to lock a directory, without waiting. A courtesy between processes: correctness comes from renames.
pub(crate) fn try_lock_dir(path: &Path) -> io::Result<Lock> {
    Ok(Lock::on(File::open(path)?))
}

/// Keeps every other mlenv from working at `dir` while what comes back is held; `what` names it in the refusal.
pub(crate) fn lock_for_work(dir: &Path, what: &str) -> Result<Lock> {
    match try_lock_dir(dir).attempt("open", dir)? {
        Lock::Held => Err(at_work(what)),
        free => Ok(free),
    }
}

/// Says that another mlenv holds the lock of `what`.
pub(crate) fn at_work(what: impl Display) -> Error {
    Error::new(format!("another mlenv is at work on {what}"))
        .hint("wait until it is done, then try again")
}
