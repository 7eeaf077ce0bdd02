//! Where this user's envs are: a link per env in the state directory, so that `list` finds those made by path.
//!
//! Links hold any path, need no lock, and one that leads nowhere tells that its env is gone.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::record::is_env;
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

/// Forgets an env.
pub(crate) fn forget(dirs: &Dirs, env: &Path) -> std::io::Result<()> {
    fs::remove_file(&link(dirs, env))
}

/// Every env that is there: the remembered ones, and those made by name. Links to what is gone are taken out.
pub(crate) fn all(dirs: &Dirs) -> BTreeSet<PathBuf> {
    let mut envs = BTreeSet::new();
    for (link, env) in entries(dirs) {
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

/// True for an env that is gone for good and not merely unmounted: its directory is reachable.
pub(crate) fn is_gone(env: &Path) -> bool {
    !is_env(env) && env.parent().is_some_and(Path::is_dir)
}

fn place(dirs: &Dirs) -> PathBuf {
    dirs.state.join("envs")
}

fn link(dirs: &Dirs, env: &Path) -> PathBuf {
    place(dirs).join(hex(&Sha256::digest(env.as_os_str().as_encoded_bytes())[..16]))
}
