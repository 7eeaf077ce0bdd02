//! Views: links that stand for images and bases whose path holds a colon, which no colon list can hold. Images on
//! CVMFS are called `NAME:TAG`.
//!
//! A view is kept for good in the user's state directory. In a job that has no home that can be written to, it lies in
//! the job's scratch directory.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::config::Dirs;
use crate::error::{Error, Result};
use crate::ownership::Judge;
use crate::text::{Shown, hex};

/// A path to the same directory that colon lists can hold.
pub(super) fn without_colon(path: &Path, dirs: &Dirs) -> Result<PathBuf> {
    if is_listable(path) {
        return Ok(path.to_owned());
    }
    let hash = Sha256::digest(path.as_os_str().as_bytes());
    let mut failure = refusal(path, &places(dirs)[0]);
    for views in places(dirs).iter().filter(|views| is_listable(views)) {
        if let Err(cause) = crate::fs::make_dirs(views, 0o700) {
            failure = Error::io("make", views, &cause);
            continue;
        }
        Judge::new().make_own_dir(views)?; // what others can change is said, not passed over
        let link = views.join(hex(&hash[..8]));
        if std::fs::read_link(&link).is_ok_and(|target| target == path) {
            return Ok(link);
        }
        match crate::fs::replace_link(path, &link) {
            Ok(()) => return Ok(link),
            Err(cause) => failure = Error::io("make", &link, &cause),
        }
    }
    Err(failure)
}

/// The path that a view stands for; any other path is its own.
pub(super) fn named(path: &Path, dirs: &Dirs) -> PathBuf {
    let is_view = places(dirs).iter().any(|views| path.parent() == Some(views));
    let target = is_view.then(|| std::fs::read_link(path).ok()).flatten();
    target.unwrap_or_else(|| path.to_owned())
}

fn places(dirs: &Dirs) -> [PathBuf; 2] {
    [&dirs.state, &dirs.scratch].map(|dir| dir.join("views"))
}

fn is_listable(path: &Path) -> bool {
    !path.as_os_str().as_bytes().iter().any(|byte| matches!(byte, b':' | b'\n'))
}

fn refusal(path: &Path, views: &Path) -> Error {
    Error::new(format!("cannot activate {}: there is a `:` in it", Shown(path))).hint(format!(
        "set XDG_STATE_HOME to a directory without `:`; {} has one too",
        Shown(views)
    ))
}
