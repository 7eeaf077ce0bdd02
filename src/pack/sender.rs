//! Tar entries cut into frames: many small ones together, a large file by itself.

use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use tar::{Builder, EntryType, Header};

use super::damaged;
use crate::env::seekable::Frames;
use crate::error::{Error, Result};

/// How much tar goes into one frame.
const FRAME: usize = 1024 * 1024;

/// A file that is larger has frames of its own, so that no frame is.
const LARGE: u64 = 4 * FRAME as u64;

/// Level 3 packs 300 MB/s on each core; more saves little on libraries.
const LEVEL: i32 = 3;

/// Writes entries.
pub(super) struct Sender<W: Write> {
    builder: Builder<Cutter<W>>,
    /// Large files: the first frame, and how many follow it.
    pub(super) large: Vec<(usize, usize)>,
}

/// Collects what the tar is made of.
struct Cutter<W: Write> {
    frames: Frames<W>,
    /// Frames that wait to be compressed together.
    waiting: Vec<Vec<u8>>,
    buffer: Vec<u8>,
    /// True within a large file, where frames may end anywhere.
    inside: bool,
    threads: usize,
    /// Why a write failed, in a sentence.
    failure: Option<Error>,
}

impl<W: Write> Sender<W> {
    pub(super) fn new(out: W, threads: usize) -> Self {
        let frames = Frames::new(out, LEVEL);
        let cutter = Cutter {
            frames,
            waiting: Vec::new(),
            buffer: Vec::new(),
            inside: false,
            threads,
            failure: None,
        };
        Self { builder: Builder::new(cutter), large: Vec::new() }
    }

    pub(super) fn dir(&mut self, path: &Path, mode: u32) -> Result<()> {
        let mut header = header(EntryType::Directory, mode);
        self.put(path, |builder| builder.append_data(&mut header, path, io::empty()))
    }

    pub(super) fn link(&mut self, path: &Path, target: &Path) -> Result<()> {
        let mut header = header(EntryType::Symlink, 0o777);
        // Not `append_link`, which takes `//` and `/.` out of a target.
        let target = target.as_os_str().as_bytes();
        self.put(path, |builder| match header.set_link_name_literal(target) {
            Ok(()) => builder.append_data(&mut header, path, io::empty()),
            Err(_) => builder.append_link(
                &mut header,
                path,
                Path::new(std::ffi::OsStr::from_bytes(target)),
            ),
        })
    }

    /// A file of `size` bytes, last changed at `time`, which must not change meanwhile.
    pub(super) fn file(
        &mut self,
        path: &Path,
        meta: (u32, u64, u64),
        content: impl Read,
    ) -> Result<()> {
        let (mode, size, time) = meta;
        let mut header = header(EntryType::Regular, mode);
        header.set_size(size);
        header.set_mtime(time);
        let mut content = Counted { content: content.take(size), count: 0 };
        let is_large = size > LARGE;
        if is_large {
            self.end_frame();
            self.cutter().inside = true;
        }
        let first = self.cutter().count();
        self.put(path, |builder| builder.append_data(&mut header, path, &mut content))?;
        if content.count != size {
            return Err(Error::new(format!(
                "{} changed while it was packed",
                crate::text::Shown(path)
            ))
            .hint("wait until nothing works in the env, then pack it again"));
        }
        if is_large {
            self.end_frame();
            self.cutter().inside = false;
            let behind = self.cutter().count() - first - 1;
            self.large.push((first, behind));
        }
        Ok(())
    }

    /// Ends a frame here, and tells how many there are.
    pub(super) fn end_frame(&mut self) -> usize {
        self.cutter().cut();
        self.cutter().count()
    }

    /// The last frame ends the tar with two empty blocks.
    pub(super) fn finish(self) -> Result<Frames<W>> {
        let mut cutter = self.builder.into_inner().map_err(|cause| damaged(&cause.to_string()))?;
        cutter.cut();
        cutter.frames.push(&cutter.waiting, cutter.threads)?;
        Ok(cutter.frames)
    }

    fn put(
        &mut self,
        path: &Path,
        append: impl FnOnce(&mut Builder<Cutter<W>>) -> io::Result<()>,
    ) -> Result<()> {
        append(&mut self.builder).map_err(|cause| {
            self.cutter().failure.take().unwrap_or_else(|| Error::io("pack", path, &cause))
        })?;
        if self.cutter().buffer.len() >= FRAME {
            self.end_frame();
        }
        Ok(())
    }

    fn cutter(&mut self) -> &mut Cutter<W> {
        self.builder.get_mut()
    }
}

impl<W: Write> Cutter<W> {
    fn count(&self) -> usize {
        self.frames.count() + self.waiting.len()
    }

    fn cut(&mut self) {
        if !self.buffer.is_empty() {
            let empty = Vec::with_capacity(FRAME + FRAME / 8); // growing would copy it
            self.waiting.push(std::mem::replace(&mut self.buffer, empty));
        }
    }

    fn compress(&mut self) -> io::Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        self.frames.push(&waiting, self.threads).map_err(|error| {
            self.failure = Some(error);
            io::ErrorKind::Other.into()
        })
    }
}

impl<W: Write> Write for Cutter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.inside && self.buffer.len() >= FRAME {
            self.cut();
        }
        if self.waiting.len() >= 4 * self.threads {
            self.compress()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What was read of a file.
struct Counted<R> {
    content: R,
    count: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.content.read(buffer)?;
        self.count += read as u64;
        Ok(read)
    }
}

/// Owners stay behind: who unpacks owns.
fn header(kind: EntryType, mode: u32) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode & 0o777);
    header.set_size(0);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header
}
