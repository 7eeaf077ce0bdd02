//! Ids of containers, and whose a sandbox is.

use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::text::hex;

/// The file in a sandbox that says whose it is.
pub(crate) const OWNER: &str = ".mlenv-sandbox";

/// Sixteen digits that nothing else has: from the kernel, or where it gives none, from place, time and process.
pub(crate) fn fresh(dir: &Path) -> String {
    let mut bytes = [0; 8];
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

/// In front of the name of a container, or of a sandbox's owner, that is not the directory's yet.
pub(crate) const UNFINISHED: &str = "mlenv-new-";

/// The sandboxes in `dir` that never became the directory's, and those that were it before, by its id.
pub(crate) fn sandboxes(dir: &Path, id: Option<&str>) -> Vec<PathBuf> {
    let Ok(entries) = dir.read_dir() else { return Vec::new() };
    let is_ours = |path: &PathBuf| {
        std::fs::read_to_string(path.join(OWNER))
            .is_ok_and(|owner| owner.starts_with(UNFINISHED) || Some(owner.as_str()) == id)
    };
    entries.flatten().map(|entry| entry.path()).filter(is_ours).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_and_sandboxes_are_told_by_theirs() {
        let root = tempfile::tempdir().unwrap();
        let (one, two) = (fresh(root.path()), fresh(root.path()));
        assert!(one != two && one.len() == 16);
        let ours = root.path().join("ours");
        crate::fs::make_dirs(&ours, 0o755).unwrap();
        crate::fs::make_dirs(&root.path().join("other"), 0o755).unwrap();
        crate::fs::write_atomic(&ours.join(OWNER), one.as_bytes()).unwrap();
        assert_eq!(sandboxes(root.path(), Some(&one)), std::slice::from_ref(&ours));
        assert!(sandboxes(root.path(), Some(&two)).is_empty());
        assert!(sandboxes(root.path(), None).is_empty());
        crate::fs::write_atomic(&ours.join(OWNER), format!("{UNFINISHED}{two}").as_bytes())
            .unwrap();
        assert_eq!(sandboxes(root.path(), None), [ours]);
    }
}
