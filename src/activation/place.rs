//! What a user's word names: an env, an image directory, or a base.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::activation::{IMAGE_TOP, view};
use crate::base::place::{self, By};
use crate::config::Dirs;
use crate::env::record::is_env;
use crate::env::{absent, registry};
use crate::error::{Error, Result};
use crate::host::Host;
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
    /// A prefix that is not an env of ours.
    Base(PathBuf),
}

impl Place {
    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Env(path) | Self::Image(path) | Self::Base(path) => path,
        }
    }

    /// What lies at `path`, if that is anything; what cannot be activated is refused, with the reason.
    pub(crate) fn at(path: PathBuf) -> Result<Option<Self>> {
        if is_env(&path) {
            return Ok(Some(Self::Env(path)));
        }
        let found = place::look(&path)?;
        Ok(found.map(|found| match found.by {
            By::Image => Self::Image(path),
            By::Prefix | By::Program => Self::Base(found.prefix),
        }))
    }
}

/// What `session` has active, by the name that the user gave it; `None` where that is gone.
pub(crate) fn active(session: &Session, dirs: &Dirs) -> Option<Place> {
    let top = session.vars.iter().find(|var| var.name.as_str() == IMAGE_TOP);
    let top = top.and_then(|var| var.new.as_deref().map(Path::new));
    Place::at(view::named(top.unwrap_or(&session.prefix), dirs)).ok().flatten()
}

/// Finds what `named` means: an env by its path or name, or else what `create --base` would take it for: a known base's
/// name, the image or base at that path, or last an image of the catalogue.
pub(crate) fn locate(named: &OsStr, host: &Host, dirs: &Dirs) -> Result<Place> {
    if let Some(env) = resolve::find_env(host, dirs, named)? {
        return Ok(Place::Env(env));
    }
    let path = match resolve::path(host, dirs, named)? {
        Some(named) => named.path,
        None => return Err(unknown(named)),
    };
    let place = Place::at(path.clone())?;
    if matches!(place, Some(Place::Base(_)))
        && registry::remembers(dirs, &path)
        && let Some(why) = absent::replaced(&path)
    {
        return Err(why);
    }
    place.ok_or_else(|| {
        Error::no(format!("{} is not an env, an image directory or a base", Shown(&path)))
            .hint("an env has mlenv.toml, an image directory opt/conda, a base bin/python3")
    })
}

fn unknown(named: &OsStr) -> Error {
    Error::no(format!("there is no env called `{}`", Shown(Path::new(named))))
        .hint("`mlenv list` shows your envs; a path needs a `/`")
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
            std::fs::write(file, crate::env::record::tests::SAMPLE).unwrap();
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
        let dirs = Dirs::new(&host);
        let find = |named: &str| locate(named.as_ref(), &host, &dirs);
        assert_eq!(find("named").unwrap(), Place::Env(at("envs/named")));
        assert_eq!(find("here").unwrap(), Place::Env(at("here")));
        assert_eq!(find("./image").unwrap(), Place::Image(at("image")));
        assert_eq!(find("image/opt/conda").unwrap(), Place::Base(at("image/opt/conda")));
        assert_eq!(find("venv").unwrap(), Place::Base(at("venv")));
        assert!(find("no").unwrap_err().to_string().contains("is not an env"));
        assert!(find("missing").unwrap_err().to_string().contains("no env called `missing`"));
    }
}
