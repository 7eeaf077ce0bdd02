//! What a project's sources import, as requirements.

use std::path::PathBuf;

use clap::Args;

use super::packages::OfEnv;

/// Print what a project's sources import, as requirements with versions
///
/// Python files and notebooks below the directory are parsed, not run. A module that the env or its base has becomes the package that brings
/// it, in the version that is there. `--freeze` takes a `pip freeze`, keeps of it what is imported, and turns places on a disk (`numpy @
/// file:///...`) into versions.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv requirements                             of the project here, by what its env has
  mlenv requirements src -o requirements.txt
  mlenv requirements --freeze frozen.txt
  mlenv requirements --check                     in CI: 1 where the project's file names less or more than is imported")]
pub(crate) struct Requirements {
    /// The project [default: this directory]
    pub(crate) dir: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) of: OfEnv,
    /// Keep what is imported of this output of `pip freeze`
    #[arg(long, value_name = "FILE")]
    pub(crate) freeze: Option<PathBuf>,
    /// Compare with the project's file; it ends with 1 where they differ
    #[arg(long, conflicts_with_all = ["freeze", "output"])]
    pub(crate) check: bool,
    /// The file to compare with [default: the project's own]
    #[arg(short, long, value_name = "FILE", requires = "check")]
    pub(crate) file: Option<PathBuf>,
    /// Write them to this file
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Print what was found as JSON
    #[arg(long)]
    pub(crate) json: bool,
}
