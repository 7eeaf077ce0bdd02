//! The arguments of `update` and `outdated`.

use std::ffi::OsString;

use clap::Args;

use super::kept::Until;
use super::packages::{Manner, OfEnv};

/// Move what was added to an env to the newest that fits
///
/// Only what was added to the env is moved, conda's packages and pip's, as far as what you asked for allows (`numpy<3` stays
/// below 3). Packages of the base stay as they are. What came from a directory or an address stays too.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv update                     all that was added
  mlenv update -n tune xgboost     just this, and what it needs for that
  mlenv update --dry-run           only say what would be done")]
pub(crate) struct UpdatePackages {
    #[command(flatten)]
    pub(crate) of: OfEnv,
    /// Packages of the env [default: all that were added]
    #[arg(value_name = "PACKAGE")]
    pub(crate) packages: Vec<String>,
    /// A conda channel, before those of your settings
    #[arg(short, long, value_name = "CHANNEL")]
    pub(crate) channel: Vec<String>,
    /// With this conda client, by its path or name, and not by mlenv itself; `auto` takes whichever is found
    #[arg(long, value_name = "CLIENT")]
    pub(crate) client: Option<OsString>,
    #[command(flatten)]
    pub(crate) until: Until,
    /// Fetch nothing: with what was fetched before (not with pip)
    #[arg(long)]
    pub(crate) offline: bool,
    #[command(flatten)]
    pub(crate) manner: Manner,
}

/// See what of an env could be newer
///
/// For each package that was added: its version, what `mlenv update` would put in its place, and, of conda's, whether there
/// is something newer that does not fit the base or what you asked for. Nothing is changed.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  mlenv outdated -n tune")]
pub(crate) struct Outdated {
    #[command(flatten)]
    pub(crate) of: OfEnv,
    /// Packages of the env [default: all that were added]
    #[arg(value_name = "PACKAGE")]
    pub(crate) packages: Vec<String>,
    /// A conda channel, before those of your settings
    #[arg(short, long, value_name = "CHANNEL")]
    pub(crate) channel: Vec<String>,
    #[command(flatten)]
    pub(crate) until: Until,
    /// Fetch nothing: with what was fetched before (not with pip)
    #[arg(long)]
    pub(crate) offline: bool,
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
}
