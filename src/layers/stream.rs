//! A layer as it is read: unpacked on the way, and compared with the two digests that name it.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};
use crate::image::digest::Digest;
use crate::text::hex;

/// How a layer is packed, by its first bytes: media types are not always right.
const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// Reads on, and hashes and counts what it read.
struct Counted<R> {
    inner: R,
    hash: Sha256,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.hash.update(&buffer[..count]);
        Ok(count)
    }
}

/// Lets `take` read what the layer unpacks to, then compares the whole with `packed` and `unpacked`.
pub(super) fn read<T>(
    layer: impl Read,
    (packed, unpacked): (&Digest, &Digest),
    take: impl FnOnce(&mut dyn Read) -> Result<T>,
) -> Result<T> {
    let outer = Counted { inner: layer, hash: Sha256::new() };
    let mut outer = BufReader::with_capacity(1 << 18, outer);
    let head = outer.fill_buf().map_err(|cause| broken(&cause))?;
    let (gzip, zstd) = (head.starts_with(GZIP), head.starts_with(ZSTD));
    let (taken, found) = if gzip {
        through(MultiGzDecoder::new(&mut outer), take)?
    } else if zstd {
        let decoder = zstd::stream::read::Decoder::with_buffer(&mut outer);
        through(decoder.map_err(|cause| broken(&cause))?, take)?
    } else {
        through(&mut outer, take)?
    };
    io::copy(&mut outer, &mut io::sink()).map_err(|cause| broken(&cause))?;
    let whole = hex(&outer.into_inner().hash.finalize());
    check(packed, &whole)?;
    check(unpacked, &found)?;
    Ok(taken)
}

/// Reads to the end, whatever `take` left, and gives the hash.
fn through<T>(
    decoder: impl Read,
    take: impl FnOnce(&mut dyn Read) -> Result<T>,
) -> Result<(T, String)> {
    let mut counted = Counted { inner: decoder, hash: Sha256::new() };
    let taken = take(&mut counted)?;
    io::copy(&mut counted, &mut io::sink()).map_err(|cause| broken(&cause))?;
    Ok((taken, hex(&counted.hash.finalize())))
}

fn check(digest: &Digest, found: &str) -> Result<()> {
    // What is named by sha512 alone cannot be compared on the way; nobody publishes such layers.
    if digest.hex() == found || digest.to_string().starts_with("sha512:") {
        return Ok(());
    }
    Err(Error::new(format!("a layer is not what its digest says: {digest}"))
        .hint("it was damaged on the way: try again"))
}

fn broken(cause: &io::Error) -> Error {
    Error::new(format!("a layer ends early or is damaged: {cause}")).hint("try again")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_layer_is_read_however_it_is_packed_and_compared() {
        let text = b"some text ".repeat(500);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&text).unwrap();
        let packed =
            [gzip.finish().unwrap(), zstd::encode_all(&text[..], 1).unwrap(), text.clone()];
        for packed in packed {
            let (outer, inner) = (Digest::of(&packed), Digest::of(&text));
            let all = |from: &mut dyn Read| {
                let mut found = vec![0; 20];
                from.read_exact(&mut found).map_err(|cause| broken(&cause))?;
                Ok(found)
            };
            assert_eq!(read(&packed[..], (&outer, &inner), all).unwrap(), text[..20]);
            assert!(read(&packed[..], (&inner, &inner), all).is_err() || outer == inner);
            assert!(read(&packed[..], (&outer, &Digest::of(b"x")), all).is_err());
            assert!(read(&packed[..packed.len() - 1], (&outer, &inner), all).is_err());
        }
    }
}
