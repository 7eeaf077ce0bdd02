//! Which directories have a container: a link for each in the state directory, so that `container list` finds them.
//!
//! As with envs (`env/registry`), links hold any path, need no lock, and one that leads nowhere tells that it is over.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::config::Dirs;
use crate::container::state::FILE;
use crate::fs;
use crate::text::hex;

/// Remembers a directory. Failures are the caller's to mention: the container works without.
pub(crate) fn remember(dirs: &Dirs, dir: &Path) -> std::io::Result<()> {
    let place = place(dirs);
    let link = place.join(hex(&Sha256::digest(dir.as_os_str().as_encoded_bytes())[..16]));
    if std::fs::read_link(&link).is_ok_and(|known| known == dir) {
        return Ok(());
    }
    fs::make_dirs(&place, 0o700)?;
    fs::replace_link(dir, &link)
}

/// Every directory that has a container. Those that have none any more are forgotten; what is merely not mounted
/// today is not.
pub(crate) fn all(dirs: &Dirs) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for link in std::fs::read_dir(place(dirs)).into_iter().flatten().flatten() {
        let Ok(dir) = std::fs::read_link(link.path()) else { continue };
        if dir.join(FILE).symlink_metadata().is_ok() {
            found.insert(dir);
        } else if is_over(&dir) {
            let _ = fs::remove_file(&link.path());
        }
    }
    found
}

/// True where no container is and its directory, or the one above, can be looked at.
fn is_over(dir: &Path) -> bool {
    let missing = dir.join(FILE).symlink_metadata().map_err(|cause| cause.kind());
    matches!(missing, Err(ErrorKind::NotFound | ErrorKind::NotADirectory))
        && dir.parent().is_some_and(Path::is_dir)
}

fn place(dirs: &Dirs) -> PathBuf {
    dirs.state.join("containers")
}
