//! What a user's word names: an env, an image directory, or a base.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::activation::{IMAGE_TOP, view};
use crate::config::Dirs;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::overlay::record::is_env;
use crate::plan::session::Session;
use crate::resolve;
use crate::text::Shown;

/// What can be activated; absolute paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// An env: it carries a record.
    Env(PathBuf),
    /// An image directory: a base in `opt/conda`.
    Image(PathBuf),
    /// A prefix that is no env of ours.
    Base(PathBuf),
}

impl Place {
    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Env(path) | Self::Image(path) | Self::Base(path) => path,
        }
    }

    /// What lies at `path`, if it can be activated.
    pub(crate) fn at(path: PathBuf) -> Option<Self> {
        if is_env(&path) {
            Some(Self::Env(path))
        } else if path.join("opt/conda/conda-meta").is_dir() {
            Some(Self::Image(path))
        } else if path.join("conda-meta").is_dir() || path.join("bin/python3").is_file() {
            Some(Self::Base(path))
        } else {
            None
        }
    }
}

/// What `session` has active, by the name that the user gave it; `None` where that is gone.
pub(crate) fn active(session: &Session, dirs: &Dirs) -> Option<Place> {
    let top = session.vars.iter().find(|var| var.name.as_str() == IMAGE_TOP);
    let top = top.and_then(|var| var.new.as_deref().map(Path::new));
    Place::at(view::named(top.unwrap_or(&session.prefix), dirs))
}

/// Finds what `named` means: an env by its path or name, or else the image or base at that path, or last the base
/// or image with that name.
pub(crate) fn locate(named: &OsStr, host: &Host, dirs: &Dirs) -> Result<Place> {
    if let Some(env) = resolve::find_env(host, dirs, named)? {
        return Ok(Place::Env(env));
    }
    let is_name = !named.as_bytes().contains(&b'/') && named != "." && named != "..";
    let path = host.absolute(Path::new(named))?;
    if let Some(place) = Place::at(path.clone()) {
        return Ok(place);
    }
    let known = if is_name && !path.exists() { resolve::known(dirs, named)? } else { None };
    known.and_then(Place::at).ok_or_else(|| nothing_at(&path, is_name))
}

fn nothing_at(path: &Path, is_name: bool) -> Error {
    if is_name && !path.exists() {
        return Error::no(format!(
            "there is no env called `{}`",
            Shown(Path::new(path.file_name().unwrap_or_default()))
        ))
        .hint("`mlenv list` shows your envs; a path needs a `/`");
    }
    Error::no(format!("{} is no env, no image directory and no base", Shown(path)))
        .hint("an env has mlenv.toml, an image directory opt/conda, a base bin/python3")
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests build worlds of their own")]
mod tests {
    use super::*;

    #[test]
    fn names_paths_images_and_bases_are_told_apart() {
        let root = tempfile::tempdir().unwrap();
        let make = |file: &str| {
            let file = root.path().join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, crate::overlay::record::tests::SAMPLE).unwrap();
        };
        for file in [
            "envs/named/mlenv.toml",
            "here/mlenv.toml",
            "image/opt/conda/conda-meta/history",
            "venv/bin/python3",
            "no/x",
        ] {
            make(file);
        }
        let at = |dir: &str| root.path().join(dir);
        let envs = at("envs").into_os_string().into_string().unwrap();
        let host = Host::fake(&[("HOME", "/h"), ("MLENV_ENVS", &envs)], root.path());
        let dirs = Dirs::new(&host).unwrap();
        let find = |named: &str| locate(named.as_ref(), &host, &dirs);
        assert_eq!(find("named").unwrap(), Place::Env(at("envs/named")));
        assert_eq!(find("here").unwrap(), Place::Env(at("here")));
        assert_eq!(find("./image").unwrap(), Place::Image(at("image")));
        assert_eq!(find("image/opt/conda").unwrap(), Place::Base(at("image/opt/conda")));
        assert_eq!(find("venv").unwrap(), Place::Base(at("venv")));
        assert!(find("no").unwrap_err().to_string().contains("is no env"));
        assert!(find("missing").unwrap_err().to_string().contains("no env called `missing`"));
    }
}
