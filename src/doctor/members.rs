//! Envs that several people work at: what of another member's the one who looks cannot change.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::{Uid, User, geteuid};
use walkdir::WalkDir;

use super::facts::Facts;
use super::finding::{EnvFault, Finding};
use super::health::shown;
use crate::fs;
use crate::hint::command;
use crate::text::count;
use crate::text::shown as safely;

/// Directories of others in which nothing can be put, and files of others that cannot be replaced.
pub(super) fn findings(facts: &Facts) -> Option<Finding> {
    let me = geteuid();
    // Of one's own env nothing has to be looked at one by one; who may write nothing in it is no member.
    if me.is_root() || !fs::is_writable(facts.env) || !has_others(facts, me) {
        return None;
    }
    let mut found: BTreeMap<u32, Vec<PathBuf>> = BTreeMap::new();
    for entry in WalkDir::new(facts.env).into_iter().flatten() {
        let Ok(meta) = entry.metadata() else { continue };
        let owner = meta.uid();
        if owner != me.as_raw() && !can_change(entry.path(), meta.is_dir(), me) {
            let path = entry.path().strip_prefix(facts.env).unwrap_or(entry.path());
            found.entry(owner).or_default().push(path.to_owned());
        }
    }
    if found.is_empty() {
        return None;
    }
    let whose = |(uid, paths): (&u32, &Vec<PathBuf>)| {
        format!(
            "{} of {}",
            count(paths.len(), "file or directory", "files and directories"),
            name(*uid)
        )
    };
    let what = format!(
        "{} cannot be changed by you",
        found.iter().map(whose).collect::<Vec<_>>().join(", ")
    );
    let breaks = "you cannot install there, nor replace or remove what is there";
    let names: Vec<String> = found.keys().map(|uid| name(*uid)).collect();
    let cure = format!(
        "ask {} for {}, or work in an env of your own: {}",
        names.join(" and "),
        command("chmod -R g+rwX {}", &[&facts.env]),
        command("mlenv clone {} -n NAME", &[&facts.env])
    );
    let items = found.iter().flat_map(|(uid, paths)| {
        let owner = name(*uid);
        paths.iter().map(move |path| format!("{} ({owner})", shown(path)))
    });
    Some(Finding::told(EnvFault::OtherOwner, what, breaks, cure).about(items.collect()))
}

/// True where a directory, or a package in site-packages, is somebody else's.
fn has_others(facts: &Facts, me: Uid) -> bool {
    let is_other = |owner: u32| Uid::from_raw(owner) != me;
    let site = Path::new("lib").join(&facts.record.base.python_lib).join("site-packages");
    let packages = std::fs::read_dir(facts.env.join(site)).into_iter().flatten().flatten();
    let mut metas = packages.filter_map(|entry| entry.metadata().ok());
    facts.snapshot.dirs.values().any(|seen| is_other(seen.owner))
        || metas.any(|meta| is_other(meta.uid()))
}

/// A file is replaced by whoever may write in its directory, unless that lets everybody change only what is theirs.
fn can_change(path: &Path, is_dir: bool, me: Uid) -> bool {
    if is_dir {
        return fs::is_writable(path);
    }
    let Some(dir) = path.parent() else { return false };
    let is_sticky = dir
        .metadata()
        .is_ok_and(|meta| meta.mode() & 0o1000 != 0 && Uid::from_raw(meta.uid()) != me);
    fs::is_writable(dir) && !is_sticky
}

fn name(uid: u32) -> String {
    let user = User::from_uid(Uid::from_raw(uid)).ok().flatten();
    user.map_or_else(|| format!("uid {uid}"), |user| safely(&user.name))
}
