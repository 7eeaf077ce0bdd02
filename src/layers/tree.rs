//! A directory that entries of layers go into. Links of the image are followed inside of it, as a container would, and
//! nothing leads out.

mod place;

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::fs::{File, FileTimes, Permissions};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

use nix::libc::{S_IFDIR, S_IFLNK, S_IFMT};
use tar::{Archive, EntryType};

use super::earlier::Earlier;
use super::noted::{Kind, Noted};
use crate::env::limits::{self, Entries};
use crate::error::{Error, Result};
use crate::fs::Root;
use crate::text::{PathText, Shown};

/// How names of whiteouts begin, and the one that empties a directory.
const WHITEOUT: &[u8] = b".wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";

/// Where the bytes of a file come from.
enum Bytes<'a> {
    /// The layer itself.
    Read(&'a mut dyn Read),
    /// An image that is there.
    Earlier(&'a mut Earlier),
}

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

    /// Puts a layer's entries on top of what is there, and tells what they were.
    pub(super) fn add(&mut self, layer: &mut dyn Read) -> Result<Vec<Noted>> {
        let mut archive = Archive::new(layer);
        let entries = archive.entries().map_err(|cause| damaged(&cause.to_string()))?;
        let mut here: HashSet<PathBuf> = HashSet::new();
        let mut all = Vec::new();
        for entry in entries {
            let mut entry = entry.map_err(|cause| damaged(&cause.to_string()))?;
            let path = entry.path_bytes().into_owned();
            self.count.one_more().and_then(|()| limits::path(&path)).map_err(damaged)?;
            let path = inside(&path)?;
            if path.as_os_str().is_empty() {
                continue;
            }
            let target = entry.link_name_bytes().unwrap_or_default();
            let target = match entry.header().entry_type() {
                EntryType::Link => Some(inside(&target)?),
                EntryType::Symlink => Some(PathBuf::from(OsStr::from_bytes(&target))),
                _ => None,
            };
            let mut noted = Noted::of(&entry, path, target);
            self.entry(&mut noted, Bytes::Read(&mut entry), &mut here)
                .map_err(|cause| failed(&noted, &cause))?;
            all.push(noted);
        }
        Ok(all)
    }

    /// The same for a layer whose files lie in an image that is there; of them the `wanted` ones come to be.
    pub(super) fn add_again(
        &mut self,
        mut entries: Vec<Noted>,
        wanted: &HashSet<usize>,
        earlier: &mut Earlier,
    ) -> Result<Vec<Noted>> {
        let mut here: HashSet<PathBuf> = HashSet::new();
        for (at, noted) in entries.iter_mut().enumerate() {
            self.count.one_more().map_err(damaged)?;
            if noted.kind != Kind::File {
                earlier.turn();
            }
            if noted.kind != Kind::File || wanted.contains(&at) {
                self.entry(noted, Bytes::Earlier(earlier), &mut here)
                    .map_err(|cause| failed(noted, &cause))?;
            }
        }
        Ok(entries)
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

    fn entry(
        &mut self,
        noted: &mut Noted,
        bytes: Bytes,
        here: &mut HashSet<PathBuf>,
    ) -> io::Result<()> {
        let above = noted.path.0.parent().unwrap_or(Path::new(""));
        let name = noted.path.0.file_name().unwrap_or_default().to_owned();
        let dir = self.place(above)?;
        if name.as_bytes() == OPAQUE {
            (noted.kind, noted.at) = (Kind::Emptied, PathText(dir.clone()));
            return self.empty(&dir, here);
        }
        if let Some(gone) = name.as_bytes().strip_prefix(WHITEOUT) {
            let gone = dir.join(OsStr::from_bytes(gone));
            (noted.kind, noted.at) = (Kind::Gone, PathText(gone.clone()));
            return if here.contains(&gone) { Ok(()) } else { self.remove(&gone) };
        }
        let at = dir.join(&name);
        noted.at = PathText(at.clone());
        for above in at.ancestors() {
            if !here.insert(above.to_owned()) {
                break;
            }
        }
        let target = noted.target.as_ref().map_or(Path::new(""), |target| &target.0);
        match noted.kind {
            Kind::Dir => self.dir(at, noted.mode, noted.time),
            Kind::Link => {
                self.made.links += 1;
                self.free(&at, |root| root.link(&at, target))
            }
            Kind::HardLink => {
                let source = self.place(target.parent().unwrap_or(Path::new("")))?;
                let source = source.join(target.file_name().unwrap_or_default());
                if source == at {
                    return Ok(());
                }
                self.remove(&at)?;
                self.root.tie(&at, self.root, &source)
            }
            Kind::File => {
                self.made.files += 1;
                self.made.bytes += noted.size;
                let mode = final_mode(noted.mode, self.besides);
                match bytes {
                    Bytes::Read(read) => {
                        let file = self.free(&at, |root| root.create(&at, 0o600))?;
                        written(file, read, (mode, noted.time))
                    }
                    Bytes::Earlier(earlier) => {
                        self.free(&at, |root| earlier.give(root, noted, mode))
                    }
                }
            }
            Kind::Gone | Kind::Emptied | Kind::Other => {
                self.made.left_out += usize::from(noted.kind == Kind::Other);
                Ok(())
            }
        }
    }

    /// Does what makes `at`; again without what has that name already, which is seldom there.
    fn free<T>(
        &mut self,
        at: &Path,
        mut make: impl FnMut(&Root) -> io::Result<T>,
    ) -> io::Result<T> {
        match make(self.root) {
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {
                self.remove(at)?;
                make(self.root)
            }
            done => done,
        }
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
        self.dirs.insert(at, (final_mode(mode | 0o700, self.besides), time));
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
}

fn written(mut file: File, bytes: &mut dyn Read, (mode, time): (u32, u64)) -> io::Result<()> {
    io::copy(bytes, &mut file)?;
    file.set_permissions(Permissions::from_mode(mode))?;
    let time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(time));
    file.set_times(FileTimes::new().set_modified(time.unwrap_or(SystemTime::UNIX_EPOCH)))
}

/// What others may do besides: read where the owner may, run where the owner may.
pub(super) fn final_mode(mode: u32, besides: u32) -> u32 {
    let bits = mode & 0o777 | 0o600;
    let run = if bits & 0o100 == 0 { 0o111 } else { 0 };
    bits | besides & !run
}

fn failed(noted: &Noted, cause: &io::Error) -> Error {
    Error::new(format!("could not unpack {} of a layer: {cause}", Shown(&noted.path.0)))
        .hint("is there room, and may that file system hold such a name?")
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
