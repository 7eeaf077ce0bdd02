//! The arguments of `search`.

use std::ffi::OsString;

use clap::Args;

use super::kept::Until;
use super::packages::OfEnv;

/// See what conda channels have of a package, and what of it fits
///
/// For each version the build that fits best, its size, and whether it can be installed on top of what the env or the base
/// has, or what is in the way. Judged is against the env of -p or -n, the base of --base, else the active env, else the base
/// that `create` would take. Nothing is installed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv search libtorch
  mlenv search 'numpy>=2' --base ml        would it fit that base?
  mlenv search -c bioconda samtools --all  every build of every version
  mlenv search '*torch*'                   names like this")]
pub(crate) struct Search {
    /// A package, with versions as conda writes them, or a name with `*`
    #[arg(value_name = "PACKAGE")]
    pub(crate) package: String,
    #[command(flatten)]
    pub(crate) of: OfEnv,
    /// Judge by this base
    #[arg(short, long, value_name = "BASE", conflicts_with_all = ["env", "name"])]
    pub(crate) base: Option<OsString>,
    /// A conda channel, before those of your settings
    #[arg(short, long, value_name = "CHANNEL")]
    pub(crate) channel: Vec<String>,
    /// Every build of every version
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) until: Until,
    /// Fetch nothing: with what was fetched before
    #[arg(long)]
    pub(crate) offline: bool,
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
}
