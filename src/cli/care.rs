//! The arguments of the verbs that look after envs.

use std::ffi::OsString;

use clap::Args;

use super::envs::Place;
use crate::overlay::layout::Layout;

/// Find out what is wrong with an env, and mend it
///
/// Looks whether env and base are where they were and what they were, and whether everything that should be in
/// the env is there. Without `--fix` nothing is changed. Files that you or a package manager put into the env are
/// never touched, but for the paths in programs of an env that was moved. Ends with 1 while findings are left.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv doctor                             the active env
  mlenv doctor --fix myEnv                 mend what can be mended
  mlenv doctor myEnv --layout standard --fix   fill a sparse env, for a conda client or a compiler")]
pub(crate) struct Doctor {
    /// The env: a directory or a name [default: the active one]
    pub(crate) env: Option<OsString>,
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
/// Packages come from the base, from a conda client in the env, or from pip in the env. One that the env has of its
/// own shadows the base's. No process is started.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv packages                  the active env
  mlenv packages --added myEnv    only what was added to the base
  mlenv base packages ml          the packages of a base")]
pub(crate) struct Packages {
    /// The env: a directory or a name [default: the active one]
    pub(crate) env: Option<OsString>,
    /// Only what is in the env itself
    #[arg(long)]
    pub(crate) added: bool,
    /// Print them as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Move an env onto another base, keeping what was added to it
///
/// A new env is built aside and swapped in: until then, and on any failure, the env is as before. Packages that the
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
    /// The same base by its name or path, as it is today
    #[arg(long, group = "target")]
    pub(crate) update: bool,
    /// Install anew what was compiled for another Python
    #[arg(long)]
    pub(crate) reinstall: bool,
    /// Take out what the new base has too
    #[arg(long)]
    pub(crate) drop: bool,
}

/// Give an env another name or place
///
/// Programs, `pyvenv.cfg`, kernels and the record are written anew; links to the base are not, as they are relative.
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

/// Take away what mlenv left outside of envs and needs no more
///
/// Indexes of bases that no env stands on and that have no name, unfinished envs of processes that were killed, and
/// memories of envs that are gone. Bases are never touched, envs only with `--envs`, and what is only out of reach is kept.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv prune --dry-run          only tell what would go
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
    /// Remove nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print what goes as JSON
    #[arg(long)]
    pub(crate) json: bool,
}
