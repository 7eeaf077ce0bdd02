//! Puts what is in a parcel into one directory: through descriptors that follow no link, every entry doubted.

use std::ffi::{OsStr, OsString};
use std::fs::{File, FileTimes};
use std::io::{Cursor, Read};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open, openat};
use nix::sys::stat::{Mode, fchmod, mkdirat};
use nix::unistd::{close, symlinkat};
use tar::{Archive, Entry, EntryType};

use super::{CURE, Parcel, damaged};
use crate::error::{Attempt, Error, Result};
use crate::overlay::check;
use crate::overlay::plan::{Link, split};
use crate::parallel;

/// A parcel, and where what is in it goes.
pub(crate) struct Arrival<'a> {
    /// The parcel.
    pub(crate) parcel: &'a Parcel,
    /// The directory to fill; everything is written below it.
    pub(crate) root: &'a Path,
    /// Where the env will be in the end.
    pub(crate) env: &'a Path,
    /// How many threads work.
    pub(crate) threads: usize,
    /// Set when the user or the system asks us to stop.
    pub(crate) stop: &'a AtomicBool,
}

const DIRECTORY: OFlag =
    OFlag::O_RDONLY.union(OFlag::O_DIRECTORY).union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);

/// A directory's path, and the permissions that it gets in the end.
type Dir = (OsString, Mode);

impl Arrival<'_> {
    /// Makes everything. Fails at the first entry that is not fit, leaving the rest to whoever removes the directory.
    pub(crate) fn fill(&self) -> Result<()> {
        let root = open(self.root, DIRECTORY, Mode::empty()).attempt("open", self.root)?;
        let count = self.parcel.frames.len();
        let units = self.units()?;
        let mut dirs = Vec::new();
        for frame in 0..self.parcel.about.dirs.min(count) {
            self.entries(&root, (frame, 0), &mut dirs)?;
        }
        parallel::map(self.threads, units.len(), |at| {
            self.entries(&root, units[at], &mut Vec::new())
        })?;
        // Last, since some may not be written to.
        for (path, mode) in dirs.iter().rev() {
            let dir = self.descend(&root, path)?;
            fchmod(&dir, *mode).attempt("open up", &self.env.join(path))?;
        }
        Ok(())
    }

    /// The frames behind the directories: each by itself, and those of a large file together.
    fn units(&self) -> Result<Vec<(usize, usize)>> {
        let about = &self.parcel.about;
        let mut large = about.large.iter().peekable();
        let (mut units, mut at) = (Vec::new(), about.dirs);
        while at < self.parcel.frames.len() {
            let behind = large.next_if(|(first, _)| *first == at).map_or(0, |(_, behind)| *behind);
            units.push((at, behind));
            at = at
                .checked_add(behind)
                .and_then(|at| at.checked_add(1))
                .ok_or_else(|| damaged("its table"))?;
        }
        let whole = at == self.parcel.frames.len() && large.next().is_none();
        if whole { Ok(units) } else { Err(damaged("its table of large files is broken")) }
    }

    fn entries(
        &self,
        root: &OwnedFd,
        (frame, behind): (usize, usize),
        dirs: &mut Vec<Dir>,
    ) -> Result<()> {
        let first = Cursor::new(self.parcel.decode(frame)?);
        let rest =
            Rest { parcel: self.parcel, next: frame + 1, left: behind, frame: Cursor::default() };
        let mut tar = Archive::new(first.chain(rest));
        let entries = tar.entries().map_err(|cause| damaged(&cause.to_string()))?;
        let mut here: Option<(OsString, OwnedFd)> = None;
        for entry in entries {
            if self.stop.load(Ordering::Relaxed) {
                return Err(Error::interrupted());
            }
            let mut entry = entry.map_err(|cause| damaged(&cause.to_string()))?;
            let path = entry.path_bytes();
            let path = OsStr::from_bytes(path.strip_suffix(b"/").unwrap_or(&path)).to_owned();
            let (dir, name) = split(&path);
            check::check_name(dir, name).map_err(|error| error.hint(CURE))?;
            let open = match here.take() {
                Some((path, open)) if path == dir => open,
                _ => self.descend(root, dir)?,
            };
            self.entry(&open, (dir, name), &mut entry, dirs)?;
            here = Some((dir.to_owned(), open));
        }
        Ok(())
    }

    fn entry(
        &self,
        open: &OwnedFd,
        (dir, name): (&OsStr, &OsStr),
        entry: &mut Entry<'_, impl Read>,
        dirs: &mut Vec<Dir>,
    ) -> Result<()> {
        let path = Path::new(dir).join(name);
        let mode = entry.header().mode().unwrap_or(0o644) & 0o777;
        let failed = |cause: Errno| match cause {
            Errno::EEXIST => damaged("a name comes twice"),
            cause => Error::io("unpack", &self.env.join(&path), &cause.into()),
        };
        match entry.header().entry_type() {
            EntryType::Directory => {
                let mode = Mode::from_bits_truncate(mode);
                mkdirat(open, name, mode | Mode::S_IRWXU).map_err(failed)?;
                dirs.push((path.into(), mode));
            }
            EntryType::Symlink => {
                let target =
                    entry.link_name_bytes().ok_or_else(|| damaged("a link has no target"))?;
                let link =
                    Link { name: name.to_owned(), target: OsString::from_vec(target.into_owned()) };
                check::check_link(dir, &link).map_err(|error| error.hint(CURE))?;
                symlinkat(link.target.as_os_str(), open, name).map_err(failed)?;
            }
            EntryType::Regular => {
                let flags = OFlag::O_WRONLY
                    | OFlag::O_CREAT
                    | OFlag::O_EXCL
                    | OFlag::O_NOFOLLOW
                    | OFlag::O_CLOEXEC;
                let handle =
                    openat(open, name, flags, Mode::from_bits_truncate(mode)).map_err(failed)?;
                write(File::from(handle), entry).attempt("unpack", &self.env.join(&path))?;
            }
            other => return Err(damaged(&format!("it holds an entry of type {other:?}"))),
        }
        Ok(())
    }

    /// Opens a directory below `root`, part by part. A link on the way is an error.
    fn descend(&self, root: &OwnedFd, path: &OsStr) -> Result<OwnedFd> {
        let mut here = root.try_clone().attempt("open", self.root)?;
        for part in Path::new(path).components() {
            let Component::Normal(name) = part else {
                return Err(damaged("a path leads out of the env"));
            };
            here = openat(&here, name, DIRECTORY, Mode::empty())
                .map_err(|_| damaged("an entry comes without its directory"))?;
        }
        Ok(here)
    }
}

/// A tar entry's time is whole seconds, as Python's compiled files have their source's.
fn write(mut file: File, entry: &mut Entry<'_, impl Read>) -> std::io::Result<()> {
    std::io::copy(entry, &mut file)?;
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(entry.header().mtime().unwrap_or(0));
    file.set_times(FileTimes::new().set_modified(time))?;
    Ok(close(file)?) // a full disk may be told of only now
}

/// The frames behind the first of a large file, decoded as they are read.
struct Rest<'a> {
    parcel: &'a Parcel,
    next: usize,
    left: usize,
    frame: Cursor<Vec<u8>>,
}

impl Read for Rest<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        loop {
            let read = self.frame.read(buffer)?;
            if read > 0 || self.left == 0 {
                return Ok(read);
            }
            let decoded = self.parcel.decode(self.next);
            self.frame =
                Cursor::new(decoded.map_err(|error| std::io::Error::other(error.to_string()))?);
            self.next += 1;
            self.left -= 1;
        }
    }
}
