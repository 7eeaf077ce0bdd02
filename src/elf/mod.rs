//! What the dynamic loader reads of an ELF file: its name for others, what it needs, where it looks.
//!
//! Only headers and the strings they name are read, at most a few kilobytes of a library of any size. A file that
//! is cut short or lies about itself is one that no loader would take, and counts as no ELF file.

mod image;
mod strings;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};

use object::elf::{DT_NEEDED, DT_RPATH, DT_RUNPATH, DT_SONAME};

use crate::foreign;
use image::ElfImage;
pub(crate) use strings::is_alone;

/// What the loader is told by one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Dynamic {
    /// Its own name: a library of this name is loaded once per process.
    pub(crate) soname: Option<OsString>,
    /// The names of libraries that it needs, in order.
    pub(crate) needed: Vec<OsString>,
    /// Where it and what it loads look for libraries (`DT_RPATH`).
    pub(crate) rpath: Option<Text>,
    /// Where it looks for its own libraries (`DT_RUNPATH`); the loader ignores `rpath` then.
    pub(crate) runpath: Option<Text>,
    /// True where it names a program interpreter: it can be started.
    pub(crate) is_program: bool,
}

/// A string of the dynamic section, and where in the file it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text {
    /// The position of its first byte in the file.
    pub(crate) offset: u64,
    /// Its bytes, without the NUL behind them.
    pub(crate) bytes: Vec<u8>,
}

impl Dynamic {
    /// The directories that this file looks into for what it needs, `$ORIGIN` taken for `dir`, without `.` and `..`.
    pub(crate) fn looks_in(&self, dir: &Path) -> Vec<PathBuf> {
        let text = self.runpath.as_ref().or(self.rpath.as_ref());
        let entries = text.into_iter().flat_map(|text| text.bytes.split(|&byte| byte == b':'));
        entries.filter_map(|entry| expanded(entry, dir)).collect()
    }
}

/// Reads what the loader would. `None` for what is not a dynamically linked ELF file.
pub(crate) fn read(file: &File) -> io::Result<Option<Dynamic>> {
    Ok(ElfImage::open(file)?.and_then(|image| dynamic(&image)))
}

/// As `read`, but for the file at `path`; what cannot be read counts as none.
pub(crate) fn read_at(path: &Path) -> Option<Dynamic> {
    read(&foreign::open(path).ok()?).ok()?
}

fn dynamic(image: &ElfImage) -> Option<Dynamic> {
    let mut found = Dynamic { is_program: image.is_program, ..Dynamic::default() };
    for &(tag, value) in &image.entries {
        let name = || Some(OsString::from_vec(image.string(value)?.bytes));
        match tag {
            DT_SONAME => found.soname = Some(name()?),
            DT_NEEDED => found.needed.push(name()?),
            DT_RPATH => found.rpath = Some(image.string(value)?),
            DT_RUNPATH => found.runpath = Some(image.string(value)?),
            _ => {}
        }
    }
    Some(found)
}

/// A search path's entry as a directory; none for those that depend on the machine (`$LIB`, `$PLATFORM`) or on where
/// a process was started.
fn expanded(entry: &[u8], dir: &Path) -> Option<PathBuf> {
    let rest = [&b"${ORIGIN}"[..], b"$ORIGIN"].iter().find_map(|name| entry.strip_prefix(*name));
    let path = match rest {
        Some([b'/', below @ ..]) => dir.join(as_path(below)?),
        Some([]) => dir.to_owned(),
        Some(_) => return None,
        None => as_path(entry)?,
    };
    path.is_absolute().then(|| tidy(&path))
}

fn as_path(bytes: &[u8]) -> Option<PathBuf> {
    (!bytes.contains(&b'$')).then(|| PathBuf::from(OsString::from_vec(bytes.to_vec())))
}

/// `/a/b/../c/.` as `/a/c`. By text: the directories of a prefix are real ones.
pub(crate) fn tidy(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut out, part| {
        match part {
            Component::ParentDir => drop(out.pop()),
            Component::CurDir => {}
            other => out.push(other),
        }
        out
    })
}
