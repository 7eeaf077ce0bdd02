//! Image directories, looked at as a process would whose root they are: an absolute link in one leads to a place in
//! it, not to one of this machine.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};

use crate::host::same_place;

/// Where a base lies in an image.
pub(crate) const IN_IMAGE: &str = "opt/conda";

/// The prefixes of an image that have a meaning. No directory further up than such a one tells is looked at: on an
/// automounter that would try to mount something.
const PREFIXES: [&str; 4] = ["", "usr", "usr/local", IN_IMAGE];

/// What tells the root of a system from a prefix that happens to have a `usr/bin`.
const SIGNS: [&str; 5] =
    ["etc/os-release", "usr/lib/os-release", "etc/passwd", "etc/alternatives", ".singularity.d"];

/// The image directory around `path`, and the path in it: of a prefix of the image, or of a program of one. Never this
/// machine's own root.
pub(super) fn image_around(path: &Path) -> Option<(&Path, &Path)> {
    let of_program = path.parent().filter(|dir| dir.ends_with("bin")).and_then(Path::parent);
    let places = [Some(path), of_program].into_iter().flatten();
    let mut images = places.flat_map(|prefix| {
        let ends = PREFIXES.iter().filter(|end| end.is_empty() || prefix.ends_with(end));
        ends.filter_map(|end| prefix.ancestors().nth(Path::new(end).components().count()))
    });
    let image = images.find(|image| is_image(image))?;
    Some((image, path.strip_prefix(image).ok()?))
}

/// True for the root of another system than this one.
fn is_image(dir: &Path) -> bool {
    let is_merged =
        || std::fs::read_link(dir.join("bin")).is_ok_and(|target| target.ends_with("usr/bin"));
    let has = |sign: &str| dir.join(sign).symlink_metadata().is_ok();
    dir.join("usr/bin").is_dir()
        && (is_merged() || SIGNS.iter().any(|sign| has(sign)))
        && !same_place(dir, Path::new("/"))
}

/// True for the prefix of an image's system, by its path in the image.
pub(super) fn is_of_system(prefix: &Path) -> bool {
    prefix.as_os_str().is_empty() || prefix == Path::new("usr")
}

/// True where there is something at `path` of an image.
pub(super) fn has(image: &Path, path: &str) -> bool {
    within(image, Path::new(path)).is_ok_and(|at| at.is_some())
}

/// As many links as the system follows.
const MOST_LINKS: usize = 40;

/// Follows `path` from `root` as a process would whose root that is: the path without links, relative to `root`; `None`
/// where there is nothing.
pub(super) fn within(root: &Path, path: &Path) -> io::Result<Option<PathBuf>> {
    let (mut at, mut left, mut links) = (PathBuf::new(), parts(path), 0);
    while let Some(part) = left.pop_front() {
        let next = match Path::new(&part).components().next() {
            Some(Component::Normal(name)) => at.join(name),
            Some(Component::RootDir) => {
                at = PathBuf::new();
                continue;
            }
            Some(Component::ParentDir) => {
                at.pop();
                continue;
            }
            _ => continue,
        };
        match root.join(&next).symlink_metadata() {
            Err(cause) if is_missing(&cause) => return Ok(None),
            Err(cause) => return Err(cause),
            Ok(meta) if !meta.is_symlink() => at = next,
            Ok(_) if links == MOST_LINKS => return Err(ErrorKind::TooManyLinks.into()),
            Ok(_) => {
                links += 1;
                let mut target = parts(&std::fs::read_link(root.join(&next))?);
                target.append(&mut left);
                left = target;
            }
        }
    }
    Ok(Some(at))
}

fn parts(path: &Path) -> VecDeque<OsString> {
    path.components().map(|part| part.as_os_str().to_owned()).collect()
}

/// True where there is nothing, as opposed to something that cannot be looked at.
pub(super) fn is_missing(cause: &io::Error) -> bool {
    matches!(cause.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests build worlds of their own")]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_in_an_image_lead_to_places_in_it() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        std::fs::create_dir_all(root.join("data/opt/conda")).unwrap();
        symlink("/data/opt", root.join("opt")).unwrap();
        symlink("../../../data/opt/conda", root.join("climbing")).unwrap();
        symlink("loop", root.join("loop")).unwrap();
        symlink("/nowhere", root.join("gone")).unwrap();
        let at = |path: &str| within(root, Path::new(path));
        assert_eq!(at("opt/conda").unwrap().unwrap(), Path::new("data/opt/conda"));
        assert_eq!(at("climbing").unwrap().unwrap(), Path::new("data/opt/conda"));
        assert_eq!(at("gone").unwrap(), None);
        assert!(at("loop").is_err());
    }

    #[test]
    fn an_image_is_known_by_its_root_and_a_prefix_of_ones_own_is_none() {
        let root = tempfile::tempdir().unwrap();
        let image = root.path().join("image");
        std::fs::create_dir_all(image.join("usr/bin")).unwrap();
        for prefix in ["", "usr", "opt/conda", "usr/bin/python3"] {
            assert_eq!(image_around(&image.join(prefix)), None, "{prefix}");
        }
        symlink("usr/bin", image.join("bin")).unwrap();
        for inside in ["", "usr", "usr/local", "opt/conda", "bin/python3", "usr/bin/python3"] {
            let path = image.join(inside);
            assert_eq!(image_around(&path), Some((image.as_path(), Path::new(inside))), "{inside}");
        }
        assert_eq!(image_around(&image.join("home/x")), None);
        assert_eq!(image_around(Path::new("/usr")), None);
    }
}
