//! Where a base was built: the path that its own files name.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::record::Prepared;
use super::script;

use crate::foreign;

/// Enough of a file to hold an interpreter line, or the first assignment.
const HEAD: u64 = 1024;

/// What a preparation noted; else the prefix that most scripts in `bin` and most files of `pkg-config` name; the base's
/// own path where none does.
pub(super) fn find(prefix: &Path) -> PathBuf {
    if let Ok(Some(record)) = Prepared::read(prefix) {
        return record.built_at.0;
    }
    let mut votes: BTreeMap<PathBuf, usize> = BTreeMap::new();
    for head in heads(&prefix.join("bin")) {
        if let Some(home) = script::home(&head).filter(|home| is_own(home)) {
            *votes.entry(home.to_owned()).or_default() += 1;
        }
    }
    for head in heads(&prefix.join("lib/pkgconfig")) {
        if let Some(home) = of_package(&head).filter(|home| is_own(home)) {
            *votes.entry(home.to_owned()).or_default() += 1;
        }
    }
    let most = votes.into_iter().max_by_key(|(_, count)| *count);
    most.map_or_else(|| prefix.to_owned(), |(home, _)| home)
}

/// The machine's own places are named by files of the machine.
fn is_own(home: &Path) -> bool {
    home.is_absolute() && !["/", "/usr", "/usr/local"].iter().any(|place| home == Path::new(place))
}

/// `prefix=/opt/conda`
fn of_package(head: &[u8]) -> Option<&Path> {
    let mut lines = head.split(|&byte| byte == b'\n');
    let value = lines.find_map(|line| line.strip_prefix(b"prefix="))?.trim_ascii();
    Some(Path::new(OsStr::from_bytes(value)))
}

/// The first bytes of each file in a directory.
fn heads(dir: &Path) -> impl Iterator<Item = Vec<u8>> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    files.filter_map(|entry| foreign::head(&entry.path(), HEAD).ok())
}
