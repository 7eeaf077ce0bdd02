//! `mlenv completions` and `mlenv man`: text for packagers and rc files. The manual comes from the command line's own
//! types, so that it cannot differ from it.

use std::path::Path;

use clap::CommandFactory;
use clap_mangen::Man;

use super::print;
use crate::cli::{self, Arguments, CompletionShell, Completions};
use crate::context::Context;
use crate::error::{Attempt, Error, Result};

pub(super) fn completions(arguments: &Completions) -> Result<()> {
    print(completion(arguments.shell))
}

/// The script for a shell.
pub(super) fn completion(shell: CompletionShell) -> &'static str {
    match shell {
        CompletionShell::Bash => include_str!("../../completions/mlenv.bash"),
        CompletionShell::Zsh => include_str!("../../completions/_mlenv"),
        CompletionShell::Tcsh => include_str!("../../completions/mlenv.tcsh"),
        CompletionShell::Fish => include_str!("../../completions/mlenv.fish"),
    }
}

/// Prints the page about the program as a whole, or writes all pages where a directory is named.
pub(super) fn man(context: &Context, arguments: &cli::Man) -> Result<()> {
    match &arguments.to {
        Some(dir) => pages(context, dir),
        None => print(page(Arguments::command())?),
    }
}

/// Writes that page, and one for every verb, into `dir`: `mlenv.1`, `mlenv-create.1`, `mlenv-base-add.1`.
fn pages(context: &Context, dir: &Path) -> Result<()> {
    let dir = context.host.absolute(dir)?;
    crate::fs::make_dirs(&dir, 0o777).attempt("make", &dir)?;
    let mut command = Arguments::command();
    command.build(); // gives every verb its full name, such as `mlenv-base-add`
    write_pages(&command, &dir)
}

fn write_pages(command: &clap::Command, dir: &Path) -> Result<()> {
    let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
    let file = dir.join(format!("{name}.1"));
    crate::fs::write_atomic(&file, &page(command.clone())?).attempt("write", &file)?;
    let mut shown =
        command.get_subcommands().filter(|verb| !verb.is_hide_set() && verb.get_name() != "help");
    shown.try_for_each(|verb| write_pages(verb, dir))
}

fn page(command: clap::Command) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    let written = Man::new(command).render(&mut text);
    written.map_err(|cause| Error::new(format!("could not write the manual page: {cause}")))?;
    Ok(text)
}
