//! What an env will hold, as data: directories, links into the base, real files. Made from a base by `survey`,
//! from an image's old archive by `tgz`, kept by `archive`, put on disk by `unpack`.
//!
//! Entries are kept by directory, as they are made: one descriptor serves all of a directory, and nothing needs
//! to take ten thousand paths apart.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

/// The link in every env that leads to its base; every other link goes through it.
pub(crate) const BASE_LINK: &str = "baseEnv_dir";

/// Everything in an env that does not depend on where the env is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Content {
    /// By path relative to the env; the env itself is the empty path. A parent sorts before what is in it.
    pub(crate) dirs: BTreeMap<OsString, Dir>,
}

/// What one directory holds besides directories.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Dir {
    /// Its links.
    pub(crate) links: Vec<Link>,
    /// Its real files.
    pub(crate) files: Vec<File>,
}

/// A link to be made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Link {
    /// Its name in its directory.
    pub(crate) name: OsString,
    /// Its text: relative, through `baseEnv_dir` or to a place inside the env.
    pub(crate) target: OsString,
}

/// A real file to be made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct File {
    /// Its name in its directory.
    pub(crate) name: OsString,
    /// What is in it. A script begins with `script::PORTABLE_HEAD`, which becomes the env's interpreter line.
    pub(crate) bytes: Vec<u8>,
    /// Whether it may be run.
    pub(crate) mode: FileMode,
}

/// The two sorts of files in an env; the umask applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FileMode {
    /// 0666 before the umask.
    Data,
    /// 0777 before the umask.
    Program,
}

impl Default for Content {
    fn default() -> Self {
        Self { dirs: BTreeMap::from([(OsString::new(), Dir::default())]) }
    }
}

impl Content {
    /// The directory at `path`, added with its parents where it is missing.
    pub(crate) fn dir(&mut self, path: &Path) -> &mut Dir {
        if !self.dirs.contains_key(path.as_os_str())
            && let Some(parent) = path.parent()
        {
            self.dir(parent);
        }
        self.dirs.entry(path.as_os_str().to_owned()).or_default()
    }

    /// Adds a link that leads to the same path in the base.
    pub(crate) fn link_to_base(&mut self, path: &Path) {
        self.link(path, into_base(path));
    }

    /// Adds a link.
    pub(crate) fn link(&mut self, path: &Path, target: OsString) {
        let (dir, name) = split(path.as_os_str());
        self.dir(Path::new(dir)).links.push(Link { name: name.to_owned(), target });
    }

    /// Adds a real file.
    pub(crate) fn file(&mut self, path: &Path, bytes: Vec<u8>, mode: FileMode) {
        let (dir, name) = split(path.as_os_str());
        self.dir(Path::new(dir)).files.push(File { name: name.to_owned(), bytes, mode });
    }

    /// The real file that is planned at `path`.
    pub(crate) fn file_at(&self, path: &Path) -> Option<&File> {
        let (dir, name) = split(path.as_os_str());
        self.dirs.get(dir)?.files.iter().find(|file| file.name == name)
    }

    /// The link that is planned at `path`.
    pub(crate) fn link_at(&self, path: &Path) -> Option<&Link> {
        let (dir, name) = split(path.as_os_str());
        self.dirs.get(dir)?.links.iter().find(|link| link.name == name)
    }

    /// True where a link with this text is planned at `path`.
    pub(crate) fn has_link(&self, path: &Path, target: &OsStr) -> bool {
        self.link_at(path).is_some_and(|link| link.target == target)
    }

    /// Adds a real file in place of a link or file of that name: conda's own `bin/activate`, for one.
    pub(crate) fn file_instead(&mut self, path: &Path, bytes: Vec<u8>, mode: FileMode) {
        let (dir, name) = split(path.as_os_str());
        let dir = self.dir(Path::new(dir));
        dir.links.retain(|link| link.name != name);
        dir.files.retain(|file| file.name != name);
        dir.files.push(File { name: name.to_owned(), bytes, mode });
    }

    /// How many links, files and directories there are.
    pub(crate) fn count(&self) -> Count {
        let links = self.dirs.values().map(|dir| dir.links.len()).sum();
        let files = self.dirs.values().map(|dir| dir.files.len()).sum();
        Count { links, files, dirs: self.dirs.len() - 1 }
    }

    /// Brings the entries of each directory into one order, so that the same base gives the same bytes.
    pub(crate) fn sort(&mut self) {
        for dir in self.dirs.values_mut() {
            dir.links.sort_unstable();
            dir.files.sort_unstable();
        }
    }
}

/// A plan in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Count {
    /// Links.
    pub(crate) links: usize,
    /// Real files.
    pub(crate) files: usize,
    /// Directories, the env itself left out.
    pub(crate) dirs: usize,
}

/// A path's directory, empty for the top, and its last name. An absolute path keeps its `/` as the directory.
pub(crate) fn split(path: &OsStr) -> (&OsStr, &OsStr) {
    let bytes = path.as_bytes();
    match bytes.iter().rposition(|&byte| byte == b'/') {
        Some(at) => (OsStr::from_bytes(&bytes[..at.max(1)]), OsStr::from_bytes(&bytes[at + 1..])),
        None => (OsStr::new(""), path),
    }
}

/// The link text that leads from `path` in an env to the same path in the base: `../baseEnv_dir/bin/x`.
pub(crate) fn into_base(path: &Path) -> OsString {
    let (dir, name) = split(path.as_os_str());
    let mut target = base_of(dir).into_vec();
    target.extend_from_slice(name.as_bytes());
    OsString::from_vec(target)
}

/// The link text that leads from something in `dir` to the same directory of the base, with a slash at its end.
pub(crate) fn base_of(dir: &OsStr) -> OsString {
    let mut target = Vec::new();
    for _ in Path::new(dir).components() {
        target.extend_from_slice(b"../");
    }
    target.extend_from_slice(BASE_LINK.as_bytes());
    target.push(b'/');
    if !dir.is_empty() {
        target.extend_from_slice(dir.as_bytes());
        target.push(b'/');
    }
    OsString::from_vec(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_climb_to_the_env_and_go_through_the_base_link() {
        assert_eq!(into_base(Path::new("bin/x")), "../baseEnv_dir/bin/x");
        assert_eq!(into_base(Path::new("a/b/c")), "../../baseEnv_dir/a/b/c");
        assert_eq!(into_base(Path::new("top")), "baseEnv_dir/top");
    }

    #[test]
    fn parents_come_with_what_is_in_them_and_before_it() {
        let mut plan = Content::default();
        plan.link_to_base(Path::new("a/b/c"));
        plan.link_to_base(Path::new("a-b/x"));
        let dirs: Vec<_> = plan.dirs.keys().collect();
        assert_eq!(dirs, ["", "a", "a-b", "a/b"]);
        assert_eq!(plan.count(), Count { links: 2, files: 0, dirs: 3 });
    }
}
