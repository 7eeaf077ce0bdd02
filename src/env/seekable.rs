//! zstd frames that can be found one by one: the seekable format of the zstd project (its `contrib` directory
//! has the specification), a skippable frame at the end of the file with the sizes of all frames.

use std::borrow::Cow;
use std::io::{self, Write};

use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::CParameter;

use super::limits;
use crate::error::{Error, Result};
use crate::parallel;

/// Skippable frames begin with one of sixteen numbers; the last is the seek table's by its specification.
const SKIPPABLE: u32 = 0x184D_2A50;
const SEEK_TABLE: u32 = 0x184D_2A5E;
/// Ends the file.
const FOOTER_MAGIC: u32 = 0x8F92_EAB1;
const FOOTER_SIZE: usize = 9;
const ENTRY_SIZE: usize = 8;

/// One frame: where it begins, how long it is, and how long what is in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    start: usize,
    packed: usize,
    size: usize,
}

/// Compresses frames one after the other into `out`.
pub(crate) struct Frames<W> {
    out: W,
    level: i32,
    sizes: Vec<(usize, usize)>,
}

impl<W: Write> Frames<W> {
    /// Frames carry a checksum, so that damage is found while decoding.
    pub(crate) fn new(out: W, level: i32) -> Self {
        Self { out, level, sizes: Vec::new() }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.sizes.len()
    }

    /// Adds frames, compressed side by side; nothing in, nothing added.
    pub(crate) fn push(&mut self, contents: &[Vec<u8>], threads: usize) -> Result<()> {
        let contents: Vec<&Vec<u8>> =
            contents.iter().filter(|content| !content.is_empty()).collect();
        let packed = parallel::map(threads, contents.len(), |at| {
            compressed(contents[at], self.level).map_err(|cause| failed(&cause))
        })?;
        for (packed, content) in packed.iter().zip(contents) {
            self.sizes.push((packed.len(), content.len()));
            self.out.write_all(packed).map_err(|cause| failed(&cause))?;
        }
        Ok(())
    }

    /// Adds `about` as a skippable frame, then the seek table, and gives back where it was written to.
    pub(crate) fn finish(mut self, about: &[u8]) -> Result<W> {
        self.skippable(SKIPPABLE, about)?;
        self.sizes.push((about.len() + 8, 0));
        let mut table = Vec::with_capacity(self.sizes.len() * ENTRY_SIZE + FOOTER_SIZE);
        for (packed, size) in &self.sizes {
            table.extend_from_slice(&number(*packed));
            table.extend_from_slice(&number(*size));
        }
        table.extend_from_slice(&number(self.sizes.len()));
        table.push(0); // no checksums in the table: the frames have their own
        table.extend_from_slice(&FOOTER_MAGIC.to_le_bytes());
        self.skippable(SEEK_TABLE, &table)?;
        Ok(self.out)
    }

    fn skippable(&mut self, magic: u32, content: &[u8]) -> Result<()> {
        let frame = [&magic.to_le_bytes(), &number(content.len()), content].concat();
        self.out.write_all(&frame).map_err(|cause| failed(&cause))
    }
}

fn compressed(content: &[u8], level: i32) -> io::Result<Vec<u8>> {
    let mut compressor = Compressor::new(level)?;
    compressor.set_parameter(CParameter::ChecksumFlag(true))?;
    compressor.compress(content)
}

/// Bytes that are read here and there.
pub(crate) trait Source {
    /// How many there are.
    fn size(&self) -> usize;
    /// Some of them; `None` where they are not there or cannot be read.
    fn part(&self, start: usize, length: usize) -> Option<Cow<'_, [u8]>>;
}

impl Source for [u8] {
    fn size(&self) -> usize {
        self.len()
    }

    fn part(&self, start: usize, length: usize) -> Option<Cow<'_, [u8]>> {
        self.get(start..start.checked_add(length)?).map(Cow::Borrowed)
    }
}

/// Finds the frames and the description. `None` where the table is missing, or does not cover all exactly.
pub(crate) fn parse(source: &(impl Source + ?Sized)) -> Option<(Vec<Frame>, Vec<u8>)> {
    let end = source.size().checked_sub(FOOTER_SIZE)?;
    let footer = source.part(end, FOOTER_SIZE)?;
    if footer[4] != 0 || footer[5..] != FOOTER_MAGIC.to_le_bytes() {
        return None;
    }
    let count = read_number(&footer).filter(|count| *count <= limits::FRAMES)?;
    let size = count.checked_mul(ENTRY_SIZE)?;
    let begin = end.checked_sub(size)?.checked_sub(8)?;
    let table = source.part(begin, size + 8)?;
    let (head, table) = table.split_at(8);
    if head[..4] != SEEK_TABLE.to_le_bytes()
        || read_number(&head[4..])? != table.len() + FOOTER_SIZE
    {
        return None;
    }
    let mut frames = Vec::with_capacity(table.len() / ENTRY_SIZE);
    let mut start = 0_usize;
    for entry in table.chunks_exact(ENTRY_SIZE) {
        let (packed, size) = (read_number(entry)?, read_number(&entry[4..])?);
        frames.push(Frame { start, packed, size });
        start = start.checked_add(packed)?;
    }
    let last = frames
        .pop()
        .filter(|last| start == begin && last.size == 0 && last.packed <= limits::ABOUT)?;
    let about = source.part(last.start, last.packed)?;
    let magic = about.get(..4)? == SKIPPABLE.to_le_bytes();
    let about = about.get(8..).filter(|_| magic)?.to_vec();
    Some((frames, about))
}

/// How much is in all frames together, as the table has it; `decode` takes no frame with more.
pub(crate) fn total(frames: &[Frame]) -> u64 {
    frames.iter().map(|frame| frame.size as u64).sum()
}

/// Decodes one frame of `parse`'s; `None` where it is damaged or claims more than `limit` bytes.
pub(crate) fn decode(
    source: &(impl Source + ?Sized),
    frame: Frame,
    limit: usize,
) -> Option<Vec<u8>> {
    // Nothing grows by compression but for a few bytes.
    if frame.size > limit || frame.packed > frame.size + frame.size / 64 + 1024 {
        return None;
    }
    let packed = source.part(frame.start, frame.packed)?;
    let content = Decompressor::new().ok()?.decompress(&packed, frame.size).ok()?;
    (content.len() == frame.size).then_some(content)
}

/// The format's numbers have 32 bits; frames are far below that.
fn number(value: usize) -> [u8; 4] {
    u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes()
}

fn read_number(bytes: &[u8]) -> Option<usize> {
    let four: [u8; 4] = bytes.get(..4)?.try_into().ok()?;
    usize::try_from(u32::from_le_bytes(four)).ok()
}

fn failed(cause: &io::Error) -> Error {
    Error::io("write", std::path::Path::new("the archive"), cause)
}
