//! The only place where processes start. Argument vectors, never shell text.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::error::{Attempt, Error, Result};
use crate::text::Shown;

/// Runs a program and returns what it wrote to stdout; its stderr is kept for the error.
pub(crate) fn output(program: &Path, arguments: &[&OsStr]) -> Result<Vec<u8>> {
    finish(program, command(program, arguments))
}

/// The same in a directory of choice.
pub(crate) fn output_in(dir: &Path, program: &Path, arguments: &[&OsStr]) -> Result<Vec<u8>> {
    let mut command = command(program, arguments);
    command.current_dir(dir);
    finish(program, command)
}

#[expect(clippy::disallowed_methods, reason = "the one place that starts processes")]
fn command(program: &Path, arguments: &[&OsStr]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    command
}

fn finish(program: &Path, mut command: Command) -> Result<Vec<u8>> {
    let output = command.output().attempt("start", program)?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let last = words.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("no message");
    Err(Error::new(format!(
        "{} failed ({}): {}",
        Shown(program),
        output.status,
        crate::text::shown(last)
    )))
}
