//! Puts a plan on disk, below one directory: relative to descriptors, side by side by directory, without
//! touching owner, time or mode of anything.

use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use nix::fcntl::{OFlag, open, openat};
use nix::sys::stat::{Mode, mkdirat};
use nix::unistd::{symlinkat, write};

use super::parallel;
use super::plan::{FileMode, Link, Plan};
use super::script;
use crate::error::{Attempt, Error, Result};

/// Fewer directories than this on one level are not worth a second thread.
const FEW: usize = 48;

/// How a plan is put on disk.
pub(crate) struct Job<'a> {
    /// The directory to fill; everything is written below it.
    pub(crate) root: &'a Path,
    /// Where the env will be in the end: scripts name it.
    pub(crate) env: &'a Path,
    /// How many threads work.
    pub(crate) threads: usize,
    /// Set when the user or the system asks us to stop.
    pub(crate) stop: &'a AtomicBool,
}

impl Job<'_> {
    /// Makes everything in `plan`, which was checked. Fails at the first entry that cannot be made, leaving the
    /// rest to whoever removes `root`.
    pub(crate) fn unpack(&self, plan: &Plan) -> Result<()> {
        let root = open(self.root, DIRECTORY, Mode::empty()).attempt("open", self.root)?;
        self.make_dirs(&root, &plan.dirs)?;
        let groups: Vec<&[Link]> =
            by_size(plan.links.chunk_by(|a, b| a.path.parent() == b.path.parent()).collect());
        parallel::map(self.threads, groups.len(), |at| self.link_group(&root, groups[at]))?;
        parallel::map(self.threads, plan.files.len(), |at| {
            let file = &plan.files[at];
            self.check_stop()?;
            self.write_file(&root, &file.path, &script::settle(&file.bytes, self.env), file.mode)
        })?;
        Ok(())
    }

    /// Level by level: the directories of one level need only those above.
    fn make_dirs(&self, root: &OwnedFd, dirs: &[PathBuf]) -> Result<()> {
        let mut levels: Vec<Vec<&Path>> = Vec::new();
        for dir in dirs {
            let depth = dir.components().count() - 1;
            levels.resize_with(levels.len().max(depth + 1), Vec::new);
            levels[depth].push(dir);
        }
        for level in levels {
            let threads = if level.len() < FEW { 1 } else { self.threads };
            parallel::map(threads, level.len(), |at| {
                self.check_stop()?;
                mkdirat(root, level[at], Mode::from_bits_truncate(0o777))
                    .attempt("make", &self.env.join(level[at]))
            })?;
        }
        Ok(())
    }

    /// All links of one directory. The kernel locks a directory while it changes, so it belongs to one thread.
    fn link_group(&self, root: &OwnedFd, links: &[Link]) -> Result<()> {
        let Some(parent) = links.first().and_then(|link| link.path.parent()) else { return Ok(()) };
        let opened;
        let dir = if parent.as_os_str().is_empty() {
            root.as_fd()
        } else {
            opened = openat(root, parent, DIRECTORY, Mode::empty())
                .attempt("open", &self.env.join(parent))?;
            opened.as_fd()
        };
        for link in links {
            self.check_stop()?;
            let name = Path::new(link.path.file_name().unwrap_or_default());
            symlinkat(link.target.as_path(), dir, name)
                .attempt("link", &self.env.join(&link.path))?;
        }
        Ok(())
    }

    /// One new file. It must not be there yet, and no link is followed to it.
    fn write_file(&self, root: &OwnedFd, path: &Path, bytes: &[u8], mode: FileMode) -> Result<()> {
        let bits = if mode == FileMode::Program { 0o777 } else { 0o666 };
        let flags =
            OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let named = self.env.join(path);
        let file =
            openat(root, path, flags, Mode::from_bits_truncate(bits)).attempt("write", &named)?;
        let mut rest = bytes;
        while !rest.is_empty() {
            let written = write(&file, rest).attempt("write", &named)?;
            rest = &rest[written..];
        }
        // A network file system may tell of a full disk or quota only now, and dropping could not report it.
        nix::unistd::close(file).attempt("write", &named)
    }

    fn check_stop(&self) -> Result<()> {
        if self.stop.load(Ordering::Relaxed) { Err(Error::interrupted()) } else { Ok(()) }
    }
}

const DIRECTORY: OFlag =
    OFlag::O_RDONLY.union(OFlag::O_DIRECTORY).union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);

/// Largest first, so that no thread is left alone with a large one at the end.
fn by_size(mut groups: Vec<&[Link]>) -> Vec<&[Link]> {
    groups.sort_by_key(|group| std::cmp::Reverse(group.len()));
    groups
}
