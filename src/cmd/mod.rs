//! One file per verb. A verb joins rooms, prints results to stdout and hands words to `ui`.

use std::io::Write;

use crate::cli::Command;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::ui::Ui;

/// Runs one verb.
pub(crate) fn run(command: Command, _host: &Host, _ui: Ui) -> Result<()> {
    match command {
        _ => Err(Error::new("not built yet")),
    }
}

/// Prints a result. A reader that went away (`mlenv list | head -1`) is no failure.
fn print(text: &str) -> Result<()> {
    let written = std::io::stdout().lock().write_all(text.as_bytes());
    match written {
        Err(cause) if cause.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::new(format!("could not write the result: {cause}")))
        }
        _ => Ok(()),
    }
}
