//! Where an env grows before it gets its name: a directory beside its final place, renamed into it when whole.
//!
//! Whatever ends the process, the name is either not there or a whole env. What a killed process left behind is
//! recognised and removed by the next create in that directory (`leftover`).
//!
//! The directory around it and the stage itself are opened once, and all work is done below these: in a directory that
//! others can write to, a stage that is swapped for something else only makes the work fail.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::leftover::{self, ASIDE, MARK, PREFIX};
use crate::error::{Attempt, Error, Result};
use crate::fs::{self, Lock, Root};
use crate::text::Shown;

/// A directory that is removed again unless it is committed.
pub(crate) struct Stage {
    parent: Root,
    name: OsString,
    root: Root,
    /// Tells others that we live; the kernel lets go of it however we end.
    _lock: Option<File>,
    committed: bool,
}

/// What may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnExisting {
    /// Refuse.
    Fail,
    /// Replace an env, and nothing else.
    ReplaceEnv,
    /// The same, where the caller holds the env's lock already.
    ReplaceHeld,
}

impl Stage {
    /// Makes a stage in `parent`, after removing what dead processes left there.
    pub(crate) fn new(parent: &Path) -> Result<Self> {
        let above = Root::open(parent).attempt("open", parent)?;
        leftover::sweep(&above);
        for attempt in 0..16_u32 {
            let name = own_name(&format!("{attempt:x}"));
            match above.make_dir(Path::new(&name)) {
                Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => continue,
                other => other.attempt("make a directory in", parent)?,
            }
            if let Some((root, lock)) = settled(&above, &name) {
                return Ok(Self { parent: above, name, root, _lock: lock, committed: false });
            }
        }
        Err(Error::new(format!(
            "could not make a directory in {}: others keep removing it",
            Shown(parent)
        )))
    }

    /// The directory to fill.
    pub(crate) fn root(&self) -> &Root {
        &self.root
    }

    /// Its path, for programs that know nothing else.
    pub(crate) fn path(&self) -> PathBuf {
        self.parent.path().join(&self.name)
    }

    /// Gives the stage its name, in the directory that it was made in. Over anything but an empty directory this is the
    /// caller's `on_existing`.
    pub(crate) fn commit(mut self, env: &Path, on_existing: OnExisting) -> Result<()> {
        if !self.root.is_at(&self.parent, Path::new(&self.name)) {
            return Err(swapped(env));
        }
        let name = Path::new(env.file_name().unwrap_or_default());
        match on_existing {
            OnExisting::Fail => {
                let done = self.parent.rename(Path::new(&self.name), name);
                done.map_err(|cause| lost(env, &cause))?;
                self.committed = true;
                Self::end(&self.root, env)
            }
            OnExisting::ReplaceEnv => {
                let (old, _lock) = self.to_be_replaced(env, name)?;
                self.replace(env, name, old)
            }
            OnExisting::ReplaceHeld => {
                let old = self.parent.below(name).attempt("open", env)?;
                self.replace(env, name, old)
            }
        }
    }

    /// Swaps the new env with the old one, which is then the stage and goes away with it. File systems that cannot swap
    /// get two renames; between them the old env is there under the stage's name plus `-old`, and says whose place it
    /// has.
    fn replace(&mut self, env: &Path, name: &Path, old: Root) -> Result<()> {
        let own = PathBuf::from(&self.name);
        // On a full disk there may be no room for it: then the rest goes on without.
        let _ = old.replace_link(Path::new(MARK), own.join(name));
        let aside = match self.parent.swap(&own, name) {
            Err(cause) if cannot_swap(&cause) => Some(self.set_aside(env, name)?),
            other => other.attempt("replace", env).map(|()| None)?,
        };
        let new = std::mem::replace(&mut self.root, old);
        if let Some(aside) = aside {
            self.parent.rename(&aside, &own).attempt("remove the old", env)?;
        }
        Self::end(&new, env)
    }

    /// The env that has the name, held until another one has it. Of two that replace it at once, the later would else get
    /// the env of the earlier out of its swap, and empty what it had opened before instead.
    fn to_be_replaced(&self, env: &Path, name: &Path) -> Result<(Root, Option<File>)> {
        let since = Instant::now();
        loop {
            let old = match self.parent.below(name) {
                // Between the two renames of one that cannot swap.
                Err(cause) if is_missing(&cause) && since.elapsed() < BETWEEN => {
                    std::thread::sleep(PAUSE);
                    continue;
                }
                other => other.attempt("open", env)?,
            };
            match old.try_lock().attempt("lock", env)? {
                Lock::Unsupported => return Ok((old, None)),
                Lock::Ours(lock) if old.is_at(&self.parent, name) => return Ok((old, Some(lock))),
                Lock::Ours(_) => {}
                Lock::Held if since.elapsed() < PATIENCE => std::thread::sleep(PAUSE),
                Lock::Held => return Err(fs::at_work(Shown(env))),
            }
        }
    }

    fn set_aside(&self, env: &Path, name: &Path) -> Result<PathBuf> {
        let mut aside = self.name.clone();
        aside.push(ASIDE);
        let aside = PathBuf::from(aside);
        self.parent.rename(name, &aside).attempt("replace", env)?;
        if let Err(cause) = self.parent.rename(Path::new(&self.name), name) {
            self.parent.rename(&aside, name).attempt("put back", env)?;
            return Err(Error::io("replace", env, &cause));
        }
        Ok(aside)
    }

    /// Somebody who may rename in this directory could still have put another one in its place.
    fn end(new: &Root, env: &Path) -> Result<()> {
        let _ = new.remove_file(Path::new(MARK)); // `doctor` takes one that stays
        if new.is(env) { Ok(()) } else { Err(swapped(env)) }
    }
}

/// As long another process may take to put its env into the place of one, and to remove what was there.
const PATIENCE: Duration = Duration::from_secs(30);

/// As long the name may be free in between.
const BETWEEN: Duration = Duration::from_millis(200);

/// As often a stage that others write into is emptied.
const AGAIN: u32 = 16;

/// How much longer is waited in between each time.
const PAUSE: Duration = Duration::from_millis(2);

impl Drop for Stage {
    fn drop(&mut self) {
        if !self.committed {
            // What stays is swept by the next create. Only what is open is emptied, whatever has its name by now. Another
            // process that was about to replace the same env may still put its mark into what was replaced here.
            for attempt in 0..AGAIN {
                let _ = self.root.clear(&[MARK]);
                let removed = self.parent.remove_if_empty(Path::new(&self.name));
                if removed.is_ok() && self.parent.stat(Path::new(&self.name)).is_err() {
                    break;
                }
                std::thread::sleep(PAUSE * attempt);
            }
        }
    }
}

fn is_missing(cause: &io::Error) -> bool {
    cause.kind() == io::ErrorKind::NotFound
}

fn cannot_swap(cause: &io::Error) -> bool {
    matches!(cause.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported)
}

/// Opens, locks and marks a new stage; `None` where others are at it: what is not empty, or not ours, is not the
/// directory that was made.
fn settled(above: &Root, name: &OsStr) -> Option<(Root, Option<File>)> {
    let root = above.below(Path::new(name)).ok()?;
    let lock = match root.try_lock() {
        Ok(Lock::Ours(lock)) => Some(lock),
        Ok(Lock::Unsupported) => None,
        // A sweeper was quicker than our lock, and removes it.
        Ok(Lock::Held) | Err(_) => return None,
    };
    let is_ours = root.own_stat().is_ok_and(|meta| meta.st_uid == nix::unistd::geteuid().as_raw());
    if !is_ours || !root.list().is_ok_and(|names| names.is_empty()) {
        return None;
    }
    let _ = root.link(Path::new(MARK), name);
    root.is_at(above, Path::new(name)).then_some((root, lock))
}

fn own_name(what: &str) -> OsString {
    format!("{PREFIX}{}-{}-{what}", fs::machine(), std::process::id()).into()
}

/// A rename onto something: another create was quicker, or a file lies there.
fn lost(env: &Path, cause: &io::Error) -> Error {
    match cause.kind() {
        io::ErrorKind::DirectoryNotEmpty
        | io::ErrorKind::AlreadyExists
        | io::ErrorKind::NotADirectory => Error::new(format!(
            "could not make {}: something appeared there in the meantime",
            Shown(env)
        ))
        .hint("another `mlenv create` may have made it: look with `mlenv info`"),
        _ => Error::io("make", env, cause),
    }
}

fn swapped(env: &Path) -> Error {
    Error::new(format!(
        "could not make {}: somebody put something else in the place of the unfinished env",
        Shown(env)
    ))
    .hint("name a place in a directory that nobody else can write to")
}

/// Removes a whole env at once for everybody who looks, then takes its files away. Renaming needs no space: a
/// full disk is when people remove envs.
pub(crate) fn discard(env: &Path) -> Result<()> {
    let parent = env.parent().unwrap_or(Path::new("/"));
    let above = Root::open(parent).attempt("open", parent)?;
    let name = Path::new(env.file_name().unwrap_or_default());
    leftover::sweep(&above);
    let root = above.below(name).attempt("open", env)?;
    let _lock = root.try_lock();
    let gone = (0..).map(|number| own_name(&format!("gone{number}")));
    let gone = gone.map(PathBuf::from).find(|gone| above.stat(gone).is_err());
    let gone = gone.unwrap_or_default();
    let _ = root.replace_link(Path::new(MARK), &gone);
    above.rename(name, &gone).attempt("remove", env)?;
    root.clear(&[MARK]).attempt("remove", env)?;
    above.remove_if_empty(&gone).attempt("remove", env)
}

#[cfg(test)]
mod tests;
