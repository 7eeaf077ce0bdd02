//! The activation files that an env carries: they name its path, and follow it as long as nobody changed them.

use std::path::Path;

use super::change::Change;
use crate::env::record::Record;
use crate::env::skeleton;
use crate::error::Result;
use crate::foreign;

/// What has to be written anew in the directory `dir` when the env that `old` describes becomes the one of `new`.
pub(crate) fn changes(dir: &Path, old: &Record, new: &Record) -> Result<Vec<Change>> {
    let then = skeleton::activation(&old.prefix.0, old)?;
    let before = skeleton::old_activation(&old.prefix.0, old)?;
    let now = skeleton::activation(&new.prefix.0, new)?;
    let mut changes = Vec::new();
    for (((path, then), (_, before)), (_, now)) in then.into_iter().zip(before).zip(now) {
        let is_ours = |text: &Vec<u8>| *text != now && (*text == then || *text == before);
        if foreign::read(dir.join(&path), foreign::FileKind::Settings)
            .is_ok_and(|text| is_ours(&text))
        {
            changes.push(Change::rewrite(path, now));
        }
    }
    Ok(changes)
}
