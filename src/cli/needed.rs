//! The arguments of the verbs about who needs what.

use clap::Args;

use super::packages::{Manner, OfEnv};

/// Show who asks for a package: you, or which other packages, in env or base
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  mlenv why numpy")]
pub(crate) struct Why {
    #[command(flatten)]
    pub(crate) of: OfEnv,
    /// The package
    #[arg(value_name = "PACKAGE")]
    pub(crate) package: String,
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Remove packages of an env that nobody asked for and nothing needs any more
///
/// Only what lies in the env itself is looked at. What you asked for stays, through mlenv or with pip or a conda client by
/// hand, and so does whatever that needs.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  mlenv autoremove --dry-run\n  mlenv autoremove -p myEnv -y")]
pub(crate) struct Autoremove {
    #[command(flatten)]
    pub(crate) of: OfEnv,
    #[command(flatten)]
    pub(crate) manner: Manner,
}
