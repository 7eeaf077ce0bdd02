//! The only place where processes start. Argument vectors, never shell text.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::error::{Attempt, Error, Result};
use crate::text::Shown;

/// Runs a program and returns what it wrote to stdout; its stderr is kept for the error.
#[expect(clippy::disallowed_methods, reason = "the one place that starts processes")]
pub(crate) fn output(program: &Path, arguments: &[&OsStr]) -> Result<Vec<u8>> {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .attempt("start", program)?;
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
