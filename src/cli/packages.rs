//! The arguments of the verbs that put packages on top of the base.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::an_env::AnEnv;
use super::kept::{BaseKept, Locked, Until};

/// The env whose packages are meant; `-p` and `-n` mean what they mean to conda clients.
#[derive(Debug, Default, Args)]
#[group(required = false, multiple = false)]
pub(crate) struct OfEnv {
    /// The env: a directory or a name [default: the active one, else that of the marker here or above]
    #[arg(short = 'p', long = "prefix", value_name = "ENV")]
    pub(crate) env: Option<OsString>,
    /// The env by its name
    #[arg(short, long, value_name = "NAME")]
    pub(crate) name: Option<OsString>,
}

/// How a verb goes about changing packages.
#[derive(Debug, Args)]
pub(crate) struct Manner {
    /// Only say what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Print what would be done as JSON
    #[arg(long, requires = "dry_run")]
    pub(crate) json: bool,
}

/// Files of a project, and which of its optional parts are meant.
#[derive(Debug, Default, Args)]
pub(crate) struct Asked {
    /// A project's file: environment.yml, pyproject.toml, a lock (pylock.toml, uv.lock, conda-lock.yml, pixi.lock), requirements,
    /// or a script with a block of its own
    #[arg(short, long = "file", value_name = "FILE", group = "what")]
    #[arg(conflicts_with_all = ["packages", "requirements", "editable", "pip", "conda", "reinstall"])]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) parts: PartsOf,
    #[command(flatten)]
    pub(crate) kept: BaseKept,
}

/// Optional parts of a project.
#[derive(Debug, Default, Args)]
pub(crate) struct PartsOf {
    /// An extra of the pyproject.toml too
    #[arg(long = "extra", value_name = "NAME")]
    pub(crate) extras: Vec<String>,
    /// A dependency group of the pyproject.toml too
    #[arg(long = "group", value_name = "NAME")]
    pub(crate) groups: Vec<String>,
}

/// Put packages into an env, on top of its base
///
/// On a conda base they come from conda channels, and no conda client is needed. Elsewhere pip installs them, with uv's help
/// if uv is installed. You are first shown what will be added, and which packages of the base it would shadow. Packages of
/// the base are pinned: one is replaced only after `mlenv unpin`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv install cowsay humanize            into the active env
  mlenv install -p myEnv 'uproot>=5' --pip
  mlenv install -n tune xgboost            into an env by its name
  mlenv install -c conda-forge root_numpy
  mlenv install -r requirements.txt        with pip, as -e and paths
  mlenv install -f environment.yml         what a project's file asks for, and the base lacks
  mlenv install -e ./mypackage
  mlenv install --dry-run numpy            only say what would be done
  mlenv install --pip torch -- --index-url https://example.org/simple   further arguments are for pip")]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true))]
#[expect(clippy::struct_excessive_bools, reason = "flags, each on its own")]
pub(crate) struct Install {
    #[command(flatten)]
    pub(crate) of: OfEnv,
    /// Packages, with versions as the tool writes them
    #[arg(value_name = "PACKAGE", group = "what")]
    pub(crate) packages: Vec<String>,
    /// A file with pip's requirements, or a list of conda packages (`conda list --explicit`)
    #[arg(short, long = "requirement", value_name = "FILE", group = "what")]
    pub(crate) requirements: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) asked: Asked,
    /// A directory with a Python package, used in place
    #[arg(short, long, value_name = "DIR", group = "what")]
    pub(crate) editable: Vec<PathBuf>,
    /// A conda channel, before those of your settings
    #[arg(short, long, value_name = "CHANNEL", conflicts_with_all = ["requirements", "editable"])]
    pub(crate) channel: Vec<String>,
    /// With pip
    #[arg(long, conflicts_with_all = ["conda", "channel"])]
    pub(crate) pip: bool,
    /// From conda channels
    #[arg(long, conflicts_with_all = ["requirements", "editable"])]
    pub(crate) conda: bool,
    /// With this conda client, by its path or name, and not by mlenv itself; `auto` takes whichever is found
    #[arg(long, value_name = "CLIENT", conflicts_with_all = ["pip", "editable"])]
    pub(crate) client: Option<OsString>,
    #[command(flatten)]
    pub(crate) until: Until,
    /// Fetch nothing: with what was fetched before (not with pip)
    #[arg(long, conflicts_with_all = ["pip", "editable"])]
    pub(crate) offline: bool,
    /// Run the scripts that conda packages bring for after their installation; they may write anywhere
    #[arg(long, conflicts_with_all = ["pip", "editable"])]
    pub(crate) run_scripts: bool,
    /// Upgrade what is already installed (pip)
    #[arg(short = 'U', long)]
    pub(crate) upgrade: bool,
    /// Put packages of the env in place again, each from where it came, after another tool removed parts of them
    #[arg(long, conflicts_with_all = ["requirements", "editable", "upgrade", "channel", "pip", "conda", "rest"])]
    pub(crate) reinstall: bool,
    #[command(flatten)]
    pub(crate) manner: Manner,
    /// Further arguments for pip
    #[arg(last = true, value_name = "ARGUMENTS", conflicts_with = "conda")]
    pub(crate) rest: Vec<OsString>,
}

/// Remove packages from an env
///
/// Only what was added is removed; packages of the base stay, and one that was shadowed can be seen again, with its
/// programs. If a conda client installed the package, whatever in the env needs it is removed too.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  mlenv uninstall -p myEnv cowsay")]
pub(crate) struct Uninstall {
    #[command(flatten)]
    pub(crate) of: OfEnv,
    /// Packages
    #[arg(required = true, value_name = "PACKAGE")]
    pub(crate) packages: Vec<String>,
    /// Only what pip installed
    #[arg(long, conflicts_with = "conda")]
    pub(crate) pip: bool,
    /// Only what came from conda channels
    #[arg(long)]
    pub(crate) conda: bool,
    /// With this conda client, by its path or name, and not by mlenv itself; `auto` takes whichever is found
    #[arg(long, value_name = "CLIENT", conflicts_with = "pip")]
    pub(crate) client: Option<OsString>,
    #[command(flatten)]
    pub(crate) manner: Manner,
}

/// Bring an env to what its project's file asks for by now
///
/// What is lacking is installed, and what does not fit any more is replaced. What the file does not ask for any more is
/// named, and removed with `--prune`; what you installed yourself stays. Nothing is done where nothing changed. Without
/// -p and -n it is the env of the nearest trusted marker, else the active one.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv sync                       after the project's file changed
  mlenv sync --dry-run             only say what would be done
  mlenv sync --locked              exactly what pylock.mlenv.toml says
  mlenv sync -p myEnv -f environment.yml --prune")]
pub(crate) struct Sync {
    #[command(flatten)]
    pub(crate) of: OfEnv,
    /// The file [default: the one that the env was made from, else the project's]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) parts: PartsOf,
    #[command(flatten)]
    pub(crate) locked: Locked,
    #[command(flatten)]
    pub(crate) kept: BaseKept,
    /// Remove what the file asked for before and does not any more
    #[arg(long)]
    pub(crate) prune: bool,
    /// With this conda client, by its path or name, and not by mlenv itself; `auto` takes whichever is found
    #[arg(long, value_name = "CLIENT")]
    pub(crate) client: Option<OsString>,
    #[command(flatten)]
    pub(crate) until: Until,
    #[command(flatten)]
    pub(crate) manner: Manner,
}

/// Stop conda clients from replacing packages of the base again
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
/// its base. This lifts the pins of some. The base itself is never changed: a newer version goes into the env.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  mlenv unpin numpy && mlenv install numpy=2    a numpy other than the base's
  mlenv uninstall numpy                         the base's again, pinned as before")]
pub(crate) struct Unpin {
    #[command(flatten)]
    pub(crate) what: Pin,
}

/// Describe an env in one small file, from which it can be made again
///
/// The file names the base, what was asked for, and the exact versions of what was added. `mlenv create -n NAME -f FILE` makes
/// the env again, on the same base or on another one, and says what differs.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv export -o myEnv.toml
  mlenv create -n again -f myEnv.toml
  mlenv create -n newer -f myEnv.toml --base ml-2027")]
pub(crate) struct Export {
    #[command(flatten)]
    pub(crate) of: AnEnv,
    /// Write it to this file
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// Let packages in your user site (~/.local) be seen inside an env, or keep them out
///
/// They shadow the base's packages, differently for each user, so an env keeps them out unless it was made with
/// `--user-site`. Kernels have their own switch.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  mlenv user-site on myEnv")]
pub(crate) struct UserSite {
    /// Seen, or kept out
    #[arg(value_enum)]
    pub(crate) switch: Switch,
    #[command(flatten)]
    pub(crate) of: AnEnv,
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    On,
    Off,
}
