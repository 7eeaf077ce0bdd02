//! The variables that an env sets while it is active.

use std::ffi::OsString;

use clap::{Args, Subcommand};

use super::an_env::AnEnv;
use super::packages::OfEnv;

/// Variables that an env sets while it is active
///
/// Without a verb they are listed. With the hook a change to the active env takes effect in this shell at once.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv vars                              those of the env that is active, or of the project here
  mlenv vars set OMP_NUM_THREADS=4
  mlenv vars set -p myEnv DATA='/data/my runs'
  mlenv vars unset DATA")]
pub(crate) struct Vars {
    #[command(subcommand)]
    pub(crate) verb: Option<VarsVerb>,
    /// Print code that makes a change take effect, for this shell
    #[arg(long, value_name = "SHELL", hide = true)]
    pub(crate) shell: Option<OsString>,
    /// Print for the hook's own function
    #[arg(long, hide = true, requires = "shell")]
    pub(crate) hooked: bool,
}

/// What is done with them.
#[derive(Debug, Subcommand)]
pub(crate) enum VarsVerb {
    /// Set variables of an env
    #[command(
        after_help = "Example:\n  mlenv vars set -p myEnv OMP_NUM_THREADS=4 DATA='/data/my runs'"
    )]
    Set {
        #[command(flatten)]
        of: OfEnv,
        /// What to set
        #[arg(required = true, value_name = "NAME=VALUE")]
        vars: Vec<OsString>,
    },
    /// Remove variables from an env
    Unset {
        #[command(flatten)]
        of: OfEnv,
        /// What to remove
        #[arg(required = true, value_name = "NAME")]
        names: Vec<OsString>,
    },
    /// List the variables of an env
    List {
        #[command(flatten)]
        of: AnEnv,
        /// Print them as JSON
        #[arg(long)]
        json: bool,
    },
}
