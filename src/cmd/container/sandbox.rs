//! The sandbox of a directory, on disk: where it goes, what is made in it, what a killed build left.

use std::path::{Component, Path, PathBuf};

use crate::container::Mount;
use crate::error::{Attempt, Result};
use crate::fs;

/// Where sandboxes go, in the directory that they are for.
pub(super) const DIR: &str = "singularity";

/// In front of the name of one that is being built.
const UNFINISHED: &str = ".mlenv-new-";

/// The path of a new one, from its directory. No `:` is in it, which image names have.
pub(super) fn path(image: &str, instance: &str) -> PathBuf {
    let last = image.trim_end_matches('/').rsplit('/').next().unwrap_or(image);
    let fits = |character: char| character.is_ascii_alphanumeric() || "_.-".contains(character);
    let name: String =
        last.chars().map(|character| if fits(character) { character } else { '_' }).collect();
    Path::new(DIR).join(format!("{name}-{}", instance.get(..8).unwrap_or(instance)))
}

/// Where it is built before it gets that name.
pub(super) fn unfinished(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{UNFINISHED}{name}"))
}

/// Removes what killed builds left in `dir`. The caller has the directory's lock.
pub(super) fn sweep(dir: &Path) {
    let Ok(entries) = dir.join(DIR).read_dir() else { return };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            let _ = fs::remove_tree(&entry.path()); // the next one tries again
        }
    }
}

/// Removes a sandbox, and the directory of sandboxes where it was the last.
pub(super) fn remove(dir: &Path, sandbox: &Path) -> Result<()> {
    fs::remove_tree(sandbox).attempt("remove", sandbox)?;
    fs::remove_empty_dirs(&dir.join(DIR), &dir.join(DIR));
    Ok(())
}

/// Makes the places for mounts in a sandbox: one that is written to does not get them by itself. Nothing is made
/// through a link, which would lead out of the sandbox; the engine then says what is wrong.
pub(super) fn make_places(sandbox: &Path, mounts: &[Mount]) -> Result<()> {
    for mount in mounts {
        make_place(sandbox, mount)?;
    }
    Ok(())
}

fn make_place(sandbox: &Path, mount: &Mount) -> Result<()> {
    let mut path = sandbox.to_owned();
    let parts = mount.target.0.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name),
        _ => None,
    });
    let parts: Vec<_> = parts.collect();
    for (at, name) in parts.iter().enumerate() {
        path.push(name);
        let is_last = at + 1 == parts.len();
        match path.symlink_metadata() {
            Ok(meta) if meta.is_symlink() => return Ok(()),
            Ok(_) => {}
            Err(_) if is_last && mount.source.0.is_file() => {
                fs::write_new(&path, b"").attempt("make", &path)?;
            }
            Err(_) => fs::make_dir(&path).attempt("make", &path)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_made_and_links_are_not_followed() {
        let root = tempfile::tempdir().unwrap();
        let (sandbox, outside) = (root.path().join("box"), root.path().join("outside"));
        fs::make_dirs(&sandbox, 0o755).unwrap();
        fs::make_dirs(&outside, 0o755).unwrap();
        fs::make_link(&outside, &sandbox.join("link")).unwrap();
        let at = |target: &str| {
            Mount::new(root.path(), Path::new(target), crate::container::mount::Mode::Writable)
        };
        make_places(&sandbox, &[at("/a, b/c"), at("/link/x")]).unwrap();
        assert!(sandbox.join("a, b/c").is_dir());
        assert!(!outside.join("x").exists());
    }

    #[test]
    fn names_hold_nothing_that_splits_paths() {
        assert_eq!(path("r:5/u/ml:1", "0123456789"), Path::new("singularity/ml_1-01234567"));
        assert_eq!(
            unfinished(Path::new("singularity/x-1")),
            Path::new("singularity/.mlenv-new-x-1")
        );
    }
}
