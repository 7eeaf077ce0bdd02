//! A directory that entries of layers go into. Links of the image are followed inside of it, as a container would, and
//! nothing leads out.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::fs::{FileTimes, Permissions};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

use nix::libc::{S_IFDIR, S_IFLNK, S_IFMT};
use tar::{Archive, Entry, EntryType};

use crate::env::limits::{self, Entries};
use crate::error::{Error, Result};
use crate::fs::Root;
use crate::text::Shown;

/// As many links are followed on the way to one entry.
const LINKS: usize = 40;

/// How names of whiteouts begin, and the one that empties a directory.
const WHITEOUT: &[u8] = b".wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";

/// What was made and left out, for words.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Made {
    pub(crate) files: usize,
    pub(crate) links: usize,
    pub(crate) bytes: u64,
    /// Devices, pipes and the like.
    pub(crate) left_out: usize,
}

/// The directory.
pub(super) struct Tree<'a> {
    root: &'a Root,
    /// Where directories really are, by the names that entries have for them.
    places: HashMap<PathBuf, PathBuf>,
    /// Directories and the permissions and times that they get in the end.
    dirs: HashMap<PathBuf, (u32, u64)>,
    count: Entries,
    made: Made,
    /// Permissions that everything gets besides its own.
    besides: u32,
}

impl<'a> Tree<'a> {
    /// Into `root`, which is empty. `besides` are permissions for others where they are to read everything, else 0.
    pub(super) fn new(root: &'a Root, besides: u32) -> Self {
        Self {
            root,
            places: HashMap::new(),
            dirs: HashMap::new(),
            count: Entries::default(),
            made: Made::default(),
            besides,
        }
    }

    /// Puts a layer's entries on top of what is there.
    pub(super) fn add(&mut self, layer: &mut dyn Read) -> Result<()> {
        let mut archive = Archive::new(layer);
        let entries = archive.entries().map_err(|cause| damaged(&cause.to_string()))?;
        let mut here: HashSet<PathBuf> = HashSet::new();
        for entry in entries {
            let mut entry = entry.map_err(|cause| damaged(&cause.to_string()))?;
            let path = entry.path_bytes().into_owned();
            self.count.one_more().and_then(|()| limits::path(&path)).map_err(damaged)?;
            let path = inside(&path)?;
            if path.as_os_str().is_empty() {
                continue;
            }
            if entry.header().entry_type() == EntryType::Link {
                let target = entry.link_name_bytes().unwrap_or_default();
                inside(&target)?;
            }
            self.entry(&path, &mut entry, &mut here).map_err(|cause| {
                Error::new(format!("could not unpack {} of a layer: {cause}", Shown(&path)))
                    .hint("is there room, and may that file system hold such a name?")
            })?;
        }
        Ok(())
    }

    /// Sets what directories get in the end: some may not be written to.
    pub(super) fn finish(self) -> Made {
        let mut dirs: Vec<(PathBuf, (u32, u64))> = self.dirs.into_iter().collect();
        dirs.sort_by(|one, other| other.0.cmp(&one.0));
        for (path, (mode, _)) in dirs {
            // One that a later layer took away is no directory any more.
            let _ = self.root.set_dir_mode(&path, mode);
        }
        self.made
    }

    fn entry<R: Read>(
        &mut self,
        path: &Path,
        entry: &mut Entry<R>,
        here: &mut HashSet<PathBuf>,
    ) -> io::Result<()> {
        let above = path.parent().unwrap_or(Path::new(""));
        let name = path.file_name().unwrap_or_default();
        let dir = self.place(above)?;
        let at = dir.join(name);
        if name.as_bytes() == OPAQUE {
            return self.empty(&dir, here);
        }
        if let Some(gone) = name.as_bytes().strip_prefix(WHITEOUT) {
            let gone = dir.join(OsStr::from_bytes(gone));
            return if here.contains(&gone) { Ok(()) } else { self.remove(&gone) };
        }
        here.extend(at.ancestors().map(Path::to_owned));
        let header = entry.header();
        let (mode, time) = (header.mode().unwrap_or(0o644), header.mtime().unwrap_or_default());
        match header.entry_type() {
            EntryType::Directory => self.dir(at, mode, time),
            EntryType::Symlink => {
                let target = entry.link_name_bytes().map(std::borrow::Cow::into_owned);
                self.remove(&at)?;
                self.made.links += 1;
                self.root.link(&at, OsStr::from_bytes(&target.unwrap_or_default()))
            }
            EntryType::Link => {
                let target = entry.link_name_bytes().map(std::borrow::Cow::into_owned);
                let target = inside(&target.unwrap_or_default())
                    .map_err(|error| io::Error::other(error.to_string()))?;
                let source = self.place(target.parent().unwrap_or(Path::new("")))?;
                let source = source.join(target.file_name().unwrap_or_default());
                if source == at {
                    return Ok(());
                }
                self.remove(&at)?;
                self.root.tie(&at, self.root, &source)
            }
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                self.remove(&at)?;
                let mut file = self.root.create(&at, 0o600)?;
                let copied = io::copy(entry, &mut file)?;
                self.made.files += 1;
                self.made.bytes += copied;
                // Programs that act for others are none here, where everything is one user's.
                let bits = mode & 0o777 | 0o600;
                file.set_permissions(Permissions::from_mode(bits | self.extra(bits)))?;
                let time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(time));
                file.set_times(
                    FileTimes::new().set_modified(time.unwrap_or(SystemTime::UNIX_EPOCH)),
                )
            }
            EntryType::XGlobalHeader => Ok(()),
            _ => {
                self.made.left_out += 1;
                Ok(())
            }
        }
    }

    /// What others may do: read where the owner may, run where the owner may.
    fn extra(&self, bits: u32) -> u32 {
        let run = if bits & 0o100 == 0 { 0o111 } else { 0 };
        self.besides & !run
    }

    fn dir(&mut self, at: PathBuf, mode: u32, time: u64) -> io::Result<()> {
        match self.root.stat(&at) {
            Ok(meta) if meta.st_mode & S_IFMT == S_IFDIR => {}
            Ok(_) => {
                self.remove(&at)?;
                self.root.make_dir(&at)?;
            }
            Err(_) => self.root.make_dir(&at)?,
        }
        let bits = mode & 0o777 | 0o700;
        self.dirs.insert(at, (bits | self.extra(bits), time));
        Ok(())
    }

    /// Takes away what a directory has of lower layers.
    fn empty(&mut self, dir: &Path, here: &HashSet<PathBuf>) -> io::Result<()> {
        for (name, _) in self.root.below(dir)?.list()? {
            let path = dir.join(name);
            if !here.contains(&path) {
                self.remove(&path)?;
            }
        }
        Ok(())
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        match self.root.stat(path) {
            Err(_) => Ok(()),
            Ok(meta) if meta.st_mode & S_IFMT == S_IFDIR => {
                self.places.clear();
                self.dirs.retain(|dir, _| !dir.starts_with(path));
                self.root.remove_tree(path)
            }
            Ok(meta) => {
                if meta.st_mode & S_IFMT == S_IFLNK {
                    self.places.clear();
                }
                self.root.remove_file(path)
            }
        }
    }

    /// Where the directory really is that an entry calls `path`: links on the way are followed inside the root, what is
    /// missing is made.
    fn place(&mut self, path: &Path) -> io::Result<PathBuf> {
        if let Some(known) = self.places.get(path) {
            return Ok(known.clone());
        }
        let mut todo: VecDeque<OsString> = parts(path);
        let (mut at, mut links) = (PathBuf::new(), 0);
        while let Some(name) = todo.pop_front() {
            if name == ".." {
                at.pop(); // above the root is the root
                continue;
            }
            let next = at.join(&name);
            match self.root.stat(&next) {
                Err(_) => self.root.make_dir(&next)?,
                Ok(meta) if meta.st_mode & S_IFMT == S_IFDIR => {}
                Ok(meta) if meta.st_mode & S_IFMT == S_IFLNK => {
                    links += 1;
                    if links > LINKS {
                        return Err(io::Error::other("too many links lead to each other"));
                    }
                    let target = PathBuf::from(self.root.read_link(&next)?);
                    if target.is_absolute() {
                        at = PathBuf::new();
                    }
                    for part in parts(&target).into_iter().rev() {
                        todo.push_front(part);
                    }
                    continue;
                }
                Ok(_) => {
                    self.remove(&next)?;
                    self.root.make_dir(&next)?;
                }
            }
            at = next;
        }
        self.places.insert(path.to_owned(), at.clone());
        Ok(at)
    }
}

fn parts(path: &Path) -> VecDeque<OsString> {
    let part = |part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some(OsString::from("..")),
        _ => None,
    };
    path.components().filter_map(part).collect()
}

/// An entry's path, from the root. One that leads out is refused.
fn inside(path: &[u8]) -> Result<PathBuf> {
    let path = Path::new(OsStr::from_bytes(path));
    let mut found = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => found.push(name),
            Component::CurDir | Component::RootDir => {}
            _ => return Err(damaged(&format!("{} leads out of it", Shown(path)))),
        }
    }
    Ok(found)
}

fn damaged(why: &str) -> Error {
    Error::new(format!("a layer of the image is not fit to be unpacked: {why}"))
        .hint("whoever publishes the image can build it anew")
}
