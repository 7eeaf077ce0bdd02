//! `ENV/.gitignore`: a repository that an env lies in does not list its files. Whatever stands in such a file already stays.

use std::path::Path;

use crate::error::{Attempt, Result};
use crate::foreign::{self, FileKind};
use crate::fs::{How, Root};

/// The file's name.
pub(crate) const FILE: &str = ".gitignore";

/// Everything, this file too. As venv and uv write it.
const ALL: &[u8] = b"*\n";

/// Writes the file into the directory of an env, unless there is one.
pub(crate) fn add(root: &Root, env: &Path) -> Result<()> {
    root.write_if_free(Path::new(FILE), ALL, How::DATA).attempt("write", &env.join(FILE))
}

/// True where an env has the file as it was written: it belongs to the place, and does not travel.
pub(crate) fn is_as_written(env: &Path) -> bool {
    foreign::read(env.join(FILE), FileKind::Note).is_ok_and(|text| text == ALL)
}
