//! Ids of containers and of directories.

use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::text::hex;

/// Sixteen digits that nothing else has: from the kernel, or where it gives none, from place, time and process.
pub(crate) fn fresh(dir: &Path) -> String {
    let mut bytes = [0; 8];
    #[expect(clippy::disallowed_methods, reason = "the kernel's own device, which never waits")]
    let random =
        std::fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes));
    if random.is_err() {
        let now = jiff::Timestamp::now().as_nanosecond();
        let hash = Sha256::new().chain_update(dir.as_os_str().as_bytes());
        let hash =
            hash.chain_update(now.to_le_bytes()).chain_update(std::process::id().to_le_bytes());
        bytes.copy_from_slice(&hash.finalize()[..8]);
    }
    hex(&bytes)
}

/// What stands for a directory's path where the path itself cannot stand.
pub(crate) fn of_place(dir: &Path) -> String {
    hex(&Sha256::digest(dir.as_os_str().as_bytes())[..8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ() {
        let root = tempfile::tempdir().unwrap();
        let (one, two) = (fresh(root.path()), fresh(root.path()));
        assert!(one != two && one.len() == 16);
        assert_eq!(of_place(root.path()), of_place(root.path()));
    }
}
