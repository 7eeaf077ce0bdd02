//! A base's directory, held open while an env is compared with it: whatever is put at its path meanwhile (an empty
//! directory while an image is swapped, a file system that comes or goes), the answers are those of one directory.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{AtFlags, Dir, Mode, OFlags, fstat, open, openat, statat};
use rustix::io::Errno;

use crate::base::Base;
use crate::error::{Attempt, Error, Result};
use crate::text::Shown;

/// The directory.
pub(super) struct Anchor<'a> {
    base: &'a Base,
    root: OwnedFd,
}

const PATH: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
const READ: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

impl<'a> Anchor<'a> {
    /// Opens the base; another directory than the one that was looked at is refused.
    pub(super) fn new(base: &'a Base) -> Result<Self> {
        let path = &base.prefix;
        let root = open(path, PATH, Mode::empty()).attempt("open the base", path)?;
        let anchor = Self { base, root };
        anchor.check()?;
        Ok(anchor)
    }

    /// Fails where the base's path leads to another directory by now, or where the base has other packages: what was
    /// seen is no reason to mend anything.
    pub(super) fn check(&self) -> Result<()> {
        let path = &self.base.prefix;
        let held = fstat(&self.root).attempt("look at the base", path)?;
        let there = path.metadata().attempt("look at the base", path)?;
        let held = format!("{}:{}", held.st_dev, held.st_ino);
        let now = self.base.fingerprint_now()?;
        if held == self.base.fingerprint.root && now == self.base.fingerprint && there.is_dir() {
            return Ok(());
        }
        Err(changed(path))
    }

    /// When a directory of the base last changed; `None` where that cannot be told.
    pub(super) fn changed(&self, dir: &Path) -> std::result::Result<i64, Errno> {
        statat(&self.root, here(dir), AtFlags::empty()).map(|meta| meta.st_mtime)
    }

    /// The names in a directory of the base. None where it cannot be read: what may only be out of reach is not called
    /// gone.
    pub(super) fn names(&self, dir: &Path) -> Option<HashSet<OsString>> {
        let fd = match openat(&self.root, here(dir), READ, Mode::empty()) {
            Err(Errno::NOENT | Errno::NOTDIR) => return Some(HashSet::new()),
            other => other.ok()?,
        };
        let name = |name: &[u8]| OsStr::from_bytes(name).to_owned();
        let names = Dir::new(fd).ok()?.map(|entry| Some(name(entry.ok()?.file_name().to_bytes())));
        let mut names: HashSet<OsString> = names.collect::<Option<_>>()?;
        names.retain(|name| name != "." && name != "..");
        Some(names)
    }

    /// True where there is nothing at a path of the base.
    pub(super) fn lacks(&self, path: &OsStr) -> bool {
        let meta = statat(&self.root, here(Path::new(path)), AtFlags::empty());
        matches!(meta, Err(Errno::NOENT | Errno::NOTDIR))
    }
}

/// The refusal to judge an env by a base that did not stay the same.
pub(super) fn changed(base: &Path) -> Error {
    Error::new(format!("the base {} changed while it was looked at", Shown(base)))
        .hint("nothing was mended: try again when the base is whole")
}

/// What tells a directory from another that is put in its place, and from itself after it was away: to be renamed
/// changes its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    place: (u64, u64),
    changed: (i64, i64),
}

impl Mark {
    /// Of the directory that `path` leads to; `None` where there is nothing.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let meta = path.metadata().ok()?;
        let changed = (meta.ctime(), meta.ctime_nsec());
        Some(Self { place: (meta.dev(), meta.ino()), changed })
    }
}

fn here(path: &Path) -> &Path {
    if path.as_os_str().is_empty() { Path::new(".") } else { path }
}
