//! A directory that was to be an env and has no record: what it is instead, and who made that of it.

use std::io::ErrorKind;
use std::path::Path;

use super::content::BASE_LINK;
use super::pyvenv;
use super::record::FILE;
use crate::error::Error;
use crate::foreign;
use crate::hint::command;
use crate::text::Shown;

/// Why there is no env at `path`.
pub(crate) fn refusal(path: &Path) -> Error {
    if let Some(denied) = denied(path) {
        return denied;
    }
    if let Some(replaced) = replaced(path) {
        return replaced;
    }
    let what = if path.exists() { "is not an env: it has no mlenv.toml" } else { "does not exist" };
    Error::no(format!("{} {what}", Shown(path))).hint("`mlenv list` shows your envs")
}

/// What may not be looked into is not the same as what is not there.
pub(crate) fn denied(path: &Path) -> Option<Error> {
    match path.join(FILE).metadata() {
        Err(cause) if cause.kind() == ErrorKind::PermissionDenied => {
            Some(Error::io("read", &path.join(FILE), &cause))
        }
        _ => None,
    }
}

/// The sentence about an environment of another tool, which deletes whatever was there before it.
pub(crate) fn replaced(path: &Path) -> Option<Error> {
    if path.join(FILE).exists() || path.join(BASE_LINK).symlink_metadata().is_ok() {
        return None;
    }
    let what = maker(path)?;
    let shown = Shown(path);
    Some(
        Error::no(format!(
            "{shown} is not an env of mlenv: {what} there, in place of what was there before"
        ))
        .hint(format!(
            "remove it, then make the env again: {}; what was installed in it is gone",
            command("mlenv create -p {}", &[&path])
        )),
    )
}

/// Each tool leaves its name in what it makes.
fn maker(path: &Path) -> Option<&'static str> {
    if path.join("conda-meta/history").is_file() {
        return Some("a conda client made an environment");
    }
    let text = foreign::read(path.join(pyvenv::FILE), foreign::FileKind::Note).ok()?;
    let has = |key: &[u8]| pyvenv::value(&text, key).is_some();
    Some(if has(b"uv") {
        "uv made a venv"
    } else if has(b"virtualenv") {
        "virtualenv made a venv"
    } else if has(b"command") {
        "`python -m venv` made a venv" // it tells its command since 3.11
    } else {
        "another tool made a venv"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_maker_is_known_by_what_it_leaves() {
        let root = tempfile::tempdir().unwrap();
        let says = |text: &str| {
            crate::fs::write_atomic(&root.path().join(pyvenv::FILE), text.as_bytes()).unwrap();
            replaced(root.path()).unwrap().to_string()
        };
        assert!(replaced(root.path()).is_none());
        assert!(says("home = /x\nuv = 0.9.1\n").contains("uv made a venv"));
        assert!(says("home = /x\nvirtualenv = 20\n").contains("virtualenv made"));
        assert!(says("home = /x\ncommand = /x -m venv y\n").contains("-m venv"));
        assert!(says("home = /x\n").contains("another tool"));
        crate::fs::make_link(Path::new("/b"), &root.path().join(BASE_LINK)).unwrap();
        assert!(replaced(root.path()).is_none(), "only its record is lost");
    }
}
