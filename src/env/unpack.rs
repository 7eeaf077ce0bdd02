//! Puts a plan on disk, below one directory: relative to descriptors, side by side by directory, without
//! touching owner, time or mode of anything.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use super::content::{Content, Dir, FileMode, Link, split};
use super::script;
use crate::error::{Attempt, Error, Result};
use crate::fs::{How, Root};
use crate::parallel;

/// Fewer directories than this on one level are not worth a second thread.
const FEW: usize = 48;

/// How a plan is put on disk.
pub(crate) struct Job<'a> {
    /// The directory to fill; everything is written below it.
    pub(crate) root: &'a Root,
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
    pub(crate) fn unpack(&self, plan: &Content) -> Result<()> {
        self.make_dirs(plan)?;
        let full = |(_, dir): &(&OsString, &Dir)| !dir.links.is_empty() || !dir.files.is_empty();
        let mut dirs: Vec<_> = plan.dirs.iter().filter(full).collect();
        // Largest first, so that no thread is left alone with a large one at the end.
        dirs.sort_by_key(|(_, dir)| std::cmp::Reverse(dir.links.len() + dir.files.len()));
        parallel::map(self.threads, dirs.len(), |at| self.fill(Path::new(dirs[at].0), dirs[at].1))?;
        Ok(())
    }

    /// Level by level: the directories of one level need only those above. Those in one directory are made together,
    /// below one descriptor.
    fn make_dirs(&self, plan: &Content) -> Result<()> {
        let mut levels: Vec<BTreeMap<&OsStr, Vec<&OsStr>>> = Vec::new();
        for dir in plan.dirs.keys().filter(|dir| !dir.is_empty()) {
            let depth = Path::new(dir).components().count() - 1;
            levels.resize_with(levels.len().max(depth + 1), BTreeMap::new);
            let (above, name) = split(dir);
            levels[depth].entry(above).or_default().push(name);
        }
        for level in levels {
            let level: Vec<_> = level.into_iter().collect();
            let threads = if level.len() < FEW { 1 } else { self.threads };
            parallel::map(threads, level.len(), |at| self.make_some(&level[at]))?;
        }
        Ok(())
    }

    fn make_some(&self, (above, names): &(&OsStr, Vec<&OsStr>)) -> Result<()> {
        self.check_stop()?;
        let path = self.env.join(above);
        let dir = self.root.below(Path::new(above)).attempt("open", &path)?;
        let mut names = names.iter();
        names.try_for_each(|name| dir.make_dir(name.as_ref()).attempt("make", &path.join(name)))
    }

    /// Everything in one directory. The kernel locks a directory while it changes, so it belongs to one thread.
    fn fill(&self, path: &Path, content: &Dir) -> Result<()> {
        let dir = self.root.below(path).attempt("open", &self.env.join(path))?;
        for Link { name, target } in &content.links {
            self.check_stop()?;
            let made = dir.link(Path::new(name), target);
            made.map_err(|cause| Error::io("link", &self.env.join(path).join(name), &cause))?;
        }
        for file in &content.files {
            self.check_stop()?;
            let text = script::settle(&file.bytes, self.env);
            dir.write_new(Path::new(&file.name), &text, how(file.mode))
                .attempt("write", &self.env.join(path).join(&file.name))?;
        }
        Ok(())
    }

    fn check_stop(&self) -> Result<()> {
        if self.stop.load(Ordering::Relaxed) { Err(Error::interrupted()) } else { Ok(()) }
    }
}

/// How a file of an env is written.
pub(crate) fn how(mode: FileMode) -> How {
    if mode == FileMode::Program { How::PROGRAM } else { How::DATA }
}
