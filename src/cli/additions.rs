//! The arguments of the verbs that put packages on top of the base.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// The env whose packages are meant; `-p` and `-n` are what they are to conda clients.
#[derive(Debug, Default, Args)]
#[group(required = false, multiple = false)]
pub(crate) struct OfEnv {
    /// The env: a directory or a name [default: the active one]
    #[arg(short = 'p', long = "prefix", value_name = "ENV")]
    pub(crate) env: Option<OsString>,
    /// The env by its name
    #[arg(short, long, value_name = "NAME")]
    pub(crate) name: Option<OsString>,
}

/// How a verb goes about changing packages.
#[derive(Debug, Args)]
pub(crate) struct Manner {
    /// Only tell what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Print what would be done as JSON
    #[arg(long, requires = "dry_run")]
    pub(crate) json: bool,
}

/// Put packages into an env, on top of its base
///
/// On a conda base a conda client does it, where one is found: micromamba, mamba or conda of your settings, of the image,
/// of the base, or on PATH. Else it is pip, with uv's help where uv is there. First is shown what will come, and what of
/// the base it would shadow. Packages of the base are pinned: a conda client replaces one only after `mlenv unpin`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv install cowsay humanize            into the active env
  mlenv install -p myEnv 'uproot>=5' --pip
  mlenv install -n tune xgboost            into an env by its name
  mlenv install -c conda-forge root_numpy
  mlenv install -r requirements.txt        with pip, as -e and paths
  mlenv install -e ./mypackage
  mlenv install --dry-run numpy            only tell
  mlenv install --pip torch -- --index-url https://example.org/simple   further arguments are for pip")]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true))]
pub(crate) struct Install {
    #[command(flatten)]
    pub(crate) of: OfEnv,
    /// Packages, with versions as the tool writes them
    #[arg(value_name = "PACKAGE", group = "what")]
    pub(crate) packages: Vec<String>,
    /// A file with pip's requirements
    #[arg(short, long = "requirement", value_name = "FILE", group = "what")]
    pub(crate) requirements: Vec<PathBuf>,
    /// A directory with a Python package, used in place
    #[arg(short, long, value_name = "DIR", group = "what")]
    pub(crate) editable: Vec<PathBuf>,
    /// A conda channel besides those of your settings
    #[arg(short, long, value_name = "CHANNEL", conflicts_with_all = ["requirements", "editable"])]
    pub(crate) channel: Vec<String>,
    /// With pip
    #[arg(long, conflicts_with_all = ["conda", "channel"])]
    pub(crate) pip: bool,
    /// With a conda client
    #[arg(long, conflicts_with_all = ["requirements", "editable"])]
    pub(crate) conda: bool,
    /// Newer versions of what is there (pip)
    #[arg(short = 'U', long)]
    pub(crate) upgrade: bool,
    #[command(flatten)]
    pub(crate) manner: Manner,
    /// Further arguments for pip
    #[arg(last = true, value_name = "ARGUMENTS", conflicts_with = "conda")]
    pub(crate) rest: Vec<OsString>,
}

/// Take packages out of an env again
///
/// Only what was added goes; packages of the base stay, and one that was shadowed is seen again, with its programs. What
/// in the env needs the package goes with it, where a conda client put it there.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  mlenv uninstall -p myEnv cowsay")]
pub(crate) struct Uninstall {
    #[command(flatten)]
    pub(crate) of: OfEnv,
    /// Packages
    #[arg(required = true, value_name = "PACKAGE")]
    pub(crate) packages: Vec<String>,
    /// What pip put there
    #[arg(long, conflicts_with = "conda")]
    pub(crate) pip: bool,
    /// What a conda client put there
    #[arg(long)]
    pub(crate) conda: bool,
    #[command(flatten)]
    pub(crate) manner: Manner,
}

/// Let conda clients not replace packages of the base again
#[derive(Debug, Args)]
pub(crate) struct Pin {
    #[command(flatten)]
    pub(crate) of: OfEnv,
    /// Packages of the base
    #[arg(required = true, value_name = "PACKAGE")]
    pub(crate) packages: Vec<String>,
}

/// Let conda clients replace packages of the base in an env
///
/// Every package of the base is pinned to its version and build, so that an update does not turn an env into a copy of
/// its base. This lifts the pin of some. The base itself is never changed: a newer version lies in the env.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  mlenv unpin numpy && mlenv install numpy=2    another numpy than the base's
  mlenv uninstall numpy                         the base's again, pinned as before")]
pub(crate) struct Unpin {
    #[command(flatten)]
    pub(crate) what: Pin,
}

/// Describe an env in one small file, from which it can be made again
///
/// The file names the base, what was asked for, and the exact versions of what was added. `mlenv create --from FILE` makes
/// the env again, on the same base or on another one, and tells what differs.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv export -o myEnv.toml
  mlenv create -n again --from myEnv.toml
  mlenv create -n newer --from myEnv.toml --base ml-2027")]
pub(crate) struct Export {
    /// The env: a directory or a name [default: the active one]
    pub(crate) env: Option<OsString>,
    /// Write it to this file
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// Let packages in your user site (~/.local) be seen inside an env, or keep them out
///
/// They shadow the base's packages, differently for each user, so an env keeps them out unless it was made with
/// `--user-site`. Kernels have a switch of their own.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  mlenv user-site on myEnv")]
pub(crate) struct UserSite {
    /// Seen, or kept out
    #[arg(value_enum)]
    pub(crate) switch: Switch,
    /// The env: a directory or a name [default: the active one]
    pub(crate) env: Option<OsString>,
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    On,
    Off,
}
