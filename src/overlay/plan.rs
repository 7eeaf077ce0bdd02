//! What an env will hold, as data: directories, links into the base, real files. Made from a base by `survey`,
//! from an image's old archive by `tgz`, kept by `archive`, put on disk by `unpack`.

use std::path::{Path, PathBuf};

/// The link in every env that leads to its base; every other link goes through it.
pub(crate) const BASE_LINK: &str = "baseEnv_dir";

/// Everything in an env that does not depend on where the env is. Paths are relative to it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Directories, parents first.
    pub(crate) dirs: Vec<PathBuf>,
    /// Links, those of one directory side by side.
    pub(crate) links: Vec<Link>,
    /// Real files.
    pub(crate) files: Vec<File>,
}

/// A link to be made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Link {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Its text: relative, through `baseEnv_dir` or to a place inside the env.
    pub(crate) target: PathBuf,
}

/// A real file to be made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct File {
    /// Where it is.
    pub(crate) path: PathBuf,
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

impl Plan {
    /// Brings the entries into the order that archives keep, and adds directories that only files imply.
    pub(crate) fn settle(&mut self) {
        let implied = self
            .links
            .iter()
            .map(|link| &link.path)
            .chain(self.files.iter().map(|file| &file.path));
        let mut dirs: Vec<PathBuf> = implied
            .chain(&self.dirs)
            .flat_map(|path| path.ancestors().skip(1).map(Path::to_owned))
            .chain(self.dirs.iter().cloned())
            .filter(|dir| !dir.as_os_str().is_empty())
            .collect();
        dirs.sort_unstable();
        dirs.dedup();
        self.dirs = dirs;
        self.links.sort_unstable_by(|left, right| by_directory(&left.path, &right.path));
        self.files.sort_unstable_by(|left, right| by_directory(&left.path, &right.path));
    }
}

fn by_directory(left: &Path, right: &Path) -> std::cmp::Ordering {
    (left.parent(), left.file_name()).cmp(&(right.parent(), right.file_name()))
}

/// The link text that leads from `path` in an env to the same path in the base: `../baseEnv_dir/bin/x`.
pub(crate) fn into_base(path: &Path) -> PathBuf {
    let mut target = climb(path);
    target.push(BASE_LINK);
    target.push(path);
    target
}

/// `..` for every directory above `path` inside the env.
pub(crate) fn climb(path: &Path) -> PathBuf {
    path.components().skip(1).map(|_| "..").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_climb_to_the_env_and_go_through_the_base_link() {
        assert_eq!(into_base(Path::new("bin/x")), Path::new("../baseEnv_dir/bin/x"));
        assert_eq!(into_base(Path::new("a/b/c")), Path::new("../../baseEnv_dir/a/b/c"));
        assert_eq!(into_base(Path::new("top")), Path::new("baseEnv_dir/top"));
    }

    #[test]
    fn settling_adds_parents_in_front_and_keeps_directories_together() {
        let link = |path: &str| Link { path: path.into(), target: into_base(Path::new(path)) };
        let mut plan =
            Plan { links: vec![link("b/z"), link("a/b/c"), link("b/a")], ..Plan::default() };
        plan.settle();
        assert_eq!(plan.dirs, ["a", "a/b", "b"].map(PathBuf::from));
        assert_eq!(plan.links, ["a/b/c", "b/a", "b/z"].map(link));
    }
}
