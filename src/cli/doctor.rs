//! The arguments of the verbs that look after envs.

use std::ffi::OsString;

use clap::Args;

use super::an_env::AnEnv;
use super::envs::Place;
use super::packages::OfEnv;
use crate::env::layout::Layout;

/// Find out what is wrong with an env, and mend it
///
/// Checks that env and base are where they were and what they were, and that everything that should be in the env
/// is there. Without `--fix` nothing is changed. Files that you or a package manager put into the env are never
/// touched, except for the paths in programs of an env that was moved. Ends with 1 while findings are left.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv doctor                             the active env
  mlenv doctor --fix myEnv                 mend what can be mended
  mlenv doctor myEnv --layout standard --fix   fill a sparse env, for a conda client or a compiler")]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) of: AnEnv,
    /// Mend what can be mended
    #[arg(long)]
    pub(crate) fix: bool,
    /// Look for everything that this layout has
    #[arg(long, value_enum)]
    pub(crate) layout: Option<Layout>,
    /// Print the findings as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// List the packages in an env: version, where it is from, what it shadows
///
/// Packages come from the base, from a conda client in the env, or from pip in the env. One that was installed in the
/// env shadows the base's. No process is started.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv packages                    the env that is active, or that of the project here
  mlenv packages numpy scipy        these alone
  mlenv packages -p myEnv --added   only what was added to the base
  mlenv base packages ml            the packages of a base")]
pub(crate) struct Packages {
    #[command(flatten)]
    pub(crate) of: OfEnv,
    /// Only these packages; one word that is an env's directory or name means that env
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<OsString>,
    /// Only what is in the env itself
    #[arg(long)]
    pub(crate) added: bool,
    /// Print them as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Move an env onto another base, keeping what was added to it
///
/// A new env is built beside it and swapped in: until then, and on any failure, the env stays as it was. Packages that the
/// new base has too are named, and so are compiled ones that need to be installed again for another Python.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv rebase myEnv --base ml-2025                      onto a known base, a prefix or an image directory
  mlenv rebase myEnv --update                            onto what the base's name or path stands for today")]
#[command(group = clap::ArgGroup::new("target").required(true))]
pub(crate) struct Rebase {
    /// The env: a directory or a name
    pub(crate) env: OsString,
    /// The new base: a directory or a known base's name
    #[arg(short, long, value_name = "BASE", group = "target")]
    pub(crate) base: Option<OsString>,
    /// The same base, as its name or path stands today
    #[arg(long, group = "target")]
    pub(crate) update: bool,
    /// Reinstall what was compiled for another Python
    #[arg(long)]
    pub(crate) reinstall: bool,
    /// Remove what the new base has too
    #[arg(long)]
    pub(crate) drop: bool,
}

/// Give an env another name or place
///
/// Programs, `pyvenv.cfg`, kernels and the record are rewritten; links to the base are not, as they are relative.
/// Markers that name the env by its old path have to be saved again.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv rename tune tune-2025          an env made by name
  mlenv rename ./myEnv ../other/myEnv  to another directory of the same file system")]
pub(crate) struct Rename {
    /// The env: a directory or a name
    pub(crate) env: OsString,
    /// A name in the same directory, or a path
    pub(crate) new: OsString,
}

/// Copy an env, with all that was installed in it
///
/// The copy stands on the same base and is complete, or is not there at all.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv clone tune -n tune-before-upgrade
  mlenv clone ./myEnv -p /scratch/myEnv")]
pub(crate) struct Clone {
    /// The env: a directory or a name
    pub(crate) env: OsString,
    #[command(flatten)]
    pub(crate) place: Place,
}

/// Remove what mlenv left outside of envs and no longer needs
///
/// Indexes of bases that no env stands on and that have no name, unfinished envs of processes that were killed, and
/// notes of envs that are gone. Bases are never touched, envs only with `--envs`, and what is merely out of reach is kept.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv prune --dry-run          only say what would be removed
  mlenv prune
  mlenv prune --envs --dry-run   which envs stand on a base that is gone")]
#[expect(clippy::struct_excessive_bools, reason = "flags, each on its own")]
pub(crate) struct Prune {
    /// Also envs whose base is gone for good, with all that was installed in them
    #[arg(long)]
    pub(crate) envs: bool,
    /// Also the cache of conda packages
    #[arg(long)]
    pub(crate) packages: bool,
    /// Do not ask before removing an env
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Remove nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print what is removed as JSON
    #[arg(long)]
    pub(crate) json: bool,
}
