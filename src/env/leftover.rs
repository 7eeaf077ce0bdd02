//! What killed processes left beside envs: unfinished ones, replaced ones, halves of removed ones. Each is known by its
//! name, and by a link in it that says the name: a directory that somebody else gave such a name is not ours to remove.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use nix::libc::{S_IFDIR, S_IFMT};
use nix::unistd::geteuid;

use crate::fs::{self, Lock, Root};
use crate::ownership::{Judge, Role};

/// Litter of other machines, which cannot be asked, is left alone for a day.
const OTHERS_LITTER: Duration = Duration::from_secs(24 * 60 * 60);

/// What the names of stages begin with: `.mlenv-new-MACHINE-PROCESS-WHAT`.
pub(super) const PREFIX: &str = ".mlenv-new-";

/// Behind a stage's name: an env that is being replaced, where two directories cannot be swapped.
pub(super) const ASIDE: &str = "-old";

/// The link in a stage. It says the stage's name; in an env that is being replaced, the env's own name behind that.
pub(crate) const MARK: &str = ".mlenv-stage";

/// Removes what processes left in `parent` that are gone, and puts back an env that was to be replaced and was not.
/// Failures are of no concern: they are met again by the next create.
pub(super) fn sweep(parent: &Root) {
    fs::sweep(parent);
    for (name, _) in parent.list().unwrap_or_default() {
        let _ = take(parent, &name);
    }
}

/// As `sweep`, by path, for one who looks for the env at `env` and does not find it.
pub(crate) fn put_back(env: &Path) {
    let parent = env.parent().unwrap_or(Path::new("/"));
    let Ok(parent) = Root::open(parent) else { return };
    for (name, _) in parent.list().unwrap_or_default() {
        if name.as_encoded_bytes().ends_with(ASIDE.as_bytes()) {
            let _ = take(&parent, &name);
        }
    }
}

/// Removes one of those that `leftovers` gives, unless another process is at it.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    let parent = Root::open(path.parent().unwrap_or(Path::new("/")))?;
    take(&parent, path.file_name().unwrap_or_default())
}

/// Unfinished envs in `parent` whose process is gone.
pub(crate) fn leftovers(parent: &Path) -> Vec<PathBuf> {
    let Ok(root) = Root::open(parent) else { return Vec::new() };
    let names = root.list().unwrap_or_default().into_iter().map(|(name, _)| name);
    names.filter(|name| is_stale(&root, name)).map(|name| parent.join(name)).collect()
}

/// Takes the entry `name` of `parent` away if it is litter.
fn take(parent: &Root, name: &OsStr) -> io::Result<()> {
    if !is_stale(parent, name) {
        return Ok(());
    }
    let path = Path::new(name);
    let root = parent.below(path)?;
    let _lock = match root.try_lock()? {
        Lock::Held => return Ok(()),
        lock => lock,
    };
    match is_ours(parent, &root, name) {
        Ours::Litter => root.clear(&[MARK])?,
        Ours::Waiting(env) => return restore(parent, &root, (path, &env)),
        Ours::Unknown => {}
    }
    parent.remove_if_empty(path)
}

/// Gives an env its name back.
fn restore(parent: &Root, root: &Root, (aside, env): (&Path, &Path)) -> io::Result<()> {
    parent.rename(aside, env)?;
    root.remove_file(Path::new(MARK))
}

/// What a directory with such a name is.
enum Ours {
    /// Ours, and of no use.
    Litter,
    /// An env whose place, of this name, is still free.
    Waiting(PathBuf),
    /// Perhaps not ours: it goes only if it is empty.
    Unknown,
}

fn is_ours(parent: &Root, root: &Root, name: &OsStr) -> Ours {
    let mark = root.read_link(Path::new(MARK)).unwrap_or_default();
    let mut said = Path::new(&mark).components();
    let its_name = said.next().map(|part| part.as_os_str().as_encoded_bytes());
    let bytes = name.as_encoded_bytes();
    let aside = bytes.strip_suffix(ASIDE.as_bytes());
    if its_name != Some(aside.unwrap_or(bytes)) {
        let is_safe = aside.is_none() && is_only_ours(parent);
        return if is_safe { Ours::Litter } else { Ours::Unknown };
    }
    match (aside, said.next()) {
        (Some(_), Some(env)) if parent.stat(env.as_ref()).is_err() => {
            Ours::Waiting(PathBuf::from(env.as_os_str()))
        }
        // Without the env's name it may be the only one.
        (Some(_), None) => Ours::Unknown,
        _ => Ours::Litter,
    }
}

/// True where nobody else can give a directory of ours another name.
fn is_only_ours(parent: &Root) -> bool {
    let mut others = BTreeSet::new();
    Judge::new().look(&parent.seen(), Role::Way, &mut others).is_ok() && others.is_empty()
}

/// True for a directory of this user's with a stage's name whose process, of this machine, is gone, or an old one of
/// another machine.
fn is_stale(parent: &Root, name: &OsStr) -> bool {
    let Some(rest) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else { return false };
    let rest = rest.strip_suffix(ASIDE).unwrap_or(rest);
    let mut parts = rest.rsplitn(3, '-').skip(1);
    let (Some(process), Some(machine)) = (parts.next(), parts.next()) else { return false };
    let Ok(meta) = parent.stat(Path::new(name)) else { return false };
    if meta.st_mode & S_IFMT != S_IFDIR || meta.st_uid != geteuid().as_raw() {
        return false;
    }
    if machine == fs::machine() {
        return !fs::is_alive(process);
    }
    let seconds = u64::try_from(meta.st_mtime).unwrap_or_default();
    let changed = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    changed.elapsed().is_ok_and(|age| age > OTHERS_LITTER)
}
