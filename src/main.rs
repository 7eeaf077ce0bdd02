//! `mlenv`: light, writable environments on big, shared, read-only software.
//!
//! This file only joins the parts: the world is read, the words are parsed, one verb runs, and a failure
//! becomes a sentence and an exit code. ARCHITECTURE.md tells where everything else is.

mod activation;
mod additions;
mod base;
mod care;
mod cli;
mod cmd;
mod config;
mod container;
mod elf;
mod error;
mod exec;
mod fitness;
mod fs;
mod host;
mod image;
mod kernel;
mod launch;
mod marker;
mod overlay;
mod parallel;
mod parcel;
mod plan;
mod resolve;
mod shell;
mod text;
mod trust;
mod ui;

use std::process::ExitCode;

use crate::host::Host;
use crate::ui::Ui;

fn main() -> ExitCode {
    let host = Host::from_process();
    let words: Vec<_> = std::env::args_os().collect();
    let arguments = match cli::parse(&words) {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    let ui = Ui::new(arguments.loudness(host.terminal), host.terminal);
    match cmd::run(arguments.command, &host, ui) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            ui.fail(&error);
            ExitCode::from(error.exit().code())
        }
    }
}
