//! What a library search path of an ELF file should be, so that it works from every path. Pure.
//!
//! The new text is never longer than the old one and is filled up with NULs: it takes the old one's place in the
//! file. An empty entry is never left, as the loader would look into the current directory for it.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::elf::{Dynamic, Text};

/// What conda-build fills build paths up with, up to 255 bytes.
const PLACEHOLDER: &[u8] = b"_placehold";

/// The judgement on one search path.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SearchVerdict {
    /// It names no build path.
    Fine,
    /// The bytes that take its place, as many as there were.
    Mended(Vec<u8>),
    /// It does, and there is no room for what it should be.
    NoRoom,
}

/// Judges the search path `text` of a file in the directory `dir`, relative to the base. `homes` are the prefixes that
/// mean this base.
pub(super) fn judge(text: &[u8], dir: &Path, homes: &[&Path]) -> SearchVerdict {
    let entries: Vec<&[u8]> = text.split(|&byte| byte == b':').collect();
    if !entries.iter().any(|entry| is_build_path(entry, homes)) {
        return SearchVerdict::Fine;
    }
    let wanted = renewed(&entries, dir, homes);
    let kept = || {
        let kept: Vec<&[u8]> =
            entries.iter().copied().filter(|entry| !is_build_path(entry, homes)).collect();
        // Without any entry of its own a file may have found its libraries by the build path alone.
        (!kept.is_empty()).then(|| join(&kept))
    };
    let fits = |new: &Vec<u8>| new.len() <= text.len();
    match Some(wanted).filter(fits).or_else(|| kept().filter(fits)) {
        Some(mut new) => {
            new.resize(text.len(), 0);
            SearchVerdict::Mended(new)
        }
        None => SearchVerdict::NoRoom,
    }
}

/// The entries in their order, those that name the build path by their place relative to the file, none twice.
fn renewed(entries: &[&[u8]], dir: &Path, homes: &[&Path]) -> Vec<u8> {
    let mut seen: Vec<PathBuf> = Vec::new();
    // What the others name counts as seen, wherever it stands: it needs no second entry.
    for entry in entries.iter().filter(|entry| !is_build_path(entry, homes)) {
        seen.extend(place(entry, dir));
    }
    let mut new: Vec<Vec<u8>> = Vec::new();
    for entry in entries.iter().filter(|entry| !entry.is_empty()) {
        if !is_build_path(entry, homes) {
            new.push(entry.to_vec());
            continue;
        }
        let Some(relative) = relative(entry, dir, homes) else { continue };
        let place = place(&relative, dir);
        if place.as_ref().is_some_and(|place| !seen.contains(place)) {
            seen.extend(place);
            new.push(relative);
        }
    }
    join(&new.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

fn is_build_path(entry: &[u8], homes: &[&Path]) -> bool {
    let path = Path::new(OsStr::from_bytes(entry));
    path.is_absolute()
        && (homes.iter().any(|home| path.starts_with(home))
            || entry.windows(PLACEHOLDER.len()).any(|part| part == PLACEHOLDER))
}

/// `/opt/conda/lib` for a file in `bin` as `$ORIGIN/../lib`; none for the path of another build.
fn relative(entry: &[u8], dir: &Path, homes: &[&Path]) -> Option<Vec<u8>> {
    let path = Path::new(OsStr::from_bytes(entry));
    let inside = homes.iter().find_map(|home| path.strip_prefix(home).ok())?;
    let shared = dir.iter().zip(inside).take_while(|(left, right)| left == right).count();
    let mut new = b"$ORIGIN".to_vec();
    for _ in dir.iter().skip(shared) {
        new.extend(b"/..");
    }
    for part in inside.iter().skip(shared) {
        new.push(b'/');
        new.extend(part.as_bytes());
    }
    Some(new)
}

/// The directory that an entry names, for comparison.
fn place(entry: &[u8], dir: &Path) -> Option<PathBuf> {
    let text = Text { offset: 0, bytes: entry.to_vec() };
    let one = Dynamic { rpath: Some(text), ..Dynamic::default() };
    one.looks_in(&Path::new("/").join(dir)).pop()
}

fn join(entries: &[&[u8]]) -> Vec<u8> {
    entries.join(&b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(dir: &str, old: &str, expected: &str) {
        let SearchVerdict::Mended(new) =
            judge(old.as_bytes(), Path::new(dir), &[Path::new("/opt/conda")])
        else {
            panic!("{old} is not mended")
        };
        assert_eq!(new.len(), old.len(), "{old}");
        let end = new.iter().position(|&byte| byte == 0).unwrap_or(new.len());
        assert!(new[end..].iter().all(|&byte| byte == 0));
        assert_eq!(String::from_utf8_lossy(&new[..end]), expected, "{old}");
    }

    #[test]
    fn build_paths_go_or_become_relative_and_everything_else_stays_in_its_order() {
        check("bin", "$ORIGIN/../lib:/opt/conda/lib", "$ORIGIN/../lib");
        check(
            "bin",
            "/opt/conda/lib:$ORIGIN/../lib:/usr/local/cuda/lib64",
            "$ORIGIN/../lib:/usr/local/cuda/lib64",
        );
        check("bin", "/opt/conda/lib", "$ORIGIN/../lib");
        check("lib", "/opt/conda/lib", "$ORIGIN");
        check("lib/root", "/opt/conda/lib:/opt/conda/lib/root", "$ORIGIN/..:$ORIGIN");
        check("lib", "/b/_h_env_placehold_placehold/lib:$ORIGIN", "$ORIGIN");
        check("lib", "/opt/conda/lib::$ORIGIN/.", "$ORIGIN/.");
    }

    #[test]
    fn what_does_not_fit_is_dropped_beside_others_and_told_where_it_is_alone() {
        let deep = "lib/python3.11/site-packages/x/y";
        check(deep, "$ORIGIN:/opt/conda/lib", "$ORIGIN");
        let judged =
            |text: &str| judge(text.as_bytes(), Path::new(deep), &[Path::new("/opt/conda")]);
        assert_eq!(judged("/opt/conda/lib"), SearchVerdict::NoRoom);
        for text in ["$ORIGIN/../lib", "", "/usr/lib64", "/opt/condas/lib"] {
            assert_eq!(judged(text), SearchVerdict::Fine, "{text}");
        }
    }
}
