//! Starts a program or two of a base by two paths, without any activation: what works from both works from any.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::base::{Base, fits_pyvenv};
use crate::env::script::{self, Program};
use crate::env::stage::Stage;
use crate::error::{Attempt, Result};
use crate::foreign;
use crate::plan::Vars;
use crate::process::{Command, Words};
use crate::text::PathText;

/// Scripts that most bases have and that start quickly.
const SCRIPTS: [&str; 4] = ["pip", "wheel", "jupyter", "f2py"];

/// What one start showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Start {
    /// The program, by the path that it was started by.
    pub(crate) program: PathText,
    /// True where it ran, and ran the Python of this base.
    pub(crate) works: bool,
    /// What it printed, or why it did not start.
    pub(crate) said: String,
}

/// Starts the base's Python, and a script, from the base's own path and from another one that leads there.
/// The other one is made in `temporary`.
pub(crate) fn starts(base: &Base, temporary: &Path) -> Result<Vec<Start>> {
    let other = Stage::new(temporary)?;
    let name = Path::new("second path");
    let second = other.path().join(name);
    other.root().link(name, &base.prefix).attempt("link", &second)?;
    let vars = Vars::from([
        (OsString::from("PATH"), OsString::from("/usr/bin:/bin")),
        ("HOME".into(), other.path().into()),
        ("LC_ALL".into(), "C.UTF-8".into()),
    ]);
    let mut found = Vec::new();
    // Python cuts its own path at a `:`, so that such a place can only be used by another path, as envs do.
    let places = [base.prefix.clone(), second].into_iter().filter(|place| fits_pyvenv(place));
    for place in places {
        found.push(python(&place, base, &vars));
        let script = SCRIPTS.iter().find(|name| is_script(&place.join("bin").join(name)));
        found.extend(script.map(|name| self::script(place.join("bin").join(name), &vars)));
    }
    Ok(found)
}

fn is_script(path: &Path) -> bool {
    let text = foreign::read(path, foreign::FileKind::Script).unwrap_or_default();
    matches!(script::classify(&text), Program::Python { .. } | Program::Beside)
}

/// Its library must be the base's, by whatever path.
fn python(place: &Path, base: &Base, vars: &Vars) -> Start {
    let program = place.join("bin/python3");
    let question = ["-I", "-c", "import sys, os; print(os.__file__)"].map(OsStr::new);
    let said = Command::new(&program).words(question).with(vars.clone()).output(Words::Kept);
    let is_own = |said: &str| {
        let library = PathBuf::from(said).canonicalize();
        library.is_ok_and(|library| library.starts_with(&base.prefix))
    };
    start(program, said, is_own)
}

fn script(program: PathBuf, vars: &Vars) -> Start {
    let said = Command::new(&program).word("--version").with(vars.clone()).output(Words::Kept);
    start(program, said, |_| true)
}

fn start(program: PathBuf, said: Result<Vec<u8>>, is_right: impl Fn(&str) -> bool) -> Start {
    let (works, said) = match said {
        Ok(out) => {
            let out = String::from_utf8_lossy(&out);
            let line = out.lines().next().unwrap_or_default().to_owned();
            (is_right(&line), line)
        }
        Err(error) => (false, error.to_string()),
    };
    Start { program: PathText(program), works, said: crate::text::shown(&said) }
}
