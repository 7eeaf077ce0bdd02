//! What an archive may ask for. Everything is checked before anything is written: an archive may be damaged, old,
//! or made by somebody who wishes the user ill. Pure.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::plan::{BASE_LINK, Dir, Link, Plan, base_of, split};
use crate::error::{Error, Result};
use crate::text::Shown;

/// Files that `create` writes itself and that no archive may bring: the first is what makes a directory an env.
const RESERVED: [&str; 3] = ["mlenv.toml", "pyvenv.cfg", BASE_LINK];

/// Checks a whole plan: names stay inside the env, parents are directories of the plan, links stay inside the env
/// or lead through `baseEnv_dir` into the base, nothing comes twice.
pub(crate) fn check(plan: &Plan) -> Result<()> {
    let mut children: HashMap<&OsStr, Vec<&OsStr>> = HashMap::new();
    for path in plan.dirs.keys().filter(|path| !path.is_empty()) {
        let (parent, name) = split(path);
        check_name(parent, name)?;
        if !plan.dirs.contains_key(parent) {
            return Err(bad(parent, name, "comes without its directory"));
        }
        children.entry(parent).or_default().push(name);
    }
    for (path, dir) in &plan.dirs {
        let inner = children.remove(path.as_os_str()).unwrap_or_default();
        check_names(path, dir, &inner)?;
        let usual = base_of(path);
        dir.links.iter().try_for_each(|link| check_target(path, link, usual.as_bytes()))?;
    }
    Ok(())
}

/// A link in the directory `dir` of an env.
pub(crate) fn check_link(dir: &OsStr, link: &Link) -> Result<()> {
    check_name(dir, &link.name)?;
    check_target(dir, link, base_of(dir).as_bytes())
}

/// Every name of one directory once.
fn check_names(path: &OsStr, dir: &Dir, inner: &[&OsStr]) -> Result<()> {
    let mut seen: HashSet<&OsStr> = inner.iter().copied().collect();
    let links = dir.links.iter().map(|link| &link.name);
    for name in links.chain(dir.files.iter().map(|file| &file.name)) {
        check_name(path, name)?;
        if !seen.insert(name) {
            return Err(bad(path, name, "comes twice"));
        }
    }
    Ok(())
}

/// A name in the directory `dir` of an env.
pub(crate) fn check_name(dir: &OsStr, name: &OsStr) -> Result<()> {
    let bytes = name.as_bytes();
    if matches!(bytes, b"" | b"." | b"..") || bytes.contains(&b'/') || bytes.contains(&0) {
        return Err(bad(dir, name, "is no path inside an env"));
    }
    if dir.is_empty() && RESERVED.iter().any(|reserved| name == *reserved) {
        return Err(bad(dir, name, "is a name that belongs to mlenv"));
    }
    Ok(())
}

/// Follows a link's text by name: it may climb to the env's top and no further, and once in `baseEnv_dir` it may
/// only go down, to something below it. `usual` is how links of this directory begin that lead to the same
/// directory of the base: nearly all do, and need no further look.
fn check_target(dir: &OsStr, link: &Link, usual: &[u8]) -> Result<()> {
    let target = link.target.as_bytes();
    if target.strip_prefix(usual).is_some_and(|name| name == link.name.as_bytes()) {
        return Ok(());
    }
    let refuse = |why: &str| {
        let what = format!("is a link to {}, which {why}", Shown(Path::new(&link.target)));
        Err(bad(dir, &link.name, &what))
    };
    if target.is_empty() || target.starts_with(b"/") || target.contains(&0) {
        return refuse("is no relative path");
    }
    let mut stack: Vec<&[u8]> =
        dir.as_bytes().split(|&byte| byte == b'/').filter(|part| !part.is_empty()).collect();
    for part in target.split(|&byte| byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if stack.first() == Some(&BASE_LINK.as_bytes()) => {
                return refuse("climbs about in the base");
            }
            b".." => {
                if stack.pop().is_none() {
                    return refuse("leads out of the env");
                }
            }
            name => stack.push(name),
        }
    }
    match stack.as_slice() {
        [] => refuse("is the env itself"),
        [only] if *only == BASE_LINK.as_bytes() => refuse("is the whole base"),
        _ => Ok(()),
    }
}

fn bad(dir: &OsStr, name: &OsStr, what: &str) -> Error {
    Error::new(format!(
        "the archive is not fit for use: {} {what}",
        Shown(&Path::new(dir).join(name))
    ))
    .hint("make a new one with `mlenv base index`; nothing was written")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overlay::plan::FileMode;

    fn plan(dirs: &[&str], links: &[(&str, &str)]) -> Plan {
        let mut plan = Plan::default();
        for dir in dirs {
            plan.dirs.insert(dir.into(), Dir::default());
        }
        for (path, target) in links {
            let (dir, name) = split(OsStr::new(path));
            let link = Link { name: name.into(), target: target.into() };
            plan.dirs.entry(dir.into()).or_default().links.push(link);
        }
        plan
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
            ("a/b/z", "../../baseEnv_dir/elsewhere"),
        ] {
            check(&plan(&["a", "a/b"], &[(path, target)])).unwrap();
        }
    }

    #[test]
    fn hostile_links_are_refused() {
        for (target, why) in [
            ("../../etc", "leads out"),
            ("/etc/passwd", "no relative path"),
            ("", "no relative path"),
            ("../baseEnv_dir/../../..", "climbs about"),
            ("../baseEnv_dir", "whole base"),
            ("../baseEnv_dir/.", "whole base"),
            ("..", "env itself"),
        ] {
            refused(&plan(&["a"], &[("a/x", target)]), why);
        }
    }

    #[test]
    fn hostile_names_are_refused() {
        for (path, why) in [
            ("../x", "no path inside"),
            ("/x", "no path inside"),
            ("a/..", "no path inside"),
            ("a/", "no path inside"),
            ("c/d/x", "without its directory"),
            ("mlenv.toml", "belongs to mlenv"),
            ("baseEnv_dir", "belongs to mlenv"),
            ("baseEnv_dir/x", "belongs to mlenv"),
        ] {
            refused(&plan(&["a"], &[(path, "q")]), why);
        }
        refused(&plan(&["a", "a/../.."], &[]), "no path inside");
        refused(&plan(&["a/b"], &[]), "without its directory");
    }

    #[test]
    fn nothing_comes_twice() {
        refused(&plan(&["a", "a/b"], &[("a/b", "c")]), "twice");
        refused(&plan(&["a"], &[("a/b", "c"), ("a/b", "d")]), "twice");
        let mut both = plan(&["a"], &[("a/b", "c")]);
        both.file(Path::new("a/b"), vec![], FileMode::Data);
        refused(&both, "twice");
    }
}
