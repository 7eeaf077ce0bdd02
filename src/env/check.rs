//! What an archive may ask for. Everything is checked before anything is written: an archive may be damaged, old,
//! or made by somebody who wishes the user ill. Pure.

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::content::{BASE_LINK, Content, Dir, Link, base_of, split};
use super::links::{End, Links};
use crate::error::{Error, Result};
use crate::text::Shown;

/// Files that `create` writes itself and that no archive may bring: the first is what makes a directory an env.
const RESERVED: [&str; 3] = ["mlenv.toml", "pyvenv.cfg", BASE_LINK];

/// Checks a whole plan: names stay inside the env, parents are directories of the plan, links stay inside the env
/// or lead through `baseEnv_dir` into the base, nothing comes twice.
pub(crate) fn check(plan: &Content) -> Result<()> {
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
    }
    odd_ends(plan).map(drop)
}

/// A link into the base that leads to another place there than its own has in the env.
pub(crate) struct Odd<'a> {
    /// Its directory.
    pub(crate) dir: &'a OsStr,
    /// Itself.
    pub(crate) link: &'a Link,
    /// Where in the base it leads.
    pub(crate) to: OsString,
}

/// Follows every link of a plan whose names were checked. Nearly all lead to their own place in the base by the usual
/// text and need no further look.
pub(crate) fn odd_ends(plan: &Content) -> Result<Vec<Odd<'_>>> {
    let mut links = Links::of(plan);
    let mut odd = Vec::new();
    for (dir, content) in &plan.dirs {
        let usual = base_of(dir);
        for link in content.links.iter().filter(|link| !is_usual(link, &usual)) {
            let why = match links.end(dir, link) {
                Ok(End::Base(to)) => {
                    odd.push(Odd { dir, link, to });
                    continue;
                }
                Ok(End::Inside) => continue,
                Err(why) => why,
            };
            return Err(refused(dir, link, why));
        }
    }
    Ok(odd)
}

/// True for a link with the text that leads to its own place in the base; `usual` is how that begins in its directory.
pub(crate) fn is_usual(link: &Link, usual: &OsStr) -> bool {
    let name = link.target.as_bytes().strip_prefix(usual.as_bytes());
    name.is_some_and(|name| name == link.name.as_bytes())
}

/// The refusal of a link.
pub(crate) fn refused(dir: &OsStr, link: &Link, why: &str) -> Error {
    let what = format!("is a link to {}, which {why}", Shown(Path::new(&link.target)));
    bad(dir, &link.name, &what)
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
        return Err(bad(dir, name, "is not a path inside an env"));
    }
    if dir.is_empty() && RESERVED.iter().any(|reserved| name == *reserved) {
        return Err(bad(dir, name, "is a name that belongs to mlenv"));
    }
    Ok(())
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
    use crate::env::content::FileMode;

    fn plan(dirs: &[&str], links: &[(&str, &str)]) -> Content {
        let mut plan = Content::default();
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
    fn refused(plan: &Content, why: &str) {
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
            ("/etc/passwd", "not a relative path"),
            ("", "not a relative path"),
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
            ("../x", "not a path inside"),
            ("/x", "not a path inside"),
            ("a/..", "not a path inside"),
            ("a/", "not a path inside"),
            ("c/d/x", "without its directory"),
            ("mlenv.toml", "belongs to mlenv"),
            ("baseEnv_dir", "belongs to mlenv"),
            ("baseEnv_dir/x", "belongs to mlenv"),
        ] {
            refused(&plan(&["a"], &[(path, "q")]), why);
        }
        refused(&plan(&["a", "a/../.."], &[]), "not a path inside");
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
