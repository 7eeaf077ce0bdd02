//! Lists of packages as they lie in channels that are directories, and in the cache.

use std::io::Read;
use std::path::Path;

use crate::error::{Attempt, Error, Result};
use crate::foreign::{self, FileKind};
use crate::text::{Shown, shown};

/// Most bytes of what a channel says that it has, once it is unpacked.
const UNPACKED: u64 = 4 << 30;

/// What a channel that is a directory says. One without a list for a kind of machine has nothing for it.
pub(super) fn of_dir(dir: &Path) -> Result<Option<Vec<u8>>> {
    let packed = dir.join("repodata.json.zst");
    if let Some(bytes) = foreign::read_if_there(&packed, FileKind::Repodata)? {
        return unpacked(&bytes, &Shown(dir).to_string()).map(Some);
    }
    foreign::read_if_there(&dir.join("repodata.json"), FileKind::Repodata)
}

/// What the cache has.
pub(super) fn kept(file: &Path) -> Result<Vec<u8>> {
    foreign::read(file, FileKind::Repodata).attempt("read", file)
}

/// Unpacks a list; `of` is for messages.
pub(super) fn unpacked(bytes: &[u8], of: &str) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    let decoder = zstd::Decoder::new(bytes);
    let read = decoder.and_then(|decoder| decoder.take(UNPACKED + 1).read_to_end(&mut text));
    match read {
        Ok(_) if text.len() as u64 <= UNPACKED => Ok(text),
        Ok(_) => Err(Error::new(format!("the list of packages of {} is too large", shown(of)))),
        Err(cause) => Err(Error::new(format!(
            "could not unpack the list of packages of {}: {cause}",
            shown(of)
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_would_fill_the_memory_is_refused() {
        assert_eq!(unpacked(&zstd::encode_all(&b"{}"[..], 1).unwrap(), "x").unwrap(), b"{}");
        assert!(unpacked(b"nothing", "x").is_err());
    }
}
