//! Puts what is in a parcel into one directory: through descriptors that follow no link, every entry doubted.

use std::ffi::{OsStr, OsString};
use std::fs::{File, FileTimes};
use std::io::{Cursor, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use nix::sys::statvfs::statvfs;
use nix::unistd::close;
use tar::{Archive, Entry, EntryType};

use super::{CURE, Parcel, damaged};
use crate::env::content::{Content, Link, split};
use crate::env::limits::{self, Entries};
use crate::env::{check, in_base, seekable};
use crate::error::{Attempt, Error, Result};
use crate::fs::Root;
use crate::parallel;
use crate::text::Shown;

/// A parcel, and where what is in it goes.
pub(crate) struct Arrival<'a> {
    /// The parcel.
    pub(crate) parcel: &'a Parcel,
    /// The directory to fill; everything is written below it.
    pub(crate) root: &'a Root,
    /// Where the env will be in the end.
    pub(crate) env: &'a Path,
    /// The base that its links lead into.
    pub(crate) base: &'a Path,
    /// How many entries there were so far.
    pub(crate) count: Entries,
    /// How many threads work.
    pub(crate) threads: usize,
    /// Set when the user or the system asks us to stop.
    pub(crate) stop: &'a AtomicBool,
}

/// What is done when all files are there.
#[derive(Default)]
struct FoundEntry {
    /// Directories, and the permissions that each gets in the end.
    dirs: Vec<(OsString, u32)>,
    /// Links, and the directory that each goes into.
    links: Vec<(OsString, Link)>,
}

impl Arrival<'_> {
    /// Makes everything. Fails at the first entry that is not fit, leaving the rest to whoever removes the directory.
    pub(crate) fn fill(&self) -> Result<()> {
        let count = self.parcel.frames.len();
        let units = self.units()?;
        self.check_space()?;
        let mut found = FoundEntry::default();
        for frame in 0..self.parcel.about.dirs.min(count) {
            self.entries((frame, 0), &mut found)?;
        }
        let rest = parallel::map(self.threads, units.len(), |at| {
            let mut found = FoundEntry::default();
            self.entries(units[at], &mut found)?;
            Ok(found)
        })?;
        for more in rest {
            found.links.extend(more.links);
            found.dirs.extend(more.dirs);
        }
        self.links(found.links)?;
        // Last, since some may not be written to.
        for (path, mode) in found.dirs.iter().rev() {
            self.narrow(Path::new(path), *mode).attempt("open up", &self.env.join(path))?;
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

    fn entries(&self, (frame, behind): (usize, usize), found: &mut FoundEntry) -> Result<()> {
        let first = Cursor::new(self.parcel.decode(frame)?);
        let rest =
            Rest { parcel: self.parcel, next: frame + 1, left: behind, frame: Cursor::default() };
        let mut tar = Archive::new(first.chain(rest));
        let entries = tar.entries().map_err(|cause| damaged(&cause.to_string()))?;
        let mut here: Option<(OsString, Root)> = None;
        for entry in entries {
            if self.stop.load(Ordering::Relaxed) {
                return Err(Error::interrupted());
            }
            let mut entry = entry.map_err(|cause| damaged(&cause.to_string()))?;
            let path = entry.path_bytes();
            self.count.one_more().and_then(|()| limits::path(&path)).map_err(damaged)?;
            let path = OsStr::from_bytes(path.strip_suffix(b"/").unwrap_or(&path)).to_owned();
            let (dir, name) = split(&path);
            check::check_name(dir, name).map_err(|error| error.hint(CURE))?;
            let open = match here.take() {
                Some((path, open)) if path == dir => open,
                _ => self.descend(dir)?,
            };
            self.entry(&open, (dir, name), &mut entry, found)?;
            here = Some((dir.to_owned(), open));
        }
        Ok(())
    }

    fn entry(
        &self,
        open: &Root,
        (dir, name): (&OsStr, &OsStr),
        entry: &mut Entry<'_, impl Read>,
        found: &mut FoundEntry,
    ) -> Result<()> {
        let path = Path::new(dir).join(name);
        let mode = entry.header().mode().unwrap_or(0o644) & 0o777;
        let failed = |cause| self.failed(&path, &cause);
        let own = Path::new(name);
        match entry.header().entry_type() {
            EntryType::Directory => {
                open.make_dir(own).map_err(failed)?;
                found.dirs.push((path.into(), mode));
            }
            EntryType::Symlink => {
                let target =
                    entry.link_name_bytes().ok_or_else(|| damaged("a link has no target"))?;
                let target = OsString::from_vec(target.into_owned());
                found.links.push((dir.to_owned(), Link { name: name.to_owned(), target }));
            }
            EntryType::Regular => {
                let file = open.create(own, mode).map_err(failed)?;
                write(file, entry).attempt("unpack", &self.env.join(&path))?;
            }
            other => return Err(damaged(&format!("it holds an entry of type {other:?}"))),
        }
        Ok(())
    }

    /// Takes the permissions away that a directory did not have. What the umask keeps back stays so.
    fn narrow(&self, dir: &Path, mode: u32) -> std::io::Result<()> {
        let given = self.root.stat(dir)?.st_mode & 0o7777;
        self.root.set_dir_mode(dir, given & (mode | 0o7000))
    }

    /// Makes the links, behind all files, so that none was there when a file was written; all are followed first.
    fn links(&self, links: Vec<(OsString, Link)>) -> Result<()> {
        let mut plan = Content::default();
        for (dir, link) in links {
            plan.dirs.entry(dir).or_default().links.push(link);
        }
        let cure = |error: Error| error.hint(CURE);
        in_base::check_dirs(&plan, self.base, self.threads).map_err(cure)?;
        let dirs: Vec<_> = plan.dirs.iter().collect();
        parallel::map(self.threads, dirs.len(), |at| {
            let (path, dir) = dirs[at];
            let open = self.descend(path)?;
            dir.links.iter().try_for_each(|link| {
                let made = open.link(Path::new(&link.name), &link.target);
                made.map_err(|cause| self.failed(&Path::new(path).join(&link.name), &cause))
            })
        })?;
        Ok(())
    }

    fn failed(&self, path: &Path, cause: &std::io::Error) -> Error {
        match cause.kind() {
            std::io::ErrorKind::AlreadyExists => damaged("a name appears twice"),
            _ => Error::io("unpack", &self.env.join(path), cause),
        }
    }

    /// Refuses a parcel for which there is no room, before it takes what there is.
    fn check_space(&self) -> Result<()> {
        let Ok(system) = statvfs(&self.root.seen()) else { return Ok(()) };
        let free = system.blocks_available().saturating_mul(system.fragment_size());
        let needed = seekable::total(&self.parcel.frames);
        if needed <= free {
            return Ok(());
        }
        let (env, needed, free) = (Shown(self.env), needed.div_ceil(1 << 20), free >> 20);
        let why = format!("it needs {needed} MB, and {free} MB are free");
        Err(Error::new(format!("could not unpack to {env}: {why}"))
            .hint("free some space there, or choose a place on another file system"))
    }

    /// A link on the way is an error.
    fn descend(&self, path: &OsStr) -> Result<Root> {
        let mut parts = path.as_bytes().split(|&byte| byte == b'/');
        if !path.is_empty() && parts.any(|part| matches!(part, b"" | b"." | b"..")) {
            return Err(damaged("a path leads out of the env, or is not a plain one"));
        }
        let below = self.root.below(Path::new(path));
        below.map_err(|_| damaged("an entry comes without its directory"))
    }
}

/// A tar entry's time is whole seconds, as Python's compiled files have their source's.
fn write(mut file: File, entry: &mut Entry<'_, impl Read>) -> std::io::Result<()> {
    std::io::copy(entry, &mut file)?;
    let age = Duration::from_secs(entry.header().mtime().unwrap_or(0));
    // No clock has a time that is later than any; the file keeps today's then.
    if let Some(time) = SystemTime::UNIX_EPOCH.checked_add(age) {
        file.set_times(FileTimes::new().set_modified(time))?;
    }
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
