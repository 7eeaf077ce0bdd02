//! gzip on all cores: members of one size, one behind the other, as the format allows and everything reads it. Their bounds
//! are always the same, so that the bytes are, however many cores there are.

use std::io::{self, Write};

use flate2::{Compression, GzBuilder};

use crate::parallel;

/// So much of the text is in a member: larger ones gain nothing (0.3 % at 50 MB), smaller ones lose.
const MEMBER: usize = 1 << 20;

/// So many members for each thread wait until all of them are packed.
const EACH: usize = 4;

/// A writer that packs what it gets, and writes it to another.
pub(super) struct Members<W> {
    out: W,
    text: Vec<u8>,
    /// Whether a member was written: nothing at all is a member, too.
    has_begun: bool,
}

impl<W: Write> Members<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, text: Vec::new(), has_begun: false }
    }

    /// Packs what is left.
    pub(super) fn finish(mut self) -> io::Result<W> {
        if !self.text.is_empty() || !self.has_begun {
            self.pack()?;
        }
        Ok(self.out)
    }

    fn pack(&mut self) -> io::Result<()> {
        let pieces: Vec<&[u8]> = match self.text.as_slice() {
            [] => vec![&[]],
            text => text.chunks(MEMBER).collect(),
        };
        let packed = parallel::map(parallel::for_cpu(), pieces.len(), |at| Ok(member(pieces[at])));
        for packed in packed.map_err(|error| io::Error::other(error.to_string()))? {
            self.out.write_all(&packed?)?;
        }
        self.text.clear();
        self.has_begun = true;
        Ok(())
    }
}

/// Without a time or a name in it.
fn member(text: &[u8]) -> io::Result<Vec<u8>> {
    let mut gzip = GzBuilder::new().mtime(0).write(Vec::new(), Compression::default());
    gzip.write_all(text)?;
    gzip.finish()
}

impl<W: Write> Write for Members<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = parallel::for_cpu() * EACH * MEMBER - self.text.len();
        let count = room.min(bytes.len());
        self.text.extend_from_slice(&bytes[..count]);
        if count == room {
            self.pack()?;
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::{GzDecoder, MultiGzDecoder};

    use super::*;

    fn packed(text: &[u8], step: usize) -> Vec<u8> {
        let mut members = Members::new(Vec::new());
        text.chunks(step.max(1)).for_each(|piece| members.write_all(piece).unwrap());
        members.finish().unwrap()
    }

    #[test]
    fn members_are_the_same_however_they_were_written_and_read_as_one() {
        let text: Vec<u8> = (0..1_125_000_u64).flat_map(|at| (at >> 5).to_le_bytes()).collect();
        let once = packed(&text, text.len());
        assert_eq!(packed(&text, 12_345), once);
        let mut read = Vec::new();
        MultiGzDecoder::new(&once[..]).read_to_end(&mut read).unwrap();
        assert!(read == text);
        let mut first = Vec::new();
        GzDecoder::new(&once[..]).read_to_end(&mut first).unwrap();
        assert_eq!(first.len(), MEMBER);
        MultiGzDecoder::new(&packed(b"", 1)[..]).read_to_end(&mut first).unwrap();
        assert_eq!(first.len(), MEMBER);
    }
}
