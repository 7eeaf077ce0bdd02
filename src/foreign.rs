//! The one reader of files that somebody else may have put where they are: in an env, a base, an archive, a
//! directory with a marker, the user's own settings.
//!
//! Only a regular file is read, never more of it than its kind may hold, and opening it never waits: a pipe, a device
//! or a file of three gigabytes is refused at once. What the bytes say is for the caller to doubt.

pub(crate) mod claim;
pub(crate) mod format;

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::OFlag;

use crate::error::{Attempt, Result};

/// What a file is read as. Its limit is at least ten times the largest real one that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    /// A project's `.mlenv.toml`: one line. The hooks read as much at every prompt.
    Marker,
    /// A few lines: an `INSTALLER`, a `pyvenv.cfg`, a `pip.conf`, a project's marker of another tool.
    Note,
    /// Settings, records of envs, kernels, descriptions: written by people or by mlenv.
    Settings,
    /// What package managers write about packages: conda's records, `RECORD`, `METADATA`, lock files, histories.
    PackageData,
    /// A program's text, a script of a package.
    Script,
    /// An index of a base: compressed links, 700 KB for a base of 60,000 files.
    Index,
    /// What a conda channel says that it has, as it is fetched or kept.
    #[cfg(feature = "conda")]
    Repodata,
}

impl FileKind {
    /// Most bytes that such a file may have.
    pub(crate) const fn limit(self) -> u64 {
        match self {
            Self::Marker => 4096,
            Self::Note => 1 << 20,
            Self::Settings => 16 << 20,
            Self::PackageData | Self::Script => 64 << 20,
            Self::Index => 256 << 20,
            #[cfg(feature = "conda")]
            Self::Repodata => 1 << 30,
        }
    }
}

/// Reads the regular file `path`, following a link to it.
///
/// Fails with `InvalidInput` where it is not a regular file and with `FileTooLarge` where it is too large for its kind.
pub(crate) fn read(path: impl AsRef<Path>, kind: FileKind) -> io::Result<Vec<u8>> {
    let (file, meta) = opened(path.as_ref())?;
    read_sized(file, meta.len(), kind)
}

/// As `read`, as text.
///
/// Fails also, with `InvalidData`, where it is not UTF-8.
pub(crate) fn read_text(path: impl AsRef<Path>, kind: FileKind) -> io::Result<String> {
    let bytes = read(path, kind)?;
    String::from_utf8(bytes)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))
}

/// `read`, with a missing file as `None` and every other failure as a sentence.
pub(crate) fn read_if_there(path: &Path, kind: FileKind) -> Result<Option<Vec<u8>>> {
    match read(path, kind) {
        Err(cause) if is_missing(&cause) => Ok(None),
        other => other.map(Some).attempt("read", path),
    }
}

/// The first `most` bytes of the regular file `path`, or all of them where it has fewer.
pub(crate) fn head(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    head_open(open(path)?, most)
}

/// As `head`, of what is open.
pub(crate) fn head_open(file: File, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// True where the regular file `path` holds these bytes and no others.
pub(crate) fn holds(path: &Path, bytes: &[u8]) -> bool {
    // Of another one no more is read than tells that it is longer.
    head(path, bytes.len() as u64 + 1).is_ok_and(|there| there == bytes)
}

/// True where two regular files hold the same bytes, however many those are; a library may have gigabytes.
pub(crate) fn same(left: &Path, right: &Path) -> bool {
    let both = open(left).and_then(|left| Ok((left, open(right)?)));
    let Ok((mut left, mut right)) = both else { return false };
    let (mut here, mut there) = (Vec::with_capacity(PIECE), Vec::with_capacity(PIECE));
    loop {
        here.clear();
        there.clear();
        let read = (&mut left).take(PIECE as u64).read_to_end(&mut here);
        let read = read.and((&mut right).take(PIECE as u64).read_to_end(&mut there));
        match read {
            Ok(_) if here != there => return false,
            Ok(0) => return true,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}

/// How much of two files is compared at a time.
const PIECE: usize = 1 << 20;

/// Reads what the user named, which may be a pipe: it is waited for, but never more is read than its kind may hold.
#[expect(clippy::disallowed_methods, reason = "a pipe that the user named is waited for")]
pub(crate) fn read_named(path: &Path, kind: FileKind) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(kind.limit() + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > kind.limit() { Err(too_large(kind)) } else { Ok(bytes) }
}

/// Opens the regular file `path`, following a link to it, for whoever reads it piece by piece.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    opened(path).map(|(file, _)| file)
}

fn opened(path: &Path) -> io::Result<(File, Metadata)> {
    // Looked at first, since opening alone may already do something to a device.
    check(&path.metadata()?)?;
    checked(File::options().read(true).custom_flags(FLAGS.bits()).open(path)?)
}

/// As `open`, where `path` itself must be the file: a link at its end fails with `ELOOP`.
pub(crate) fn open_unfollowed(path: &Path) -> io::Result<File> {
    let meta = path.symlink_metadata()?;
    if meta.is_symlink() {
        return Err(Errno::ELOOP.into());
    }
    check(&meta)?;
    let flags = FLAGS | OFlag::O_NOFOLLOW;
    checked(File::options().read(true).custom_flags(flags.bits()).open(path)?).map(|(file, _)| file)
}

/// Opening never waits, nor becomes anybody's terminal.
const FLAGS: OFlag = OFlag::O_NONBLOCK.union(OFlag::O_NOCTTY).union(OFlag::O_CLOEXEC);

/// Reads what is open, as far as its kind may go.
pub(crate) fn read_open(file: File, kind: FileKind) -> io::Result<Vec<u8>> {
    let size = file.metadata()?.len();
    read_sized(file, size, kind)
}

fn read_sized(file: File, size: u64, kind: FileKind) -> io::Result<Vec<u8>> {
    if size > kind.limit() {
        return Err(too_large(kind));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default() + 1);
    // One more than allowed: a file may grow while it is read.
    file.take(kind.limit() + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > kind.limit() { Err(too_large(kind)) } else { Ok(bytes) }
}

/// True for the failure that says there is no such file.
pub(crate) fn is_missing(cause: &io::Error) -> bool {
    matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn checked(file: File) -> io::Result<(File, Metadata)> {
    let meta = file.metadata()?;
    check(&meta)?;
    Ok((file, meta))
}

fn check(meta: &Metadata) -> io::Result<()> {
    if meta.is_file() {
        return Ok(());
    }
    let (kind, what) = if meta.is_dir() {
        (io::ErrorKind::IsADirectory, "it is a directory")
    } else {
        (io::ErrorKind::InvalidInput, "it is not a regular file")
    };
    Err(io::Error::new(kind, what))
}

fn too_large(kind: FileKind) -> io::Error {
    let text = match kind.limit() >> 20 {
        0 => format!("it is larger than the {} bytes that such a file may have", kind.limit()),
        limit => format!("it is larger than the {limit} MB that such a file may have"),
    };
    io::Error::new(io::ErrorKind::FileTooLarge, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_regular_file_of_its_size_is_refused_at_once() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        nix::unistd::mkfifo(&at("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert_eq!(
            read(at("pipe"), FileKind::Note).unwrap_err().kind(),
            io::ErrorKind::InvalidInput
        );
        assert_eq!(
            read(Path::new("/dev/zero"), FileKind::Note).unwrap_err().kind(),
            io::ErrorKind::InvalidInput
        );
        assert_eq!(
            read(root.path(), FileKind::Note).unwrap_err().kind(),
            io::ErrorKind::IsADirectory
        );
        crate::fs::write_new(&at("hole"), b"").unwrap();
        File::options().write(true).open(at("hole")).unwrap().set_len(3 << 30).unwrap();
        assert_eq!(
            read(at("hole"), FileKind::PackageData).unwrap_err().kind(),
            io::ErrorKind::FileTooLarge
        );
        assert!(!holds(&at("hole"), b"x") && open_unfollowed(&at("pipe")).is_err());
        crate::fs::make_link(Path::new("text"), &at("link")).unwrap();
        let refused = open_unfollowed(&at("link")).unwrap_err();
        assert_eq!(refused.raw_os_error(), Some(Errno::ELOOP as i32));
        assert_eq!(read_if_there(&at("none"), FileKind::Note).unwrap(), None);
        crate::fs::write_new(&at("text"), b"x").unwrap();
        assert_eq!(read_text(at("text"), FileKind::Note).unwrap(), "x");
        assert!(holds(&at("text"), b"x") && !holds(&at("text"), b"") && !holds(&at("text"), b"xy"));
    }
}
