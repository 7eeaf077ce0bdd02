//! Programs that take this process's place, as plain data: what is to run, with which words and variables, where.
//!
//! `inside` makes the variables that an env gives a program, by the same plan as activation; `program` finds the
//! file; `clean` is a minimal environment to start from; `interactive` makes a shell of the user's. Nothing is
//! started here: `exec::replace` does. Whoever has to put another program in front, such as a container engine,
//! makes another `Launch` out of one.

mod clean;
mod inside;
mod interactive;
mod program;

use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::path::PathBuf;

pub(crate) use self::clean::minimal;
pub(crate) use self::inside::{Inside, inside, outside};
pub(crate) use self::interactive::{Interactive, interactive};

use crate::error::Result;
use crate::plan::Vars;

/// A program about to take this process's place.
#[derive(Debug)]
pub(crate) struct Launch {
    /// The file to run.
    pub(crate) program: PathBuf,
    /// Its words; the first is the name by which it is called.
    pub(crate) argv: Vec<OsString>,
    /// All of its variables.
    pub(crate) vars: Vars,
    /// Where it starts; `None` is here.
    pub(crate) dir: Option<PathBuf>,
    /// What it finds open besides our own descriptors.
    pub(crate) held: Vec<OwnedFd>,
}

/// A command line, its program found on the `PATH` of `vars`, as a shell would.
pub(crate) fn command(words: &[OsString], vars: Vars) -> Result<Launch> {
    let name = words.first().map_or(OsStr::new(""), OsString::as_os_str);
    let program = program::find(name, &vars)?;
    Ok(Launch { program, argv: words.to_vec(), vars, dir: None, held: Vec::new() })
}
