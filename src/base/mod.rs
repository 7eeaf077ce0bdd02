//! What an env can stand on: a conda prefix, an image directory that holds one, any Python prefix, `/usr`.
//!
//! Discovery reads files and starts Python at most once per base (`python.rs`). Nothing here writes to a base.

pub(crate) mod conda;
pub(crate) mod fingerprint;
pub(crate) mod known;
pub(crate) mod python;

use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::text::Shown;

pub(crate) use fingerprint::Fingerprint;
pub(crate) use python::Python;

/// What sort of prefix a base is; it decides the default layout and which variables an activation sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// Has `conda-meta/`.
    Conda,
    /// A self-contained Python: pyenv, uv, python-build-standalone, a build of one's own.
    Python,
    /// This machine's Python in `/usr`: nothing of its `bin` is linked.
    System,
}

impl Kind {
    /// The word for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Conda => "conda",
            Self::Python => "python",
            Self::System => "system",
        }
    }
}

/// A base, looked at.
#[derive(Clone, Debug)]
pub(crate) struct Base {
    /// The prefix by the name the user gave: for display and updates. May hold a tag, a `:`, links.
    pub(crate) named: PathBuf,
    /// The same with links resolved: what `baseEnv_dir` points to, so that a moved tag does not swap the
    /// software under a running env.
    pub(crate) prefix: PathBuf,
    /// What sort of prefix it is.
    pub(crate) kind: Kind,
    /// Its interpreter.
    pub(crate) python: Python,
    /// Its state, to see later whether it changed.
    pub(crate) fingerprint: Fingerprint,
}

impl Base {
    /// Looks at the base at `path`: a prefix, an image directory, or a Python executable. `cache` remembers what
    /// a Python said about itself.
    pub(crate) fn open(path: &Path, cache: &Path) -> Result<Self> {
        let named = locate(path)?;
        let prefix = named.canonicalize().map_err(|cause| Error::io("resolve", &named, &cause))?;
        let kind = kind_of(&prefix);
        let python = match kind {
            Kind::Conda => Python::of_conda(&prefix),
            Kind::Python | Kind::System => Python::ask(&prefix, cache),
        }
        .map_err(|error| error.during(format_args!("could not use {} as a base", Shown(path))))?;
        let fingerprint = Fingerprint::take(&prefix, kind, &python)?;
        Ok(Self { named, prefix, kind, python, fingerprint })
    }
}

/// Finds the prefix that `path` means: itself, its `opt/conda`, or the one around an executable.
pub(crate) fn locate(path: &Path) -> Result<PathBuf> {
    let meta = path.metadata().map_err(|cause| {
        Error::io("look at the base", path, &cause)
            .hint("is its file system mounted? `mlenv base list` shows the known bases")
    })?;
    if meta.is_file() {
        return prefix_around(path);
    }
    let image = path.join("opt/conda");
    if !has_python(path) && image.join("conda-meta").is_dir() {
        return Ok(image);
    }
    if has_python(path) {
        return Ok(path.to_owned());
    }
    // What may not be looked into is not the same as what holds no Python.
    match path.join("bin/python3").metadata() {
        Err(cause) if cause.kind() != ErrorKind::NotFound => {
            return Err(Error::io("look at the base", path, &cause));
        }
        _ => {}
    }
    Err(Error::new(format!(
        "could not use {} as a base: there is no bin/python3 in it, and no opt/conda",
        Shown(path)
    ))
    .hint(
        "name a prefix (a directory with bin/python3) or an image directory that holds opt/conda",
    ))
}

fn has_python(prefix: &Path) -> bool {
    prefix.join("bin/python3").exists() || prefix.join("conda-meta").is_dir()
}

/// The prefix of an executable `PREFIX/bin/python3`, links resolved: `/usr/bin/python3` may well be one.
fn prefix_around(executable: &Path) -> Result<PathBuf> {
    let real =
        executable.canonicalize().map_err(|cause| Error::io("resolve", executable, &cause))?;
    let found = real.parent().filter(|dir| dir.ends_with("bin")).and_then(Path::parent);
    found.map(Path::to_owned).filter(|prefix| has_python(prefix)).ok_or_else(|| {
        Error::new(format!("could not find the Python prefix around {}", Shown(executable)))
            .hint("name the prefix itself, the directory above `bin`")
    })
}

fn kind_of(prefix: &Path) -> Kind {
    if prefix.join("conda-meta").is_dir() {
        Kind::Conda
    } else if prefix == Path::new("/usr") || prefix == Path::new("/") {
        Kind::System
    } else {
        Kind::Python
    }
}

/// True for a path that can stand in `pyvenv.cfg` as it is: one line of UTF-8, and no `:`, which would split
/// wherever Python code joins its paths (every CVMFS image has one in its name).
pub(crate) fn fits_pyvenv(path: &Path) -> bool {
    path.to_str().is_some()
        && !path.as_os_str().as_bytes().iter().any(|byte| matches!(byte, b':' | b'\n' | b'\r'))
}
