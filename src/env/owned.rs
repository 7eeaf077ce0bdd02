//! Which programs of a base an env links: those that a record of conda's names.
//!
//! Conda clients look into records to see what lies in a prefix. Some, rattler's tools among them, copy onto whatever else
//! lies there, through a link into a base that can be written. Programs that an image or pip put into the base's `bin`
//! are found there: it follows the env's on PATH. Python scripts are files of the env anyway, and stay.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::content::{BASE_LINK, Content};

/// Takes links to programs that no record names out of a plan. An index that another mlenv made may hold some; a plan
/// without records is of no conda base.
pub(crate) fn keep_owned(plan: &mut Content) {
    let Some(records) = plan.dirs.get(OsStr::new("conda-meta")) else { return };
    if records.files.is_empty() {
        return;
    }
    let read = records.files.iter().filter_map(|file| serde_json::from_slice(&file.bytes).ok());
    let owned: HashSet<PathBuf> = read.flat_map(|record: Files| record.files).collect();
    for (path, dir) in plan.dirs.iter_mut().filter(|(path, _)| is_of_programs(Path::new(path))) {
        let named = |name: &OsString| owned.contains(&Path::new(path).join(name));
        dir.links.retain(|link| !leads_to_base(&link.target) || named(&link.name));
    }
}

/// The part of a record that names files.
#[derive(Deserialize)]
struct Files {
    #[serde(default)]
    files: Vec<PathBuf>,
}

/// True for the directory of programs, and for what is in it.
pub(crate) fn is_of_programs(dir: &Path) -> bool {
    dir.starts_with("bin")
}

fn leads_to_base(target: &OsStr) -> bool {
    let mut rest = target.as_bytes();
    while let Some(up) = rest.strip_prefix(b"../") {
        rest = up;
    }
    rest.starts_with(BASE_LINK.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::super::content::FileMode;
    use super::*;

    #[test]
    fn only_programs_that_a_record_names_are_linked() {
        let mut plan = Content::default();
        for path in ["bin/owned", "bin/of-the-image", "bin/deep/owned", "bin/deep/other", "lib/x"] {
            plan.link_to_base(Path::new(path));
        }
        let without = |plan: &Content| plan.link_at(Path::new("bin/of-the-image")).is_none();
        keep_owned(&mut plan);
        assert!(!without(&plan), "nothing is known without records");
        let record = br#"{"mlenv": "base", "files": ["bin/owned", "bin/deep/owned"]}"#;
        plan.file(Path::new("conda-meta/a-1-0.json"), record.to_vec(), FileMode::Data);
        keep_owned(&mut plan);
        assert!(without(&plan) && plan.link_at(Path::new("bin/deep/other")).is_none());
        for path in ["bin/owned", "bin/deep/owned", "lib/x"] {
            assert!(plan.link_at(Path::new(path)).is_some(), "{path}");
        }
    }
}
