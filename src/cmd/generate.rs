//! `mlenv completions`: text for packagers and rc files.

use super::print;
use crate::cli::{CompletionShell, Completions};
use crate::error::Result;

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
