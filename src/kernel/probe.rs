//! Whether an env's Python finds a module, in the env or in what it stands on: the Python itself is asked, as it will
//! be started.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::hint::command;
use crate::text::Shown;

/// A module, and what brings it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Module {
    /// As it is imported.
    pub(crate) name: &'static str,
    /// The package to install.
    pub(crate) package: &'static str,
}

/// Prints the file of the module that is named, or nothing.
const PROGRAM: &str = "\
import importlib.util, os, sys
found = importlib.util.find_spec(sys.argv[1])
sys.stdout.buffer.write(os.fsencode(found.origin if found and found.origin else ''))";

/// The module's file. `ask` runs a command in `place` and gives what it printed.
pub(crate) fn probe(
    module: Module,
    place: &Path,
    ask: impl FnOnce(&[OsString]) -> Result<Vec<u8>>,
) -> Result<PathBuf> {
    let words = ["python3", "-I", "-c", PROGRAM, module.name].map(OsString::from);
    let told = ask(&words)
        .map_err(|error| error.during(format!("asking the Python of {}", Shown(place))))?;
    if told.is_empty() {
        return Err(Error::no(format!(
            "{} is installed neither in {} nor in what it stands on",
            module.package,
            Shown(place)
        ))
        .hint(format!(
            "{} installs it",
            command("mlenv install -p {} {}", &[&place, &module.package])
        )));
    }
    Ok(PathBuf::from(OsString::from_vec(told)))
}
