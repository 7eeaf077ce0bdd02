//! Values in the session's text: every byte outside `[A-Za-z0-9_./+@,-]` as `%XX`.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// Writes a value so that spaces and colons are free to separate.
pub(super) struct Encoded<'a>(pub(super) &'a OsStr);

impl fmt::Display for Encoded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // In runs: nearly all bytes are plain, and this is written at every activation.
        for run in self.0.as_bytes().chunk_by(|left, right| is_plain(*left) == is_plain(*right)) {
            match std::str::from_utf8(run) {
                Ok(plain) if is_plain(run[0]) => f.write_str(plain)?,
                _ => run.iter().try_for_each(|byte| write!(f, "%{byte:02X}"))?,
            }
        }
        Ok(())
    }
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_./+@,-".contains(&byte)
}

/// Decodes strictly: a byte that should have been encoded, half a code, or a NUL is not a value.
pub(super) fn decode(text: &str) -> Option<OsString> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'%' => hex(bytes.next()?)? * 16 + hex(bytes.next()?)?,
            plain if is_plain(plain) => plain,
            _ => return None,
        });
    }
    (!out.contains(&0)).then(|| OsString::from_vec(out))
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}
