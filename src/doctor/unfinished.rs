//! What an installation, or the removal of a package, left half done; and paths of packages that lead nowhere.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::facts::Facts;
use super::finding::{EnvFault, Finding};
use super::snapshot::Thing;
use crate::base::contents::contents;
use crate::foreign;
use crate::hint::command;
use crate::text::Shown;
use crate::text::count;

/// Traces of a package manager that was stopped.
pub(super) fn installs(facts: &Facts) -> Option<Finding> {
    let items: Vec<String> = [by_pip(facts), by_conda(facts)].concat();
    (!items.is_empty()).then(|| {
        let what =
            format!("{} only partly installed or removed", count(items.len(), "package was", "packages were"));
        let breaks = "modules are missing, or pip warns at each call, or a conda client believes that they are installed";
        let cure = format!(
            "{} puts each in place again; remove what begins with `~` or ends in `.c~`",
            command("mlenv install --reinstall -p {} PACKAGE", &[&facts.env])
        );
        Finding::told(EnvFault::UnfinishedInstalls, what, breaks, cure).about(items)
    })
}

/// A change of conda packages that mlenv itself began.
#[cfg(feature = "conda")]
pub(super) fn change(facts: &Facts) -> Option<Finding> {
    crate::conda::transaction::is_unfinished(facts.env).then(|| {
        let what = "an `mlenv install` or `uninstall` was stopped while it changed packages";
        let breaks =
            "some of their files are the new ones and some the old ones, or space is taken";
        Finding::mended(EnvFault::UnfinishedInstalls, what, breaks, Vec::new())
    })
}

/// Without an installer of its own mlenv begins none.
#[cfg(not(feature = "conda"))]
pub(super) fn change(_: &Facts) -> Option<Finding> {
    None
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
    items.extend(by_another(facts));
    items.sort();
    items
}

/// What is recorded, and of whose modules some are gone.
fn by_another(facts: &Facts) -> Vec<String> {
    let mut items = Vec::new();
    for (name, thing) in site(facts) {
        let path = site_dir(facts).join(name);
        if *thing != Thing::Dir || !name.as_bytes().ends_with(b".dist-info") {
            continue;
        }
        let rows = crate::base::conda::wheel_rows(&facts.env.join(&path).join("RECORD"));
        let rows =
            rows.iter().filter(|row| row.extension().is_some_and(|end| end == "py" || end == "so"));
        let missing = rows.filter(|row| !is_there(facts, &site_dir(facts).join(row))).count();
        if missing > 0 {
            let files = count(missing, "module is missing", "modules are missing");
            items.push(format!("{}: {files}", Shown(&path)));
        }
    }
    items
}

/// conda keeps its own records.
fn is_recorded(info: &Path) -> bool {
    let by_conda = || {
        foreign::read(info.join("INSTALLER"), foreign::FileKind::Note)
            .is_ok_and(|text| text.trim_ascii() == b"conda")
    };
    info.join("RECORD").symlink_metadata().is_ok() || by_conda()
}

/// conda moves what it cannot remove to `NAME.c~`, and its records name the files that should be there.
fn by_conda(facts: &Facts) -> Vec<String> {
    let mut items = Vec::new();
    for (dir, seen) in &facts.snapshot.dirs {
        let trash = seen.things.keys().filter(|name| name.as_bytes().ends_with(b".c~"));
        items.extend(trash.map(|name| Shown(&Path::new(dir).join(name)).to_string()));
    }
    for package in facts.own.values() {
        let Some(record) = contents(&facts.env.join(&package.record)) else {
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
        || path.file_name().is_some_and(|name| facts.snapshot.thing(dir, name).is_some())
        || facts.env.join(path).symlink_metadata().is_ok()
}

/// Projects that were installed in place, and are not there any more.
pub(super) fn stale_paths(facts: &Facts) -> Option<Finding> {
    let files = site(facts)
        .filter(|(name, thing)| **thing == Thing::File && name.as_bytes().ends_with(b".pth"));
    let mut gone = BTreeSet::new();
    for (name, _) in files {
        let file = site_dir(facts).join(name);
        let text =
            foreign::read(facts.env.join(&file), foreign::FileKind::Note).unwrap_or_default();
        let lines = text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
        let paths = lines.map(|line| Path::new(OsStr::from_bytes(line)));
        let lost = paths.filter(|path| path.is_absolute() && path.metadata().is_err());
        gone.extend(lost.map(|path| format!("{} of {}", Shown(path), Shown(&file))));
    }
    (!gone.is_empty()).then(|| {
        let what = format!(
            "{} installed in place {} no longer there",
            count(gone.len(), "project that was", "projects that were"),
            if gone.len() == 1 { "is" } else { "are" },
        );
        let cure = "bring the project back, or `pip uninstall` it";
        let breaks = "its modules cannot be imported, or the base's of the same name are";
        Finding::told(EnvFault::StalePaths, what, breaks, cure).about(gone.into_iter().collect())
    })
}

fn site_dir(facts: &Facts) -> PathBuf {
    Path::new("lib").join(&facts.record.base.python_lib).join("site-packages")
}

fn site<'a>(facts: &'a Facts) -> impl Iterator<Item = (&'a std::ffi::OsString, &'a Thing)> {
    let seen = facts.snapshot.dirs.get(site_dir(facts).as_os_str());
    seen.into_iter().flat_map(|seen| &seen.things)
}
