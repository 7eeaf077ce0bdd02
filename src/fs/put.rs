//! What is made below an open directory: files and links, each in one step, and renames.

use std::ffi::OsStr;
use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, openat, renameat};
use nix::libc::{S_IFDIR, S_IFMT, S_IFREG};
use nix::sys::stat::{FchmodatFlags, Mode, fchmodat, fstat, fstatat};
use nix::unistd::{close, linkat, symlinkat};
use rustix::fs::{RenameFlags, renameat_with};

use super::Root;
use super::root::Folder;
use super::temporary::Temporary;

/// How a file is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct How {
    /// Its permissions, of which the umask takes its part.
    bits: u32,
    is_synced: bool,
    keeps_mode: bool,
}

impl How {
    /// What everybody may read.
    pub(crate) const DATA: Self = Self { bits: 0o666, is_synced: false, keeps_mode: false };
    /// What everybody may run.
    pub(crate) const PROGRAM: Self = Self { bits: 0o777, ..Self::DATA };
    /// What only its owner may read.
    pub(crate) const PRIVATE: Self = Self { bits: 0o600, ..Self::DATA };

    /// The disk has it before it gets its name: a crash of the machine leaves the old file or the new one, never an
    /// empty one. For what says that something is there, or what the user answered.
    pub(crate) const fn synced(self) -> Self {
        Self { is_synced: true, ..self }
    }

    /// With the permissions of the file whose place it takes, if there is one.
    pub(crate) const fn as_before(self) -> Self {
        Self { keeps_mode: true, ..self }
    }

    fn mode(self) -> Mode {
        Mode::from_bits_truncate(self.bits)
    }
}

impl Root {
    /// Makes a link that must not be there yet.
    pub(crate) fn link(&self, path: &Path, target: impl AsRef<OsStr>) -> io::Result<()> {
        let (dir, name) = self.place(path)?;
        Ok(symlinkat(target.as_ref(), &dir, name)?)
    }

    /// Makes a link unless something is there.
    pub(crate) fn link_if_free(&self, path: &Path, target: impl AsRef<OsStr>) -> io::Result<()> {
        match self.link(path, target) {
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            other => other,
        }
    }

    /// Makes a link in place of the file or link that is there, in one step.
    pub(crate) fn replace_link(&self, path: &Path, target: impl AsRef<OsStr>) -> io::Result<()> {
        let (dir, name) = self.place(path)?;
        match symlinkat(target.as_ref(), &dir, name) {
            Err(Errno::EEXIST) => Temporary::link(&dir, target.as_ref())?.put(name),
            other => Ok(other?),
        }
    }

    /// Makes an empty file that must not be there yet.
    pub(crate) fn create(&self, path: &Path, bits: u32) -> io::Result<File> {
        let (dir, name) = self.place(path)?;
        let flags =
            OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        Ok(File::from(openat(&dir, name, flags, Mode::from_bits_truncate(bits))?))
    }

    /// Writes a file that must not be there yet. What is killed leaves a part of it: for what nobody sees yet.
    pub(crate) fn write_new(&self, path: &Path, bytes: &[u8], how: How) -> io::Result<()> {
        let mut file = self.create(path, how.bits)?;
        file.write_all(bytes)?;
        finish(file, how)
    }

    /// Writes a file so that a reader sees the old one or the new one, never a part.
    pub(crate) fn write(&self, path: &Path, bytes: &[u8], how: How) -> io::Result<()> {
        self.fill(path, how, |file| file.write_all(bytes))
    }

    /// As `write`, unless something is there.
    pub(crate) fn write_if_free(&self, path: &Path, bytes: &[u8], how: How) -> io::Result<()> {
        let (dir, name) = self.place(path)?;
        let (temporary, mut file) = Temporary::file(&dir, how.mode())?;
        file.write_all(bytes)?;
        finish(file, how)?;
        temporary.put_if_free(name).map(|_| ())
    }

    /// As `write`, for what is not at hand as a whole: `fill` writes it.
    pub(crate) fn fill(
        &self,
        path: &Path,
        how: How,
        fill: impl FnOnce(&mut File) -> io::Result<()>,
    ) -> io::Result<()> {
        let (dir, name) = self.place(path)?;
        let (temporary, mut new) = Temporary::file(&dir, how.mode())?;
        fill(&mut new)?;
        if how.keeps_mode {
            keep_mode(&new, &dir, name)?;
        }
        finish(new, how)?;
        temporary.put(name)
    }

    /// Makes `path` the same file as `from`, which lies anywhere, in place of a file or link that is there; where the
    /// file system cannot, a copy with permissions and time.
    pub(crate) fn share(&self, path: &Path, from: &Path) -> io::Result<()> {
        self.remove_file(path)?;
        let (dir, name) = self.place(path)?;
        match linkat(AT_FDCWD, from, &dir, name, AtFlags::empty()) {
            Err(Errno::EEXIST) => Err(Errno::EEXIST.into()),
            Err(_) => self.copy(path, from),
            Ok(()) => Ok(()),
        }
    }

    /// Copies the regular file `from`, which lies anywhere, with its permissions and time.
    pub(crate) fn copy(&self, path: &Path, from: &Path) -> io::Result<()> {
        let mut new = self.create(path, 0o600)?;
        super::copy::pour(from, &mut new)?;
        finish(new, How::DATA)
    }

    /// Renames an entry, over a file or an empty directory that has the new name.
    pub(crate) fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let ((from_dir, from), (to_dir, to)) = (self.place(from)?, self.place(to)?);
        Ok(renameat(&from_dir, from, &to_dir, to)?)
    }

    /// Swaps two entries in one step.
    ///
    /// Fails with `Unsupported` or `InvalidInput` on file systems that cannot (NFS, some FUSE). The raw kernel
    /// call is used because glibc has a wrapper only since 2.28, and EL7 must start this binary.
    pub(crate) fn swap(&self, left: &Path, right: &Path) -> io::Result<()> {
        let ((left_dir, left), (right_dir, right)) = (self.place(left)?, self.place(right)?);
        Ok(renameat_with(&left_dir, left, &right_dir, right, RenameFlags::EXCHANGE)?)
    }

    /// Sets the permissions of a directory; the root's own are set by the empty path.
    pub(crate) fn set_dir_mode(&self, path: &Path, bits: u32) -> io::Result<()> {
        let (dir, name) = self.place(path)?;
        // Opened in a way that needs no permission and follows no link, then changed by the name for what is open.
        let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let open = openat(&dir, name, flags, Mode::empty())?;
        if !matches!(fstat(&open)?.st_mode & S_IFMT, S_IFDIR | S_IFREG) {
            return Err(Errno::ENOTDIR.into());
        }
        let mode = Mode::from_bits_truncate(bits);
        let by_number = format!("/proc/self/fd/{}", open.as_raw_fd());
        match fchmodat(AT_FDCWD, by_number.as_str(), mode, FchmodatFlags::FollowSymlink) {
            Err(Errno::ENOENT) => {
                Ok(fchmodat(&dir, name, mode, FchmodatFlags::FollowSymlink)?) // no `/proc` here
            }
            other => Ok(other?),
        }
    }
}

/// Gives `file` the permissions of the regular file that has its name now.
fn keep_mode(file: &File, dir: &Folder<'_>, name: &OsStr) -> io::Result<()> {
    match fstatat(dir, name, AtFlags::AT_SYMLINK_NOFOLLOW) {
        Ok(old) if old.st_mode & S_IFMT == S_IFREG => {
            file.set_permissions(Permissions::from_mode(old.st_mode & 0o777))
        }
        _ => Ok(()),
    }
}

/// A full disk or quota may be told of only now, and dropping could not report it.
fn finish(file: File, how: How) -> io::Result<()> {
    if how.is_synced {
        file.sync_all()?;
    }
    Ok(close(file)?)
}
