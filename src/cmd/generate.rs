//! `mlenv completions` and `mlenv man`: text made from the command line's own types, so that it cannot differ.

use clap::CommandFactory;
use clap_complete::Shell;

use super::print;
use crate::cli::{Arguments, CompletionShell, Completions};
use crate::error::{Error, Result};

pub(super) fn completions(arguments: &Completions) -> Result<()> {
    let shell = match arguments.shell {
        CompletionShell::Bash => Shell::Bash,
        CompletionShell::Zsh => Shell::Zsh,
        CompletionShell::Fish => Shell::Fish,
    };
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "mlenv", &mut text);
    print(text)
}

pub(super) fn man() -> Result<()> {
    let mut text = Vec::new();
    let written = clap_mangen::Man::new(Arguments::command()).render(&mut text);
    written.map_err(|cause| Error::new(format!("could not write the manual page: {cause}")))?;
    print(text)
}
