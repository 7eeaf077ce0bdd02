//! What an env holds, seen in one walk: names and kinds. Nothing is followed, no file is opened, no link is read:
//! on thousands of links that would cost as much as the walk.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, RawDir, fstat, open, openat, statat};
use rustix::io::Errno;

use crate::env::record;
use crate::error::{Attempt, Result};
use crate::parallel;

/// One entry of a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Thing {
    /// A real directory.
    Dir,
    /// A link.
    Link,
    /// A real file.
    File,
    /// A socket, pipe or device.
    Other,
}

/// One directory.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// What is in it.
    pub(crate) things: HashMap<OsString, Thing>,
    /// Its permissions.
    pub(crate) mode: u32,
    /// Its owner.
    pub(crate) owner: u32,
}

/// All directories in which an env may hold links, by path relative to the env.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    /// What could be read.
    pub(crate) dirs: BTreeMap<OsString, Seen>,
    /// What could not.
    pub(crate) closed: Vec<OsString>,
}

impl Snapshot {
    /// Looks at the env at `env`, level by level, the directories of a level side by side.
    pub(crate) fn take(env: &Path, threads: usize) -> Result<Self> {
        let root = open(env, TOP, Mode::empty()).attempt("open", env)?;
        let mut snapshot = Self::default();
        let mut level = vec![OsString::new()];
        while !level.is_empty() {
            let threads = if level.len() < FEW { 1 } else { threads };
            let seen = parallel::map(threads, level.len(), |at| Ok(look(&root, &level[at])))?;
            let mut below = Vec::new();
            for (path, seen) in level.into_iter().zip(seen) {
                match seen {
                    Ok(seen) => {
                        below.extend(entered(&path, &seen));
                        snapshot.dirs.insert(path, seen);
                    }
                    Err(Errno::ACCESS | Errno::PERM) => snapshot.closed.push(path),
                    Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {} // gone meanwhile
                    Err(cause) => Err(cause).attempt("read", &env.join(&path))?,
                }
            }
            level = below;
        }
        Ok(snapshot)
    }

    /// The entry at a path.
    pub(crate) fn thing(&self, dir: &OsStr, name: &OsStr) -> Option<&Thing> {
        self.dirs.get(dir)?.things.get(name)
    }

    /// The entries of a directory; none where it is missing.
    pub(crate) fn things(&self, dir: &str) -> impl Iterator<Item = (&OsString, &Thing)> {
        self.dirs.get(OsStr::new(dir)).into_iter().flat_map(|seen| &seen.things)
    }
}

const DIRECTORY: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Fewer directories than this on one level are not worth a second thread.
const FEW: usize = 48;

/// Room for the names of most directories.
const NAMES: usize = 32 * 1024;

/// The env itself may be named by a link.
const TOP: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// Five system calls: what the C library does beside them for a stream of entries would double that.
fn look(root: &OwnedFd, path: &OsStr) -> rustix::io::Result<Seen> {
    let here = if path.is_empty() { OsStr::new(".") } else { path };
    let dir = openat(root, here, DIRECTORY, Mode::empty())?;
    let meta = fstat(&dir)?;
    let mut seen = Seen { mode: meta.st_mode & 0o7777, owner: meta.st_uid, ..Seen::default() };
    let mut buffer = Vec::with_capacity(NAMES);
    let mut entries = RawDir::new(&dir, buffer.spare_capacity_mut());
    while let Some(entry) = entries.next() {
        let entry = entry?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if name == "." || name == ".." {
            continue;
        }
        let kind = match entry.file_type() {
            // Some file systems' directories tell no types.
            FileType::Unknown => {
                let meta = statat(&dir, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW)?;
                FileType::from_raw_mode(meta.st_mode)
            }
            kind => kind,
        };
        seen.things.insert(name.to_owned(), thing(kind));
    }
    Ok(seen)
}

fn thing(kind: FileType) -> Thing {
    match kind {
        FileType::Directory => Thing::Dir,
        FileType::RegularFile => Thing::File,
        FileType::Symlink => Thing::Link,
        _ => Thing::Other,
    }
}

/// The directories below that may hold links of ours. Not what is in site-packages, which is the user's and
/// large; not package caches, and not another env.
fn entered(path: &OsStr, seen: &Seen) -> Vec<OsString> {
    let inner_env = !path.is_empty() && seen.things.contains_key(OsStr::new(record::FILE));
    if inner_env || Path::new(path).ends_with("site-packages") {
        return Vec::new();
    }
    let dirs = seen.things.iter().filter(|(_, thing)| **thing == Thing::Dir).map(|(name, _)| name);
    let dirs = dirs.filter(|name| *name != "__pycache__" && *name != "pkgs");
    dirs.map(|name| Path::new(path).join(name).into_os_string()).collect()
}
