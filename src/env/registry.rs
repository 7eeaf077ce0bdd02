//! Where this user's envs are: a link per env in the state directory, so that `list` finds those made by path.
//!
//! Links hold any path, need no lock, and one that leads nowhere tells that its env is gone.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::leftover;
use super::record::{FILE, is_env};
use crate::config::Dirs;
use crate::fs;
use crate::text::hex;

/// Remembers an env. Failures are the caller's to mention: the env works without.
pub(crate) fn remember(dirs: &Dirs, env: &Path) -> std::io::Result<()> {
    let link = link(dirs, env);
    fs::make_dirs(&place(dirs), 0o700)?;
    if std::fs::read_link(&link).is_ok_and(|known| known == env) {
        return Ok(());
    }
    fs::replace_link(env, &link)
}

/// Remembers an env that is about to be made: whoever is killed once it has its name leaves it known. Call `remember`
/// when it is made, since a `list` in between forgets what is not there.
pub(crate) fn expect(dirs: &Dirs, env: &Path) -> Expected {
    let link = link(dirs, env);
    let is_new = link.symlink_metadata().is_err() && remember(dirs, env).is_ok();
    Expected { link, env: env.to_owned(), is_new }
}

/// An env that is about to be made. Where it is not, it is forgotten again.
pub(crate) struct Expected {
    link: PathBuf,
    env: PathBuf,
    is_new: bool,
}

impl Drop for Expected {
    fn drop(&mut self) {
        if self.is_new && !is_env(&self.env) {
            let _ = fs::remove_file(&self.link);
        }
    }
}

/// Forgets an env.
pub(crate) fn forget(dirs: &Dirs, env: &Path) -> std::io::Result<()> {
    fs::remove_file(&link(dirs, env))
}

/// Every env that is there: the remembered ones, and those made by name. Links to what is gone are taken out.
pub(crate) fn all(dirs: &Dirs) -> BTreeSet<PathBuf> {
    let mut envs = BTreeSet::new();
    for (link, env) in entries(dirs) {
        if !is_env(&env) {
            leftover::put_back(&env);
        }
        if is_env(&env) {
            envs.insert(env);
        } else if is_gone(&env) {
            let _ = fs::remove_file(&link);
        }
    }
    let by_name =
        std::fs::read_dir(&dirs.envs).into_iter().flatten().flatten().map(|entry| entry.path());
    envs.extend(by_name.filter(|path| is_env(path)));
    envs
}

/// Every link, and the env that it remembers, there or not.
pub(crate) fn entries(dirs: &Dirs) -> Vec<(PathBuf, PathBuf)> {
    let links = std::fs::read_dir(place(dirs)).into_iter().flatten().flatten();
    links.filter_map(|link| Some((link.path(), std::fs::read_link(link.path()).ok()?))).collect()
}

/// True for what was an env when it was last heard of.
pub(crate) fn remembers(dirs: &Dirs, env: &Path) -> bool {
    std::fs::read_link(link(dirs, env)).is_ok_and(|known| known == env)
}

/// True for an env that is gone for good and not merely unmounted: its directory is reachable.
pub(crate) fn is_gone(env: &Path) -> bool {
    let is_missing = matches!(
        env.join(FILE).metadata().map_err(|cause| cause.kind()),
        Err(ErrorKind::NotFound | ErrorKind::NotADirectory)
    );
    is_missing && env.parent().is_some_and(Path::is_dir)
}

fn place(dirs: &Dirs) -> PathBuf {
    dirs.state.join("envs")
}

fn link(dirs: &Dirs, env: &Path) -> PathBuf {
    place(dirs).join(hex(&Sha256::digest(env.as_os_str().as_encoded_bytes())[..16]))
}
