//! `mlenv`: light, writable environments on big, shared, read-only software.
//!
//! This file only joins the parts: the world is read, the words are parsed, one verb runs, and a failure
//! becomes a sentence and an exit code. ARCHITECTURE.md tells where everything else is.
//!
//! A library only for the program and for its tests: nothing in it is promised to others.

mod activation;
mod base;
mod cli;
mod cmd;
#[cfg(feature = "conda")]
mod conda;
mod config;
mod consent;
mod container;
mod context;
mod doctor;
mod elf;
mod engine;
mod env;
mod error;
mod finding;
mod foreign;
mod fs;
#[doc(hidden)]
pub mod fuzzing;
mod hint;
mod host;
mod http;
mod image;
mod kernel;
mod layers;
mod ownership;
mod pack;
mod packages;
mod parallel;
mod plan;
mod process;
mod relocate;
mod resolve;
mod shell;
mod specs;
mod text;
mod ui;

use std::process::ExitCode;

use crate::host::Host;
use crate::ui::Ui;

/// The whole program: what the process was started with becomes one verb, and how that ended its exit code.
pub fn run() -> ExitCode {
    if cfg!(debug_assertions) {
        hint::judged_by(cli::takes);
    }
    let host = Host::from_process();
    let words: Vec<_> = std::env::args_os().collect();
    let colours = config::colours(&host);
    let arguments = match cli::parse(&words, colours) {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    // What a hook says stands among a prompt's own colours, and is looked for as it is.
    let colours = !matches!(arguments.command, cli::Command::Answer(_)) && colours;
    let ui = Ui::new(arguments.loudness(host.terminal), host.terminal, colours);
    match cmd::run(arguments.command, words, &host, ui) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            ui.fail(&error);
            ExitCode::from(error.exit().code())
        }
    }
}
