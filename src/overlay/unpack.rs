//! Puts a plan on disk, below one directory: relative to descriptors, side by side by directory, without
//! touching owner, time or mode of anything.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::fcntl::{OFlag, open, openat};
use nix::sys::stat::{Mode, mkdirat};
use nix::unistd::{close, symlinkat, write};

use super::plan::{Dir, File, FileMode, Link, Plan};
use super::script;
use crate::error::{Attempt, Error, Result};
use crate::parallel;

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
        self.make_dirs(&root, plan)?;
        let full = |(_, dir): &(&OsString, &Dir)| !dir.links.is_empty() || !dir.files.is_empty();
        let mut dirs: Vec<_> = plan.dirs.iter().filter(full).collect();
        // Largest first, so that no thread is left alone with a large one at the end.
        dirs.sort_by_key(|(_, dir)| std::cmp::Reverse(dir.links.len() + dir.files.len()));
        parallel::map(self.threads, dirs.len(), |at| {
            self.fill(&root, Path::new(dirs[at].0), dirs[at].1)
        })?;
        Ok(())
    }

    /// Level by level: the directories of one level need only those above.
    fn make_dirs(&self, root: &OwnedFd, plan: &Plan) -> Result<()> {
        let mut levels: Vec<Vec<&Path>> = Vec::new();
        for dir in plan.dirs.keys().filter(|dir| !dir.is_empty()) {
            let depth = Path::new(dir).components().count() - 1;
            levels.resize_with(levels.len().max(depth + 1), Vec::new);
            levels[depth].push(Path::new(dir));
        }
        for level in levels {
            let threads = if level.len() < FEW { 1 } else { self.threads };
            parallel::map(threads, level.len(), |at| {
                self.check_stop()?;
                let mode = Mode::from_bits_truncate(0o777);
                mkdirat(root, level[at], mode).attempt("make", &self.env.join(level[at]))
            })?;
        }
        Ok(())
    }

    /// Everything in one directory. The kernel locks a directory while it changes, so it belongs to one thread.
    fn fill(&self, root: &OwnedFd, path: &Path, content: &Dir) -> Result<()> {
        let here = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        let dir =
            openat(root, here, DIRECTORY, Mode::empty()).attempt("open", &self.env.join(path))?;
        for Link { name, target } in &content.links {
            self.check_stop()?;
            let made = symlinkat(target.as_os_str(), &dir, name.as_os_str());
            made.map_err(|cause| {
                Error::io("link", &self.env.join(path).join(name), &cause.into())
            })?;
        }
        for file in &content.files {
            self.check_stop()?;
            let named = self.env.join(path).join(&file.name);
            write_file(&dir, file, &script::settle(&file.bytes, self.env))
                .attempt("write", &named)?;
        }
        Ok(())
    }

    fn check_stop(&self) -> Result<()> {
        if self.stop.load(Ordering::Relaxed) { Err(Error::interrupted()) } else { Ok(()) }
    }
}

const DIRECTORY: OFlag =
    OFlag::O_RDONLY.union(OFlag::O_DIRECTORY).union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);

/// One new file. It must not be there yet, and no link is followed to it.
fn write_file(dir: &OwnedFd, file: &File, bytes: &[u8]) -> nix::Result<()> {
    let bits = if file.mode == FileMode::Program { 0o777 } else { 0o666 };
    let flags =
        OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let handle = openat(dir, file.name.as_os_str(), flags, Mode::from_bits_truncate(bits))?;
    let mut rest = bytes;
    while !rest.is_empty() {
        rest = &rest[write(&handle, rest)?..];
    }
    // A network file system may tell of a full disk or quota only now, and dropping could not report it.
    close(handle)
}
