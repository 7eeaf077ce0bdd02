//! What an env holds, seen in one walk: names and kinds. Nothing is followed, no file is opened, no link is read:
//! on thousands of links that would cost as much as the walk.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::dir::{Dir as Reader, Type};
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, open};
use nix::sys::stat::{Mode, SFlag, fstat, fstatat};

use crate::error::{Attempt, Result};
use crate::overlay::record;
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
pub(crate) struct Sight {
    /// What could be read.
    pub(crate) dirs: BTreeMap<OsString, Seen>,
    /// What could not.
    pub(crate) closed: Vec<OsString>,
}

impl Sight {
    /// Looks at the env at `env`, level by level, the directories of a level side by side.
    pub(crate) fn take(env: &Path, threads: usize) -> Result<Self> {
        let root = open(env, TOP, Mode::empty()).attempt("open", env)?;
        let mut sight = Self::default();
        let mut level = vec![OsString::new()];
        while !level.is_empty() {
            let threads = if level.len() < FEW { 1 } else { threads };
            let seen = parallel::map(threads, level.len(), |at| Ok(look(&root, &level[at])))?;
            let mut below = Vec::new();
            for (path, seen) in level.into_iter().zip(seen) {
                match seen {
                    Ok(seen) => {
                        below.extend(entered(&path, &seen));
                        sight.dirs.insert(path, seen);
                    }
                    Err(Errno::EACCES | Errno::EPERM) => sight.closed.push(path),
                    Err(Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP) => {} // gone meanwhile
                    Err(cause) => Err(cause).attempt("read", &env.join(&path))?,
                }
            }
            level = below;
        }
        Ok(sight)
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

const DIRECTORY: OFlag =
    OFlag::O_RDONLY.union(OFlag::O_DIRECTORY).union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);

/// Fewer directories than this on one level are not worth a second thread.
const FEW: usize = 48;

/// The env itself may be named by a link.
const TOP: OFlag = OFlag::O_RDONLY.union(OFlag::O_DIRECTORY).union(OFlag::O_CLOEXEC);

fn look(root: &OwnedFd, path: &OsStr) -> nix::Result<Seen> {
    let here = if path.is_empty() { OsStr::new(".") } else { path };
    let reader = Reader::openat(root, here, DIRECTORY, Mode::empty())?;
    let meta = fstat(&reader)?;
    let (mode, owner) = (meta.st_mode & 0o7777, meta.st_uid);
    let mut things = HashMap::new();
    let mut untold = Vec::new();
    for entry in reader {
        let entry = entry?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        match entry.file_type().map(thing) {
            _ if name == "." || name == ".." => {}
            Some(thing) => drop(things.insert(name.to_owned(), thing)),
            None => untold.push(name.to_owned()),
        }
    }
    // Some file systems' directories tell no types.
    for name in untold {
        let meta = fstatat(root, &Path::new(here).join(&name), AtFlags::AT_SYMLINK_NOFOLLOW)?;
        things.insert(name, thing_of_mode(SFlag::from_bits_truncate(meta.st_mode)));
    }
    Ok(Seen { things, mode, owner })
}

fn thing(kind: Type) -> Thing {
    match kind {
        Type::Directory => Thing::Dir,
        Type::File => Thing::File,
        Type::Symlink => Thing::Link,
        _ => Thing::Other,
    }
}

fn thing_of_mode(mode: SFlag) -> Thing {
    match mode & SFlag::S_IFMT {
        SFlag::S_IFDIR => Thing::Dir,
        SFlag::S_IFREG => Thing::File,
        SFlag::S_IFLNK => Thing::Link,
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
