//! What an installation, or the removal of a package, left half done; and paths of packages that lead nowhere.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::conda;
use super::facts::Facts;
use super::finding::{Finding, Kind, count};
use super::sight::Thing;
use crate::text::Shown;

/// Traces of a package manager that was stopped.
pub(super) fn installs(facts: &Facts) -> Option<Finding> {
    let items: Vec<String> = [by_pip(facts), by_conda(facts)].concat();
    (!items.is_empty()).then(|| {
        let what =
            format!("{} installed or removed by halves", count(items.len(), "package was", "packages were"));
        let breaks = "modules are missing, or pip warns at each call, or a conda client takes for installed what is not";
        let cure = "install each again with the tool that you used (`pip install --force-reinstall`), or remove it; \
                    remove what begins with `~` or ends in `.c~`";
        Finding::told(Kind::UnfinishedInstalls, what, breaks, cure).about(items)
    })
}

/// pip renames what it removes to `~ame` first, and writes RECORD last.
fn by_pip(facts: &Facts) -> Vec<String> {
    let mut items = Vec::new();
    for (name, thing) in site(facts) {
        let path = site_dir(facts).join(name);
        let bytes = name.as_bytes();
        let is_info = *thing == Thing::Dir && bytes.ends_with(b".dist-info");
        if bytes.starts_with(b"~") || (is_info && !is_recorded(&facts.env.join(&path))) {
            items.push(Shown(&path).to_string());
        }
    }
    items.sort();
    items
}

/// conda keeps its own records.
fn is_recorded(info: &Path) -> bool {
    let by_conda =
        || std::fs::read(info.join("INSTALLER")).is_ok_and(|text| text.trim_ascii() == b"conda");
    info.join("RECORD").symlink_metadata().is_ok() || by_conda()
}

/// conda moves what it cannot remove to `NAME.c~`, and its records name the files that should be there.
fn by_conda(facts: &Facts) -> Vec<String> {
    let mut items = Vec::new();
    for (dir, seen) in &facts.sight.dirs {
        let trash = seen.things.keys().filter(|name| name.as_bytes().ends_with(b".c~"));
        items.extend(trash.map(|name| Shown(&Path::new(dir).join(name)).to_string()));
    }
    for package in facts.own.values() {
        let Some(record) = conda::contents(&facts.env.join(&package.record)) else {
            items.push(format!("{}: its record cannot be read", package.package.shown()));
            continue;
        };
        let missing = record.files.iter().filter(|file| !is_there(facts, file)).count();
        if missing > 0 {
            let files = count(missing, "file is missing", "files are missing");
            items.push(format!("{}: {files}", package.package.shown()));
        }
    }
    items.sort();
    items
}

/// Compiled Python comes and goes.
fn is_there(facts: &Facts, path: &Path) -> bool {
    let dir = path.parent().unwrap_or(Path::new("")).as_os_str();
    path.extension() == Some(OsStr::new("pyc"))
        || path.file_name().is_some_and(|name| facts.sight.thing(dir, name).is_some())
        || facts.env.join(path).symlink_metadata().is_ok()
}

/// Projects that were installed in place, and are not there any more.
pub(super) fn stale_paths(facts: &Facts) -> Option<Finding> {
    let files = site(facts)
        .filter(|(name, thing)| **thing == Thing::File && name.as_bytes().ends_with(b".pth"));
    let mut gone = BTreeSet::new();
    for (name, _) in files {
        let file = site_dir(facts).join(name);
        let text = std::fs::read(facts.env.join(&file)).unwrap_or_default();
        let lines = text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
        let paths = lines.map(|line| Path::new(OsStr::from_bytes(line)));
        let lost = paths.filter(|path| path.is_absolute() && path.metadata().is_err());
        gone.extend(lost.map(|path| format!("{} of {}", Shown(path), Shown(&file))));
    }
    (!gone.is_empty()).then(|| {
        let what = format!(
            "{} installed in place {} not there any more",
            count(gone.len(), "project that was", "projects that were"),
            if gone.len() == 1 { "is" } else { "are" },
        );
        let cure = "bring the project back, or `pip uninstall` it";
        let breaks = "its modules cannot be imported, or the base's of the same name are";
        Finding::told(Kind::StalePaths, what, breaks, cure).about(gone.into_iter().collect())
    })
}

fn site_dir(facts: &Facts) -> PathBuf {
    Path::new("lib").join(&facts.record.base.python_lib).join("site-packages")
}

fn site<'a>(facts: &'a Facts) -> impl Iterator<Item = (&'a std::ffi::OsString, &'a Thing)> {
    let seen = facts.sight.dirs.get(site_dir(facts).as_os_str());
    seen.into_iter().flat_map(|seen| &seen.things)
}
