//! Trees on disk: what is in them, whether they changed, copies of them.

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use walkdir::WalkDir;

/// One entry as text: type, mode, and what it holds.
pub(crate) type Listing = BTreeMap<PathBuf, String>;

/// Everything below `root`, nothing followed: kind, mode, size, time of change in nanoseconds, content or target.
pub(crate) fn snapshot(root: &Path) -> Listing {
    entries(root)
        .map(|(path, full)| {
            let meta = full.symlink_metadata().unwrap();
            let facts =
                format!("{:o} {} {}.{}", meta.mode(), meta.size(), meta.mtime(), meta.mtime_nsec());
            (path, format!("{facts} {}", content(&full)))
        })
        .collect()
}

/// The same without times and sizes of directories: to compare two trees of the same making.
pub(crate) fn shape(root: &Path) -> Listing {
    let describe =
        |full: &Path| format!("{:o} {}", full.symlink_metadata().unwrap().mode(), content(full));
    entries(root).map(|(path, full)| (path, describe(&full))).collect()
}

/// The names below `root`, sorted.
pub(crate) fn names(root: &Path) -> Vec<PathBuf> {
    entries(root).map(|(path, _)| path).collect()
}

/// The links below `root` and what they say.
pub(crate) fn links(root: &Path) -> BTreeMap<PathBuf, PathBuf> {
    entries(root).filter_map(|(path, full)| Some((path, std::fs::read_link(full).ok()?))).collect()
}

fn entries(root: &Path) -> impl Iterator<Item = (PathBuf, PathBuf)> {
    let root = root.to_owned();
    WalkDir::new(&root).min_depth(1).sort_by_file_name().into_iter().map(move |entry| {
        let full = entry.unwrap().into_path();
        (full.strip_prefix(&root).unwrap().to_owned(), full)
    })
}

fn content(path: &Path) -> String {
    let kind = path.symlink_metadata().unwrap().file_type();
    if kind.is_symlink() {
        format!("-> {}", std::fs::read_link(path).unwrap().display())
    } else if kind.is_file() {
        let digest = Sha256::digest(std::fs::read(path).unwrap());
        format!("{digest:02x?}")
    } else {
        String::new()
    }
}

/// Says what differs, in few words; the whole listings would drown it.
#[track_caller]
pub(crate) fn assert_same(before: &Listing, after: &Listing, what: &str) {
    let keys = before.keys().chain(after.keys());
    let mut changed: Vec<_> = keys
        .filter(|key| before.get(*key) != after.get(*key))
        .map(|key| format!("{}: {:?} became {:?}", key.display(), before.get(key), after.get(key)))
        .collect();
    changed.sort();
    changed.dedup();
    assert!(changed.is_empty(), "{what} changed:\n{}", changed.join("\n"));
}

/// A copy whose directories are its own and whose files are hard links: quick, and safe as long as nobody writes
/// into a file in place.
pub(crate) fn twin(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in WalkDir::new(from).min_depth(1) {
        let entry = entry.unwrap();
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            std::fs::create_dir(&target).unwrap();
        } else if entry.file_type().is_symlink() {
            symlink(std::fs::read_link(entry.path()).unwrap(), &target).unwrap();
        } else {
            std::fs::hard_link(entry.path(), &target).unwrap();
        }
    }
}
