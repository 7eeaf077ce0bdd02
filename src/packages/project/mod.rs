//! Files in which projects say what they need, read as data: nothing of a project is run, and nothing in a file becomes an
//! option of a tool. Pure.

pub(crate) mod conda_lock;
pub(crate) mod environment;
pub(crate) mod kind;
pub(crate) mod names;
pub(crate) mod pixi_lock;
pub(crate) mod pylock;
pub(crate) mod pyproject;
pub(crate) mod python;
pub(crate) mod rewrite;
pub(crate) mod script;
pub(crate) mod uv_lock;
pub(crate) mod wanted;

use std::path::Path;

use self::kind::ProjectFile;
pub(crate) use self::wanted::{Parts, Wanted};
use super::requirements::decoded;
use crate::error::{Error, Result};
use crate::foreign::format::instead_of_export;

/// What the file `path`, absolute and with these bytes, asks for.
pub(crate) fn read(path: &Path, bytes: &[u8], parts: &Parts) -> Result<Wanted> {
    let sort = kind::kind(path, bytes)?;
    if !parts.is_empty() && !matches!(sort, ProjectFile::Pyproject | ProjectFile::UvLock) {
        return Err(Error::new("only a pyproject.toml and a uv.lock have extras and groups")
            .hint("leave --extra and --group out"));
    }
    let (text, dir) = (decoded(bytes), path.parent().unwrap_or(Path::new("/")));
    let wanted = match sort {
        ProjectFile::Export => Err(Error::new("it describes a whole env of mlenv")
            .hint("`mlenv create -n NAME -f FILE` makes that env again")),
        ProjectFile::Unknown => {
            let (what, cure) = instead_of_export(bytes);
            Err(Error::new(what).hint(cure))
        }
        ProjectFile::Pylock => pylock::read(&text, dir),
        ProjectFile::UvLock => uv_lock::read(&text, dir, parts),
        ProjectFile::Pyproject => pyproject::read(&text, dir, parts),
        ProjectFile::CondaLock => conda_lock::read(&text),
        ProjectFile::PixiLock => pixi_lock::read(&text),
        ProjectFile::Environment => environment::read(&text, dir),
        ProjectFile::Script => script::read(&text),
        ProjectFile::Requirements => {
            Ok(Wanted { files: vec![path.to_owned()], ..Wanted::default() })
        }
    }?;
    let wanted = Wanted { from: path.to_owned(), ..wanted };
    wanted.check().map(|()| wanted)
}
