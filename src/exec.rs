//! The only place where processes start. Argument vectors, never shell text.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::error::{Attempt, Error, Result};
use crate::text::Shown;

/// Runs a program and returns what it wrote to stdout; its stderr is kept for the error.
pub(crate) fn output(program: &Path, arguments: &[&OsStr]) -> Result<Vec<u8>> {
    finish(program, command(program).args(arguments))
}

/// The same in a directory of choice.
pub(crate) fn output_in(dir: &Path, program: &Path, arguments: &[&OsStr]) -> Result<Vec<u8>> {
    finish(program, command(program).args(arguments).current_dir(dir))
}

/// The same with exactly the variables `vars` in the program's environment.
pub(crate) fn output_with(
    program: &Path,
    arguments: &[&OsStr],
    vars: &HashMap<OsString, OsString>,
) -> Result<Vec<u8>> {
    finish(program, command(program).args(arguments).env_clear().envs(vars))
}

#[expect(clippy::disallowed_methods, reason = "the one place that starts processes")]
fn command(program: &Path) -> Command {
    Command::new(program)
}

fn finish(program: &Path, command: &mut Command) -> Result<Vec<u8>> {
    let output = command.stdin(Stdio::null()).output().attempt("start", program)?;
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

/// Ends this process after so many seconds, whatever it waits for.
pub(crate) fn end_after(seconds: u32) {
    nix::unistd::alarm::set(seconds);
}
