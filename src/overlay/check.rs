//! What an archive may ask for. Everything is checked before anything is written: an archive may be damaged, old,
//! or made by somebody who wishes the user ill. Pure.

use std::collections::HashSet;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path};

use super::plan::{BASE_LINK, Plan};
use crate::error::{Error, Result};
use crate::text::Shown;

/// Files that `create` writes itself and that no archive may bring: the first is what makes a directory an env.
const RESERVED: [&str; 3] = ["mlenv.toml", "pyvenv.cfg", BASE_LINK];

/// Checks a whole plan: names stay inside the env, parents are directories of the plan, links stay inside the env
/// or lead through `baseEnv_dir` into the base, nothing comes twice.
pub(crate) fn check(plan: &Plan) -> Result<()> {
    let mut dirs: HashSet<&Path> = HashSet::from([Path::new("")]);
    for dir in &plan.dirs {
        check_name(dir)?;
        check_parent(&dirs, dir)?;
        dirs.insert(dir);
    }
    let files = plan.files.iter().map(|file| &file.path);
    let mut seen = HashSet::with_capacity(plan.links.len() + plan.files.len());
    for path in plan.links.iter().map(|link| &link.path).chain(files) {
        check_name(path)?;
        check_parent(&dirs, path)?;
        if dirs.contains(path.as_path()) || !seen.insert(path) {
            return Err(bad(path, "comes twice"));
        }
    }
    plan.links.iter().try_for_each(|link| check_target(&link.path, &link.target))
}

fn check_parent(dirs: &HashSet<&Path>, path: &Path) -> Result<()> {
    let parent = path.parent().unwrap_or(Path::new(""));
    if dirs.contains(parent) { Ok(()) } else { Err(bad(path, "comes without its directory")) }
}

fn check_name(path: &Path) -> Result<()> {
    let plain = path.components().all(|part| matches!(part, Component::Normal(_)));
    if !plain || path.as_os_str().is_empty() {
        return Err(bad(path, "is no path inside an env"));
    }
    if path.as_os_str().as_bytes().contains(&0) {
        return Err(bad(path, "holds a NUL byte"));
    }
    let reserved =
        path.starts_with(BASE_LINK) || RESERVED.iter().any(|name| path == Path::new(name));
    if reserved { Err(bad(path, "is a name that belongs to mlenv")) } else { Ok(()) }
}

/// Follows a link's text by name: it may climb to the env's top and no further, and once in `baseEnv_dir` it may
/// only go down, to something below it.
fn check_target(path: &Path, target: &Path) -> Result<()> {
    let refuse =
        |why: &str| Err(bad(path, &format!("is a link to {}, which {why}", Shown(target))));
    let mut stack: Vec<&[u8]> =
        path.parent().into_iter().flat_map(Path::components).map(bytes_of).collect();
    for part in target.components() {
        match part {
            Component::CurDir => {}
            Component::Normal(name) => stack.push(name.as_bytes()),
            Component::ParentDir if stack.first() == Some(&BASE_LINK.as_bytes()) => {
                return refuse("climbs about in the base");
            }
            Component::ParentDir => {
                if stack.pop().is_none() {
                    return refuse("leads out of the env");
                }
            }
            Component::RootDir | Component::Prefix(_) => return refuse("is absolute"),
        }
    }
    match stack.as_slice() {
        [] => refuse("is the env itself"),
        [only] if *only == BASE_LINK.as_bytes() => refuse("is the whole base"),
        _ if target.as_os_str().as_bytes().contains(&0) => refuse("holds a NUL byte"),
        _ => Ok(()),
    }
}

fn bytes_of(part: Component<'_>) -> &[u8] {
    part.as_os_str().as_bytes()
}

fn bad(path: &Path, what: &str) -> Error {
    Error::new(format!("the archive is not fit for use: {} {what}", Shown(path)))
        .hint("make a new one with `mlenv base index`; nothing was written")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overlay::plan::Link;

    fn link(path: &str, target: &str) -> Plan {
        Plan {
            dirs: vec!["a".into(), "a/b".into()],
            links: vec![Link { path: path.into(), target: target.into() }],
            files: vec![],
        }
    }

    #[track_caller]
    fn refused(plan: &Plan, why: &str) {
        let message = check(plan).unwrap_err().to_string();
        assert!(message.contains(why), "{message}");
    }

    #[test]
    fn links_of_an_env_pass() {
        for (path, target) in [
            ("a/b/c", "../../baseEnv_dir/a/b/c"),
            ("a/x", "b"),
            ("a/b/y", "../b"),
            ("t", "baseEnv_dir/t"),
        ] {
            check(&link(path, target)).unwrap();
        }
    }

    #[test]
    fn hostile_entries_are_refused() {
        refused(&link("a/x", "../../etc"), "leads out");
        refused(&link("a/x", "/etc/passwd"), "absolute");
        refused(&link("a/x", "../baseEnv_dir/../../.."), "climbs about");
        refused(&link("a/x", "../baseEnv_dir"), "whole base");
        refused(&link("a/x", ".."), "env itself");
        refused(&link("../x", "a"), "no path inside");
        refused(&link("/x", "a"), "no path inside");
        refused(&link("c/x", "a"), "without its directory");
        refused(&link("a/b", "a"), "twice");
        refused(&link("mlenv.toml", "a"), "belongs to mlenv");
        refused(&link("baseEnv_dir", "a"), "belongs to mlenv");
        let mut twice = link("a/x", "b");
        twice.links.push(twice.links[0].clone());
        refused(&twice, "twice");
        refused(&Plan { dirs: vec!["a/b".into()], ..Plan::default() }, "without its directory");
        refused(
            &Plan { dirs: vec!["a".into(), "a/../..".into()], ..Plan::default() },
            "no path inside",
        );
    }
}
