//! The sandbox of a directory, on disk: where it goes, where it is built, and what is made in it.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use crate::container::Mount;
use crate::error::{Attempt, Error, Result};
use crate::fs;
use crate::host::Host;
use crate::text::Shown;

/// Where sandboxes go, in the directory that they are for.
pub(crate) const DIR: &str = "singularity";

/// The path of a new one, from its directory. No `:` is in it, which image names have.
pub(crate) fn path(image: &str, instance: &str) -> PathBuf {
    let last = image.trim_end_matches('/').rsplit('/').next().unwrap_or(image);
    let fits = |character: char| character.is_ascii_alphanumeric() || "_.-".contains(character);
    let name: String =
        last.chars().map(|character| if fits(character) { character } else { '_' }).collect();
    Path::new(DIR).join(format!("{name}-{}", instance.get(..8).unwrap_or(instance)))
}

/// Where one can be built that goes to `path`: the nearest directory above, on the same file system, whose path
/// apptainer's own scripts can hold.
pub(crate) fn building_place(path: &Path) -> Result<PathBuf> {
    use std::os::unix::fs::MetadataExt;
    let parent = path.parent().unwrap_or(path);
    let device = parent.metadata().attempt("look at", parent)?.dev();
    let is_here = |dir: &Path| dir.metadata().is_ok_and(|meta| meta.dev() == device);
    let found = parent
        .ancestors()
        .find(|dir| is_plain(dir))
        .filter(|dir| is_here(dir) && fs::is_writable(dir));
    found.map(Path::to_owned).ok_or_else(|| not_plain(parent))
}

/// Whether apptainer's scripts can hold a path: 1.4 looks at what it built by a script into which the path of the
/// unpacked image is written without quotes.
fn is_plain(path: &Path) -> bool {
    use std::os::unix::ffi::OsStrExt;
    !path.as_os_str().as_bytes().iter().any(|byte| b"'\"`;&|()<>\n$\\#".contains(byte))
}

fn not_plain(dir: &Path) -> Error {
    Error::new(format!("apptainer cannot build in {}", Shown(dir))).hint(
        "it cannot hold quotes, brackets, `;`, `&`, `|`, `<`, `>`, `$`, `#` and `\\` in that path: use another directory",
    )
}

/// The variables that say where apptainer and singularity unpack layers while they build: `named`, else where the
/// user's settings say, else `beside` what is built, and not in /tmp, which is small or shared on many machines. A
/// path that apptainer cannot hold is refused where it was named, and else left to apptainer's own choice.
pub(crate) fn work(
    host: &Host,
    named: Option<&Path>,
    beside: &Path,
) -> Result<Vec<(OsString, OsString)>> {
    const NAMES: [&str; 2] = ["APPTAINER_TMPDIR", "SINGULARITY_TMPDIR"];
    let is_set = NAMES.iter().any(|name| host.var(name).is_some());
    let dir = match named {
        Some(dir) if !is_plain(dir) => return Err(not_plain(dir)),
        None if is_set || !is_plain(beside) => return Ok(Vec::new()),
        named => named.unwrap_or(beside),
    };
    Ok(NAMES.iter().map(|name| (name.into(), dir.into())).collect())
}

/// Removes a sandbox or a SIF file, and the directory of them where it was the last.
pub(crate) fn remove(dir: &Path, sandbox: &Path) -> Result<()> {
    let is_dir = sandbox.symlink_metadata().is_ok_and(|meta| meta.is_dir());
    let removed = if is_dir { fs::remove_tree(sandbox) } else { fs::remove_file(sandbox) };
    removed.attempt("remove", sandbox)?;
    fs::remove_empty_dirs(&dir.join(DIR), &dir.join(DIR));
    Ok(())
}

/// Makes the places for mounts in a sandbox: one that is written to does not get them by itself. Nothing is made
/// through a link, which would lead out of the sandbox; the engine then says what is wrong.
pub(crate) fn make_places(sandbox: &Path, mounts: &[Mount]) -> Result<()> {
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
    fn a_sandbox_is_built_where_its_path_can_be_held() {
        let root = tempfile::tempdir().unwrap();
        let odd = root.path().join("it's (a) project/singularity");
        fs::make_dirs(&odd, 0o755).unwrap();
        assert_eq!(building_place(&odd.join("x")).unwrap(), root.path());
        assert_eq!(building_place(&root.path().join("x y")).unwrap(), root.path());
    }

    #[test]
    fn apptainer_is_told_of_no_path_that_its_scripts_break_on() {
        let host = Host::fake(&[], Path::new("/"));
        for odd in ["/it's", "/a #b", "/${x", "/a\\", "/(a"] {
            assert!(work(&host, None, Path::new(odd)).unwrap().is_empty(), "{odd}");
            assert!(work(&host, Some(Path::new(odd)), Path::new("/x")).is_err(), "{odd}");
        }
        assert_eq!(work(&host, None, Path::new("/a b/\u{e9}")).unwrap().len(), 2);
    }

    #[test]
    fn names_hold_nothing_that_splits_paths() {
        assert_eq!(path("r:5/u/ml:1", "0123456789"), Path::new("singularity/ml_1-01234567"));
    }
}
