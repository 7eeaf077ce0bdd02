//! The activation files that an env carries: they name its path, and follow it as long as nobody changed them.

use std::path::Path;

use super::change::Change;
use crate::error::Result;
use crate::overlay::record::Record;
use crate::overlay::skeleton;

/// What has to be written anew in the directory `dir` when the env that `old` describes becomes the one of `new`.
pub(crate) fn changes(dir: &Path, old: &Record, new: &Record) -> Result<Vec<Change>> {
    let then = skeleton::activation(&old.prefix.0, old)?;
    let now = skeleton::activation(&new.prefix.0, new)?;
    let mut changes = Vec::new();
    for ((path, then), (_, now)) in then.into_iter().zip(now) {
        if then != now && std::fs::read(dir.join(&path)).is_ok_and(|text| text == then) {
            changes.push(Change::rewrite(path, now));
        }
    }
    Ok(changes)
}
