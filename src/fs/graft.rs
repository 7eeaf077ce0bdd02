//! What comes from below one open directory to below another: the same file, or a copy. No part of either path is
//! followed where it is a link.

use std::fs::{File, FileTimes};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use nix::fcntl::{AtFlags, OFlag, openat};
use nix::sys::stat::{Mode, SFlag, fstat};
use nix::unistd::{UnlinkatFlags, linkat, unlinkat};

use super::Root;

impl Root {
    /// Opens the regular file `path` for reading.
    pub(crate) fn open_file(&self, path: &Path) -> io::Result<File> {
        let (dir, name) = self.place(path)?;
        let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let open = openat(&dir, name, flags, Mode::empty())?;
        let kind = fstat(&open)?.st_mode & SFlag::S_IFMT.bits();
        if kind == SFlag::S_IFREG.bits() {
            return Ok(File::from(open));
        }
        Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"))
    }

    /// Makes `path`, which must not be there yet, the same file as `source` below `other`.
    pub(crate) fn tie(&self, path: &Path, other: &Self, source: &Path) -> io::Result<()> {
        let ((from, source), (dir, name)) = (other.place(source)?, self.place(path)?);
        Ok(linkat(&from, source, &dir, name, AtFlags::empty())?)
    }

    /// Makes `path`, which must not be there yet, a copy of the regular file `source` below `other`, with its time and
    /// the right to run it. File systems that can let both share what is in them.
    pub(crate) fn graft(&self, path: &Path, other: &Self, source: &Path) -> io::Result<()> {
        let mut old = other.open_file(source)?;
        let meta = old.metadata()?;
        let is_program = meta.permissions().mode() & 0o111 != 0;
        let mut new = self.create(path, if is_program { 0o777 } else { 0o666 })?;
        io::copy(&mut old, &mut new)?;
        new.set_times(FileTimes::new().set_modified(meta.modified()?))
    }

    /// Makes `path`, which must not be there yet, a file with the permissions and time of `like` that shares its bytes on the disk
    /// with `source`, until one of them is written to. Few file systems can; what failed may leave an empty file.
    pub(crate) fn clone_file(
        &self,
        path: &Path,
        like: (&Self, &Path),
        source: (&Self, &Path),
    ) -> io::Result<()> {
        let old = source.0.open_file(source.1)?;
        let meta = like.0.open_file(like.1)?.metadata()?;
        let new = self.create(path, 0o600)?;
        rustix::fs::ioctl_ficlone(&new, &old)?;
        new.set_permissions(meta.permissions())?;
        new.set_times(FileTimes::new().set_modified(meta.modified()?))
    }

    /// Waits until the disk has the names in the directory.
    pub(crate) fn sync(&self) -> io::Result<()> {
        File::from(self.reopened()?).sync_all()
    }

    /// A new file without a name: nothing of it stays, however the process ends. Where the file system has no such files
    /// it has this name for a moment.
    pub(crate) fn scratch(&self, name: &Path) -> io::Result<File> {
        let mode = Mode::S_IRUSR | Mode::S_IWUSR;
        let nameless = OFlag::O_TMPFILE | OFlag::O_RDWR | OFlag::O_CLOEXEC;
        if let Ok(open) = openat(&self.dir, ".", nameless, mode) {
            return Ok(File::from(open));
        }
        let (dir, name) = self.place(name)?;
        let flags =
            OFlag::O_RDWR | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let open = openat(&dir, name, flags, mode)?;
        unlinkat(&dir, name, UnlinkatFlags::NoRemoveDir)?;
        Ok(File::from(open))
    }
}
