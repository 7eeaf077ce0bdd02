//! zstd frames that can be found one by one: the seekable format of the zstd project (its `contrib` directory
//! has the specification), a skippable frame at the end of the file with the sizes of all frames.

use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::CParameter;

use crate::error::{Error, Result};

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

/// Compresses frames one after the other.
pub(crate) struct Frames {
    compressor: Compressor<'static>,
    bytes: Vec<u8>,
    sizes: Vec<(usize, usize)>,
}

impl Frames {
    /// Frames carry a checksum, so that damage is found while decoding.
    pub(crate) fn new(level: i32) -> Result<Self> {
        let mut compressor = Compressor::new(level).map_err(failed)?;
        compressor.set_parameter(CParameter::ChecksumFlag(true)).map_err(failed)?;
        Ok(Self { compressor, bytes: Vec::new(), sizes: Vec::new() })
    }

    /// Adds one frame; nothing in, nothing added.
    pub(crate) fn push(&mut self, content: &[u8]) -> Result<()> {
        if content.is_empty() {
            return Ok(());
        }
        let packed = self.compressor.compress(content).map_err(failed)?;
        self.sizes.push((packed.len(), content.len()));
        self.bytes.extend_from_slice(&packed);
        Ok(())
    }

    /// Adds `about` as a skippable frame, then the seek table, and gives the whole file.
    pub(crate) fn finish(mut self, about: &[u8]) -> Vec<u8> {
        self.skippable(SKIPPABLE, about);
        self.sizes.push((about.len() + 8, 0));
        let mut table = Vec::with_capacity(self.sizes.len() * ENTRY_SIZE + FOOTER_SIZE);
        for (packed, size) in &self.sizes {
            table.extend_from_slice(&number(*packed));
            table.extend_from_slice(&number(*size));
        }
        table.extend_from_slice(&number(self.sizes.len()));
        table.push(0); // no checksums in the table: the frames have their own
        table.extend_from_slice(&FOOTER_MAGIC.to_le_bytes());
        self.skippable(SEEK_TABLE, &table);
        self.bytes
    }

    fn skippable(&mut self, magic: u32, content: &[u8]) {
        self.bytes.extend_from_slice(&magic.to_le_bytes());
        self.bytes.extend_from_slice(&number(content.len()));
        self.bytes.extend_from_slice(content);
    }
}

/// Finds the frames and the description. `None` where the table is missing, or does not cover the file exactly.
pub(crate) fn parse(bytes: &[u8]) -> Option<(Vec<Frame>, &[u8])> {
    let (rest, footer) = bytes.split_at_checked(bytes.len().checked_sub(FOOTER_SIZE)?)?;
    if footer[4] != 0 || footer[5..] != FOOTER_MAGIC.to_le_bytes() {
        return None;
    }
    let count = read_number(footer)?;
    let (rest, table) =
        rest.split_at_checked(rest.len().checked_sub(count.checked_mul(ENTRY_SIZE)?)?)?;
    let (rest, head) = rest.split_at_checked(rest.len().checked_sub(8)?)?;
    if head[..4] != SEEK_TABLE.to_le_bytes()
        || read_number(&head[4..])? != table.len() + FOOTER_SIZE
    {
        return None;
    }
    let mut frames = Vec::with_capacity(count);
    let mut start = 0_usize;
    for entry in table.chunks_exact(ENTRY_SIZE) {
        let (packed, size) = (read_number(entry)?, read_number(&entry[4..])?);
        frames.push(Frame { start, packed, size });
        start = start.checked_add(packed)?;
    }
    let last = frames.pop()?;
    let about = rest.get(last.start..)?;
    let magic = about.get(..4)? == SKIPPABLE.to_le_bytes();
    (magic && start == rest.len() && last.size == 0).then_some((frames, about.get(8..)?))
}

/// Decodes one frame of `parse`'s; `None` where it is damaged or claims more than `limit` bytes.
pub(crate) fn decode(bytes: &[u8], frame: Frame, limit: usize) -> Option<Vec<u8>> {
    let packed = bytes.get(frame.start..frame.start.checked_add(frame.packed)?)?;
    if frame.size > limit {
        return None;
    }
    let content = Decompressor::new().ok()?.decompress(packed, frame.size).ok()?;
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

#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` calls")]
fn failed(cause: std::io::Error) -> Error {
    Error::new(format!("could not compress the archive: {cause}"))
}
