//! A base's interpreter: found in files where they tell, else by asking it once and remembering the answer.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{conda, fits_pyvenv};
use crate::config::read_toml;
use crate::error::{Attempt, Error, Result};
use crate::foreign::{self, claim};
use crate::fs;
use crate::process::{Command, Words};
use crate::text::{Shown, hex, shown};

/// What an env must know about the interpreter it links.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Python {
    /// The full version: `3.11.7`.
    #[serde(deserialize_with = "claim::version")]
    pub(crate) version: String,
    /// The library directory's name: `python3.11`, or `python3.13t` where threads are free.
    #[serde(deserialize_with = "claim::python_lib")]
    pub(crate) lib: String,
    /// The executable's name in `bin`: `python3.11`.
    #[serde(deserialize_with = "claim::python_lib")]
    pub(crate) executable: String,
    /// True where compiled modules live in `lib64`: an env gets `lib64 -> lib` then, as `python -m venv` makes it.
    #[serde(default)]
    pub(crate) lib64: bool,
}

/// Where pip may lie: the usual place, Fedora's, and the two of Debian.
const PIP_PLACES: [&str; 4] = [
    "lib/{lib}/site-packages/pip",
    "lib64/{lib}/site-packages/pip",
    "lib/python3/dist-packages/pip",
    "local/lib/{lib}/dist-packages/pip",
];

impl Python {
    /// Reads the interpreter of a conda prefix from its records; no process is started.
    pub(crate) fn of_conda(prefix: &Path) -> Result<Self> {
        let packages = conda::packages(prefix)?;
        let record = packages.iter().find(|package| package.name == "python").ok_or_else(|| {
            Error::new("it has no Python: there is no record of it in conda-meta")
                .hint("install python in the base, or name another base")
        })?;
        let minor: Vec<&str> = record.version.splitn(3, '.').take(2).collect();
        let executable = format!("python{}", minor.join("."));
        let free_threaded = format!("{executable}t");
        let lib = if prefix.join("lib").join(&free_threaded).is_dir() {
            free_threaded
        } else {
            executable.clone()
        };
        for needed in [Path::new("bin").join(&executable), Path::new("lib").join(&lib)] {
            if !prefix.join(&needed).exists() {
                return Err(Error::new(format!(
                    "its records say Python {}, but {} is missing",
                    record.version,
                    needed.display()
                ))
                .hint("the base is damaged: ask whoever keeps it, or name another one"));
            }
        }
        Ok(Self { version: record.version.clone(), lib, executable, lib64: false })
    }

    /// Asks the interpreter of any other prefix; the answer is kept in `cache` under the executable's identity.
    pub(crate) fn ask(prefix: &Path, cache: &Path) -> Result<Self> {
        let program = prefix.join("bin/python3");
        let kept = answer_file(&program, cache)?;
        if let Ok(Some(python)) = read_toml::<Self>(&kept) {
            return Ok(python);
        }
        let answer = PythonAnswer::of_prefix(prefix)?;
        let python = answer.python()?;
        // Remembering is a convenience: a full or read-only home must not stop the work.
        if let (Ok(text), Some(dir)) = (toml::to_string(&python), kept.parent()) {
            let _ =
                fs::make_dirs(dir, 0o700).and_then(|()| fs::write_cache(&kept, text.as_bytes()));
        }
        Ok(python)
    }

    /// The prefix that a `python3` on PATH belongs to. An executable tells by its place, links resolved (those
    /// of a venv lead to what it stands on); only a script, such as pyenv's shims, is asked.
    pub(crate) fn prefix_of(program: &Path) -> Result<PathBuf> {
        let real = program.canonicalize().attempt("resolve", program)?;
        let around = real.parent().and_then(Path::parent);
        match around {
            Some(prefix) if is_executable(&real) && !prefix.join("pyvenv.cfg").exists() => {
                Ok(prefix.to_owned())
            }
            _ => Ok(PathBuf::from(PythonAnswer::of(program)?.base_prefix)),
        }
    }

    /// Fails where it is not what it is taken for: its names go into paths and into `pyvenv.cfg`.
    pub(super) fn check(&self) -> Result<()> {
        let fits = claim::is_version(&self.version)
            && claim::is_python_lib(&self.lib)
            && claim::is_python_lib(&self.executable);
        if fits {
            return Ok(());
        }
        let (version, lib) = (shown(&self.version), shown(&self.lib));
        Err(Error::new(format!("its Python calls itself {version}, and its library {lib}"))
            .hint("mlenv knows CPython, whose library is called as python3.11: name another base"))
    }

    /// True where pip can be imported from the base.
    pub(crate) fn has_pip(&self, prefix: &Path) -> bool {
        PIP_PLACES.iter().any(|place| prefix.join(place.replace("{lib}", &self.lib)).is_dir())
    }

    /// True where the user's `wanted` version (`3`, `3.11` or `3.11.7`) is a leading part of this one.
    pub(crate) fn is(&self, wanted: &str) -> bool {
        let mut have = self.version.split('.');
        wanted.split('.').all(|part| have.next() == Some(part))
    }
}

/// True for machine code, false for a script.
fn is_executable(program: &Path) -> bool {
    foreign::head(program, 4).is_ok_and(|magic| magic == b"\x7fELF")
}

/// What an interpreter says of itself.
struct PythonAnswer {
    version: String,
    base_prefix: OsString,
    stdlib: String,
    platlib: String,
}

/// NUL-separated, since a prefix may hold any other byte. `-I` keeps the user's variables and site out.
const QUESTION: &str = include_str!("../../shell/python/question.py");

impl PythonAnswer {
    fn of(program: &Path) -> Result<Self> {
        Self::parse(program, Command::new(program).words(Self::arguments()).output(Words::Kept))
    }

    /// Asks the interpreter of a prefix. Python cuts its own path at a `:` and does not start from there; through
    /// its working directory the same file has a path without one.
    fn of_prefix(prefix: &Path) -> Result<Self> {
        let program = prefix.join("bin/python3");
        if fits_pyvenv(prefix) {
            return Self::of(&program);
        }
        let by_cwd = Path::new("/proc/self/cwd/bin/python3");
        Self::parse(
            &program,
            Command::new(by_cwd).words(Self::arguments()).in_dir(prefix).output(Words::Kept),
        )
    }

    fn arguments() -> [&'static OsStr; 3] {
        ["-I", "-c", QUESTION].map(OsStr::new)
    }

    fn parse(program: &Path, output: Result<Vec<u8>>) -> Result<Self> {
        let output = output.map_err(|error| {
            error.hint("is that a working Python 3.8 or later? try it with `-c pass`")
        })?;
        let mut fields = output.split(|&byte| byte == 0).map(<[u8]>::to_vec);
        let mut next = || fields.next().map(OsString::from_vec);
        let text = |field: Option<OsString>| field.and_then(|field| field.into_string().ok());
        let (version, base_prefix) = (text(next()), next());
        match (version, base_prefix, text(next()), text(next())) {
            (Some(version), Some(base_prefix), Some(stdlib), Some(platlib)) => {
                Ok(Self { version, base_prefix, stdlib, platlib })
            }
            _ => Err(Error::new(format!(
                "could not understand what {} says about itself",
                Shown(program)
            ))),
        }
    }

    fn python(self) -> Result<Python> {
        let mut parts = self.version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
        let (major, minor) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
        if (major, minor) < (3, 8) {
            return Err(Error::new(format!(
                "its Python is {}; mlenv needs 3.8 or later",
                self.version
            ))
            .hint("name another base with --base"));
        }
        let executable = format!("python{major}.{minor}");
        Ok(Python {
            version: self.version,
            lib: self.stdlib,
            executable,
            lib64: self.platlib == "lib64",
        })
    }
}

/// The directory in `cache` that keeps what interpreters said.
pub(crate) fn memory(cache: &Path) -> PathBuf {
    cache.join("pythons")
}

/// The file with what the interpreter of `prefix` said, if it was ever asked.
pub(crate) fn remembered(prefix: &Path, cache: &Path) -> Option<PathBuf> {
    answer_file(&prefix.join("bin/python3"), cache).ok()
}

fn answer_file(program: &Path, cache: &Path) -> Result<PathBuf> {
    Ok(memory(cache).join(format!("{}.toml", identity(program)?)))
}

/// A name for this very executable file, by path, place on disk and time of change.
fn identity(program: &Path) -> Result<String> {
    let meta = program.metadata().attempt("look at", program)?;
    let mut hash = Sha256::new();
    hash.update(program.as_os_str().as_encoded_bytes());
    hash.update(format!(
        "\0{} {} {} {} {}",
        meta.dev(),
        meta.ino(),
        meta.size(),
        meta.mtime(),
        meta.mtime_nsec()
    ));
    Ok(hex(&hash.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_match_by_leading_parts() {
        let python = Python {
            version: "3.11.7".into(),
            lib: "python3.11".into(),
            executable: "python3.11".into(),
            lib64: false,
        };
        assert!(python.is("3") && python.is("3.11") && python.is("3.11.7"));
        assert!(
            !python.is("3.1") && !python.is("3.11.70") && !python.is("3.11.7.1") && !python.is("2")
        );
    }
}
