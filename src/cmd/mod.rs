//! One file per verb. A verb joins rooms, prints results to stdout and hands words to `ui`.

mod activate;
mod consent;
mod export;
mod hook;
mod save;
mod status;
mod vars;

use std::io::Write;

use crate::cli::Command;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::ui::Ui;

/// Runs one verb.
pub(crate) fn run(command: Command, host: &Host, ui: Ui) -> Result<()> {
    match command {
        Command::Hook(arguments) => hook::run(&arguments, host),
        Command::Save(arguments) => save::run(&arguments, host, ui),
        Command::Allow(arguments) => consent::allow(&arguments, host, ui),
        Command::Deny(arguments) => consent::deny(&arguments, host, ui),
        Command::Status(arguments) => status::run(&arguments, host),
        Command::Export(arguments) => export::run(&arguments, host, ui),
        Command::Activate(arguments) => activate::activate(&arguments, host, ui),
        Command::Deactivate(arguments) => activate::deactivate(&arguments, host, ui),
        Command::Vars(verb) => vars::run(&verb, host, ui),
        _ => Err(Error::new("not built yet")),
    }
}

/// Prints a result. A reader that went away (`mlenv list | head -1`) is no failure.
fn print(text: &str) -> Result<()> {
    print_bytes(text.as_bytes())
}

/// The same for text that holds any bytes.
fn print_bytes(text: &[u8]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let written = out.write_all(text).and_then(|()| out.flush());
    match written {
        Err(cause) if cause.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::new(format!("could not write the result: {cause}")))
        }
        _ => Ok(()),
    }
}
