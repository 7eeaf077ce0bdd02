//! What an env can stand on: a conda prefix, an image directory that holds one, any Python prefix, `/usr`.
//!
//! Discovery reads files and starts Python at most once per base (`python.rs`). Nothing here writes to a base.

pub(crate) mod conda;
pub(crate) mod contents;
pub(crate) mod fingerprint;
mod inside;
pub(crate) mod installed;
pub(crate) mod known;
pub(crate) mod metadata;
pub(crate) mod place;
pub(crate) mod python;
pub(crate) mod system;

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::text::Shown;

pub(crate) use fingerprint::Fingerprint;
pub(crate) use inside::IN_IMAGE;
pub(crate) use python::Python;

/// What sort of prefix a base is; it decides the default layout and which variables an activation sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum BaseKind {
    /// Has `conda-meta/`.
    Conda,
    /// A self-contained Python: pyenv, uv, python-build-standalone, a build of one's own.
    Python,
    /// This machine's Python in `/usr`: nothing of its `bin` is linked.
    System,
}

impl BaseKind {
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Base {
    /// The prefix by the name the user gave: for display and updates. May hold a tag, a `:`, links.
    pub(crate) named: PathBuf,
    /// As `named`, with links resolved: what `baseEnv_dir` points to, so that a moved tag does not swap the
    /// software under a running env.
    pub(crate) prefix: PathBuf,
    /// What sort of prefix it is.
    pub(crate) kind: BaseKind,
    /// Its interpreter.
    pub(crate) python: Python,
    /// Its state, to see later whether it changed.
    pub(crate) fingerprint: Fingerprint,
    /// The image directory that it lies in, if it is known to lie in one.
    pub(crate) image: Option<PathBuf>,
}

impl Base {
    /// Looks at what `path` means: a prefix, an image directory, or a Python executable. `cache` remembers what a
    /// Python said about itself.
    pub(crate) fn open(path: &Path, cache: &Path) -> Result<Self> {
        let found = place::of(path)?;
        let base = Self::of_prefix(&found.prefix, cache)?;
        Ok(Self { image: found.image, ..base })
    }

    /// Its state today, with the Python that it had.
    pub(crate) fn fingerprint_now(&self) -> Result<Fingerprint> {
        Fingerprint::take(&self.prefix, self.kind, &self.python)
    }

    /// Looks at the prefix `named`, as an env's link to its base names one: what it means was decided when the env was
    /// made.
    pub(crate) fn of_prefix(named: &Path, cache: &Path) -> Result<Self> {
        let prefix = named.canonicalize().map_err(|cause| Error::io("resolve", named, &cause))?;
        if !place::has_python(&prefix) {
            return Err(place::lacking(named));
        }
        let kind = kind_of(&prefix);
        let python = match kind {
            BaseKind::Conda => Python::of_conda(&prefix),
            BaseKind::Python | BaseKind::System => Python::ask(&prefix, cache),
        }
        .and_then(|python| python.check().map(|()| python))
        .map_err(|error| error.during(format_args!("could not use {} as a base", Shown(named))))?;
        let fingerprint = Fingerprint::take(&prefix, kind, &python)?;
        let image = prefix.ancestors().nth(2).filter(|_| prefix.ends_with(IN_IMAGE));
        let image = image.map(Path::to_owned);
        Ok(Self { named: named.to_owned(), prefix, kind, python, fingerprint, image })
    }
}

fn kind_of(prefix: &Path) -> BaseKind {
    if prefix.join("conda-meta").is_dir() {
        BaseKind::Conda
    } else if prefix == Path::new("/usr") || prefix == Path::new("/") {
        BaseKind::System
    } else {
        BaseKind::Python
    }
}

/// True for a path that can stand in `pyvenv.cfg` as it is: one line of UTF-8, and no `:`, which would split
/// wherever Python code joins its paths (every CVMFS image has one in its name).
pub(crate) fn fits_pyvenv(path: &Path) -> bool {
    path.to_str().is_some()
        && !path.as_os_str().as_bytes().iter().any(|byte| matches!(byte, b':' | b'\n' | b'\r'))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A base of Python 3.12 that nobody looked at.
    pub(crate) fn at(prefix: &Path) -> Base {
        Base {
            image: None,
            named: prefix.to_owned(),
            prefix: prefix.to_owned(),
            kind: BaseKind::Python,
            python: Python {
                version: "3.12.1".into(),
                lib: "python3.12".into(),
                executable: "python3.12".into(),
                lib64: false,
            },
            fingerprint: Fingerprint::unknown(),
        }
    }
}
