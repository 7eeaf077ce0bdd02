//! Where an env grows before it gets its name: a directory beside its final place, renamed into it when whole.
//!
//! Whatever ends the process, the name is either not there or a whole env. What a killed process left behind is
//! recognised and removed by the next create in that directory.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{Attempt, Error, Result};
use crate::fs::{self, Lock};
use crate::text::Shown;

/// Litter of other machines, which cannot be asked, is left alone for a day.
const OTHERS_LITTER: Duration = Duration::from_secs(24 * 60 * 60);

const PREFIX: &str = ".mlenv-new-";

/// Behind a stage's name: an env that is being replaced, where two directories cannot be swapped.
const ASIDE: &str = "-old";

/// A directory that is removed again unless it is committed.
pub(crate) struct Stage {
    path: PathBuf,
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
}

impl Stage {
    /// Makes a stage in `parent`, after removing what dead processes left there.
    pub(crate) fn new(parent: &Path) -> Result<Self> {
        sweep(parent);
        for attempt in 0..16_u32 {
            let path =
                parent.join(format!("{PREFIX}{}-{}-{attempt:x}", host(), std::process::id()));
            match fs::make_dir(&path) {
                Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => continue,
                other => other.attempt("make a directory in", parent)?,
            }
            let lock = match fs::try_lock_dir(&path) {
                Ok(Lock::Ours(lock)) => Some(lock),
                Ok(Lock::Unsupported) => None,
                // A sweeper was quicker than our lock, and removes it.
                Ok(Lock::Held) | Err(_) => continue,
            };
            if path.is_dir() {
                return Ok(Self { path, _lock: lock, committed: false });
            }
        }
        Err(Error::new(format!(
            "could not make a directory in {}: others keep removing it",
            Shown(parent)
        )))
    }

    /// The directory to fill.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the stage its name. Over anything but an empty directory this is the caller's `on_existing`.
    pub(crate) fn commit(mut self, env: &Path, on_existing: OnExisting) -> Result<()> {
        match on_existing {
            OnExisting::Fail => {
                fs::rename_dir(&self.path, env).map_err(|cause| lost(env, &cause))?;
            }
            OnExisting::ReplaceEnv => replace(&self.path, env)?,
        }
        // After a replacement the stage's name holds the old env, which goes.
        self.committed = on_existing == OnExisting::Fail;
        Ok(())
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if !self.committed && self.path.exists() {
            let _ = fs::remove_tree(&self.path); // what stays is swept by the next create
        }
    }
}

/// A rename onto something: another create was quicker, or a file lies there.
fn lost(env: &Path, cause: &io::Error) -> Error {
    match cause.kind() {
        io::ErrorKind::DirectoryNotEmpty
        | io::ErrorKind::AlreadyExists
        | io::ErrorKind::NotADirectory => {
            Error::new(format!("could not make {}: something appeared there meanwhile", Shown(env)))
                .hint("another `mlenv create` may have made it: look with `mlenv info`")
        }
        _ => Error::io("make", env, cause),
    }
}

/// Swaps the new env with the old one. File systems that cannot swap get two renames; between them the old env
/// is there under the stage's name plus `-old`.
fn replace(stage: &Path, env: &Path) -> Result<()> {
    match fs::swap(stage, env) {
        Err(cause)
            if matches!(cause.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
        }
        other => return other.attempt("replace", env),
    }
    let mut aside = stage.as_os_str().to_owned();
    aside.push(ASIDE);
    let aside = PathBuf::from(aside);
    fs::rename_dir(env, &aside).attempt("replace", env)?;
    if let Err(cause) = fs::rename_dir(stage, env) {
        fs::rename_dir(&aside, env).attempt("put back", env)?;
        return Err(Error::io("replace", env, &cause));
    }
    fs::rename_dir(&aside, stage).attempt("remove the old", env)
}

/// Removes a whole env at once for everybody who looks, then takes its files away. Renaming needs no space: a
/// full disk is when people remove envs.
pub(crate) fn discard(env: &Path) -> Result<()> {
    let parent = env.parent().unwrap_or(Path::new("/"));
    sweep(parent);
    let _lock = fs::try_lock_dir(env);
    let gone = parent.join(format!("{PREFIX}{}-{}-gone", host(), std::process::id()));
    fs::rename_dir(env, &gone).attempt("remove", env)?;
    fs::remove_tree(&gone).attempt("remove", env)
}

/// Removes stages whose process is gone. Failures are of no concern: they are met again by the next create.
fn sweep(parent: &Path) {
    for path in leftovers(parent) {
        let _ = remove_leftover(&path);
    }
}

/// Removes a stage whose process is gone, unless another process is at it.
pub(crate) fn remove_leftover(path: &Path) -> io::Result<()> {
    match fs::try_lock_dir(path)? {
        Lock::Ours(_) | Lock::Unsupported => fs::remove_tree(path),
        Lock::Held => Ok(()),
    }
}

/// Stages in `parent` whose process is gone.
pub(crate) fn leftovers(parent: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
    entries
        .filter(|entry| is_stale(&entry.file_name(), &entry.path()))
        .map(|entry| entry.path())
        .collect()
}

/// True for a stage of a process of this machine that is gone, or an old one of another machine.
fn is_stale(name: &OsStr, path: &Path) -> bool {
    let Some(rest) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else { return false };
    let mut parts = rest.trim_end_matches(ASIDE).rsplitn(3, '-').skip(1);
    let (Some(process), Some(machine)) = (parts.next(), parts.next()) else { return false };
    let Ok(meta) = path.symlink_metadata() else { return false };
    if !meta.is_dir() || meta.uid() != nix::unistd::geteuid().as_raw() {
        return false;
    }
    // With `-old` at its end it is an env that was being replaced: it is never litter while it may be the only one.
    if rest.ends_with(ASIDE) {
        return false;
    }
    if machine == host() {
        return !Path::new("/proc").join(process).exists();
    }
    meta.modified().is_ok_and(|time| time.elapsed().is_ok_and(|age| age > OTHERS_LITTER))
}

/// This machine's name, as part of a file name.
fn host() -> String {
    let name = nix::unistd::gethostname().unwrap_or_default();
    name.to_string_lossy()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .take(64)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dead_stages_are_swept_and_living_ones_are_not() {
        let root = tempfile::tempdir().unwrap();
        let make = |name: String| {
            let path = root.path().join(name);
            fs::make_dirs(&path.join("deep"), 0o755).unwrap();
            path
        };
        let dead = make(format!("{PREFIX}{}-4194400-0", host())); // above the largest process number
        let others = make(format!("{PREFIX}elsewhere-1-0"));
        let mine = Stage::new(root.path()).unwrap();
        assert!(!dead.exists());
        assert!(others.exists());
        let second = Stage::new(root.path()).unwrap();
        assert!(mine.path().exists() && second.path().exists() && mine.path() != second.path());
        let path = mine.path().to_owned();
        drop(mine);
        assert!(!path.exists());
    }

    #[test]
    fn a_commit_never_lands_on_something() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("env");
        fs::make_dirs(&target.join("full"), 0o755).unwrap();
        let stage = Stage::new(root.path()).unwrap();
        let path = stage.path().to_owned();
        assert!(
            stage
                .commit(&target, OnExisting::Fail)
                .unwrap_err()
                .to_string()
                .contains("appeared there")
        );
        assert!(target.join("full").exists() && !path.exists());
        let stage = Stage::new(root.path()).unwrap();
        fs::write_atomic(&stage.path().join("new"), b"").unwrap();
        stage.commit(&target, OnExisting::ReplaceEnv).unwrap();
        assert!(target.join("new").exists() && !target.join("full").exists());
        assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 1);
    }
}
