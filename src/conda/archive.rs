//! Archives of packages, unpacked below one open directory: `.conda` (a zip of two compressed tars) and `.tar.bz2`.
//!
//! Nothing in them is believed: no path leads out, nothing is written through a link, and what is unpacked has an end.

use std::fs::{File, FileTimes};
use std::io::{self, Read};
use std::path::{Component, Path};
use std::time::{Duration, UNIX_EPOCH};

use bzip2::read::MultiBzDecoder;
use tar::{Archive, Entry, EntryType};
use zip::ZipArchive;

use super::offer;
use crate::env::limits::{self, Entries};
use crate::error::{Error, Result};
use crate::fs::Root;
use crate::text::{Shown, shown};

/// Most bytes that an archive unpacks to: as much, and so many times its size. Real ones grow to ten times.
const LEAST: u64 = 1 << 30;
const TIMES: u64 = 200;

/// Unpacks `archive`, which is called `name`, into the empty directory `into`.
pub(crate) fn unpack(archive: File, name: &str, into: &Root) -> Result<()> {
    let damaged = |cause: io::Error| {
        Error::new(format!("could not unpack {}: {cause}", shown(name)))
            .hint("the archive is damaged, or was made to do harm: tell who keeps the channel")
    };
    let size = archive.metadata().map_err(damaged)?.len();
    let job =
        Job { into, entries: Entries::default(), left: LEAST.max(size.saturating_mul(TIMES)) };
    let done = if offer::is_conda(name) {
        job.unzip(archive)
    } else {
        job.untar(MultiBzDecoder::new(io::BufReader::new(archive)))
    };
    done.map_err(damaged)
}

struct Job<'a> {
    into: &'a Root,
    entries: Entries,
    left: u64,
}

impl Job<'_> {
    /// The parts that are tars; another tells the format's version alone.
    fn unzip(mut self, archive: File) -> io::Result<()> {
        let mut zip = ZipArchive::new(io::BufReader::new(archive)).map_err(io::Error::other)?;
        let mut parts = 0;
        for at in 0..zip.len() {
            let part = zip.by_index(at).map_err(io::Error::other)?;
            let name = part.name().map_err(io::Error::other)?;
            if name.ends_with(".tar.zst") {
                self = self.all(zstd::Decoder::new(part)?)?;
                parts += 1;
            }
        }
        if parts == 2 { Ok(()) } else { Err(refused("it lacks one of its two parts")) }
    }

    fn untar(self, tar: impl Read) -> io::Result<()> {
        self.all(tar).map(drop)
    }

    fn all(mut self, tar: impl Read) -> io::Result<Self> {
        let mut tar = Archive::new(tar.take(self.left));
        for entry in tar.entries()? {
            let mut entry = entry?;
            self.entries.one_more().map_err(refused)?;
            self.left = self
                .left
                .checked_sub(entry.size())
                .ok_or_else(|| refused("it unpacks to more than any package"))?;
            self.put(&mut entry)?;
        }
        Ok(self)
    }

    fn put(&self, entry: &mut Entry<impl Read>) -> io::Result<()> {
        let path = entry.path()?.into_owned();
        let is_below =
            path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if !is_below {
            return Err(io::Error::other(format!("{} leads out of it", Shown(&path))));
        }
        limits::path(path.as_os_str().as_encoded_bytes()).map_err(refused)?;
        let Some(parent) = path.parent() else { return Ok(()) };
        self.into.make_dirs(parent)?;
        match entry.header().entry_type() {
            EntryType::Directory => self.into.make_dirs(&path).map(drop),
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                self.fill(&path, entry)
            }
            EntryType::Symlink => {
                let target = entry.link_name()?.ok_or_else(|| refused("a link leads nowhere"))?;
                self.into.remove_file(&path)?;
                self.into.link(&path, target.as_os_str())
            }
            EntryType::Link => {
                let source = entry.link_name()?.ok_or_else(|| refused("a link leads nowhere"))?;
                self.into.remove_file(&path)?;
                self.into.tie(&path, self.into, &source)
            }
            _ => Err(io::Error::other(format!("{} is no file, directory or link", Shown(&path)))),
        }
    }

    /// Later entries of a name win, as for every tar. Compiled Python is valid by its source's time: times are kept.
    fn fill(&self, path: &Path, entry: &mut Entry<impl Read>) -> io::Result<()> {
        let (mode, time) = (entry.header().mode()?, entry.header().mtime()?);
        let bits = if mode & 0o111 != 0 { 0o777 } else { 0o666 };
        let mut file = match self.into.create(path, bits) {
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {
                self.into.remove_file(path)?;
                self.into.create(path, bits)?
            }
            other => other?,
        };
        if io::copy(entry, &mut file)? != entry.size() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        file.set_times(FileTimes::new().set_modified(UNIX_EPOCH + Duration::from_secs(time)))
    }
}

fn refused(why: &'static str) -> io::Error {
    io::Error::other(why)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// A `.tar.bz2` in a directory, and the place to unpack it to.
    fn packed(entries: &[(&str, EntryType, &str)]) -> (tempfile::TempDir, Vec<u8>) {
        let mut tar = tar::Builder::new(Vec::new());
        for (path, kind, text) in entries {
            let mut header = tar::Header::new_gnu();
            // Set by hand: the library refuses some of them.
            header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
            header.set_entry_type(*kind);
            header.set_mode(0o755);
            header.set_mtime(1_700_000_000);
            let is_link = matches!(kind, EntryType::Symlink | EntryType::Link);
            if is_link {
                header.as_old_mut().linkname[..text.len()].copy_from_slice(text.as_bytes());
            }
            let text = if is_link { "" } else { text };
            header.set_size(text.len() as u64);
            header.set_cksum();
            tar.append(&header, text.as_bytes()).unwrap();
        }
        let mut bz = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        bz.write_all(&tar.into_inner().unwrap()).unwrap();
        let dir = tempfile::tempdir().unwrap();
        crate::fs::make_dir(&dir.path().join("to")).unwrap();
        (dir, bz.finish().unwrap())
    }

    fn unpacked(dir: &Path, bytes: &[u8], name: &str) -> Result<()> {
        let path = dir.join(name);
        crate::fs::write_atomic(&path, bytes).unwrap();
        let file = crate::foreign::open(&path).unwrap();
        unpack(file, name, &Root::open(&dir.join("to")).unwrap())
    }

    #[test]
    fn files_links_and_times_come_out_of_an_archive() {
        let (dir, bytes) = packed(&[
            ("a/file", EntryType::Regular, "old"),
            ("a/file", EntryType::Regular, "text"),
            ("a/hard", EntryType::Link, "a/file"),
            ("soft", EntryType::Symlink, "a/file"),
            ("b/empty", EntryType::Directory, ""),
        ]);
        unpacked(dir.path(), &bytes, "x-1-0.tar.bz2").unwrap();
        let at = |path: &str| dir.path().join("to").join(path);
        for path in ["a/file", "a/hard", "soft"] {
            assert!(crate::foreign::holds(&at(path), b"text"), "{path}");
        }
        let time = at("a/file").metadata().unwrap().modified().unwrap();
        assert_eq!(time, UNIX_EPOCH + Duration::from_secs(1_700_000_000));
        assert!(at("soft").is_symlink() && at("b/empty").is_dir());
    }

    #[test]
    fn nothing_leads_out_of_an_archive() {
        let evil: &[&[(&str, EntryType, &str)]] = &[
            &[("../x", EntryType::Regular, "x")],
            &[("a/../../x", EntryType::Regular, "x")],
            &[("/tmp/x", EntryType::Regular, "x")],
            &[("d", EntryType::Symlink, ".."), ("d/x", EntryType::Regular, "x")],
            &[("d", EntryType::Symlink, "/etc"), ("h", EntryType::Link, "d/passwd")],
            &[("h", EntryType::Link, "/etc/passwd")],
            &[("h", EntryType::Link, "../secret")],
            &[("pipe", EntryType::Fifo, "")],
            &[("device", EntryType::Char, "")],
        ];
        for entries in evil {
            let (dir, bytes) = packed(entries);
            crate::fs::write_new(&dir.path().join("secret"), b"s").unwrap();
            let refused = unpacked(dir.path(), &bytes, "x-1-0.tar.bz2");
            assert!(refused.is_err(), "{entries:?}");
            assert!(!dir.path().join("x").exists(), "{entries:?}");
        }
    }

    #[test]
    fn an_archive_that_was_cut_or_is_none_is_refused() {
        let (dir, bytes) = packed(&[("a", EntryType::Regular, &"text".repeat(1000))]);
        for (bytes, name) in [
            (&bytes[..bytes.len() / 2], "x-1-0.tar.bz2"),
            (&b"PK\x03\x04nothing"[..], "x-1-0.conda"),
            (b"", "x-1-0.conda"),
            (b"<html>", "x-1-0.tar.bz2"),
        ] {
            let refused = unpacked(dir.path(), bytes, name).unwrap_err();
            assert!(refused.to_string().contains("could not unpack x-1-0"), "{refused}");
        }
    }
}
