//! The verbs that make, show and remove envs.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use super::an_env::AnEnv;
use super::kept::{BaseKept, Locked, Until};
use super::packages::PartsOf;
use crate::env::layout::Layout;

/// Make a new env on a base
///
/// In a project it is `./.venv`, and what the project's file asks for and the base lacks is installed: the file of
/// `mlenv export`, else pylock.toml, pyproject.toml, environment.yml or requirements.txt. `-f` chooses another; a name or a
/// place gives a bare env.
///
/// The directory you are in gets a marker, `.mlenv.toml`, so that entering it activates the env; with the hook
/// in your shell the env is active at once. Without `--base` the base is, in this order: $MLENV_BASE, `base` in config.toml, the active conda prefix or
/// the base of the active env, and the `python3` on PATH.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv create                                        in a project: ./.venv, with what its file asks for
  mlenv create -f environment.yml                     with what this file asks for
  mlenv create --locked                               with exactly what pylock.mlenv.toml says
  mlenv create -p myEnv                               on the default base, in ./myEnv
  mlenv create -n tune --base ml                      by name, on the known base `ml`
  mlenv create -p myEnv --base /cvmfs/.../ml-base:alma9   on an image directory")]
#[expect(clippy::struct_excessive_bools, reason = "flags, each on its own")]
pub(crate) struct Create {
    #[command(flatten)]
    pub(crate) place: NewPlace,
    /// The base: a directory (prefix or image), a python executable, or a known base's name
    #[arg(short, long, value_name = "BASE")]
    pub(crate) base: Option<OsString>,
    /// A project's file that says what to install, or one of `mlenv export` [default: the project's, where no place is named]
    #[arg(short, long, alias = "from", value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) parts: PartsOf,
    #[command(flatten)]
    pub(crate) locked: Locked,
    #[command(flatten)]
    pub(crate) kept: BaseKept,
    #[command(flatten)]
    pub(crate) until: Until,
    /// What to link: `standard` for conda bases, `sparse` for any other, unless you say
    #[arg(long, value_enum)]
    pub(crate) layout: Option<Layout>,
    /// A base with this Python (3, 3.11 or 3.11.7); one that --base names is refused if it has another
    #[arg(long, value_name = "VERSION")]
    pub(crate) python: Option<String>,
    /// Let packages in your user site (~/.local) be seen inside the env
    #[arg(long)]
    pub(crate) user_site: bool,
    /// Replace an env that is already there (never something that is not an env); it has to be named
    #[arg(long, requires = "NewPlace")]
    pub(crate) force: bool,
    /// Look through the base again instead of using its index
    #[arg(long)]
    pub(crate) reindex: bool,
    /// How many threads make links [default: `MLENV_THREADS`, or by the file system]
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) threads: Option<u16>,
    /// Do not write the marker `.mlenv.toml` that makes this directory activate the env
    #[arg(long)]
    pub(crate) no_save: bool,
    /// Trust the place although other users own or can change a directory above it
    #[arg(long)]
    pub(crate) shared: bool,
    /// Do not activate the env in this shell (which takes the hook)
    #[arg(long)]
    pub(crate) no_activate: bool,
    /// Print code that activates the env, for this shell
    #[arg(long, value_name = "SHELL", hide = true)]
    pub(crate) shell: Option<OsString>,
    /// Print for the hook's own function
    #[arg(long, hide = true, requires = "shell")]
    pub(crate) hooked: bool,
    /// Print what was made as JSON
    #[arg(long, conflicts_with = "shell")]
    pub(crate) json: bool,
}

/// Where a new env goes; nowhere named, it is the project's own.
#[derive(Debug, Args)]
#[group(required = false, multiple = false)]
pub(crate) struct NewPlace {
    /// The env's directory [default: what this project's marker names, else .venv here]
    pub(crate) dir: Option<PathBuf>,
    /// The same
    #[arg(short, long, value_name = "DIR")]
    pub(crate) prefix: Option<PathBuf>,
    /// A name under the envs directory ($MLENV_ENVS, otherwise ~/.local/share/mlenv/envs)
    #[arg(short, long, value_name = "NAME")]
    pub(crate) name: Option<OsString>,
}

/// Where a copy of an env goes.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Place {
    /// The env's directory
    #[arg(short, long, value_name = "DIR")]
    pub(crate) prefix: Option<PathBuf>,
    /// A name under the envs directory ($MLENV_ENVS, otherwise ~/.local/share/mlenv/envs)
    #[arg(short, long, value_name = "NAME")]
    pub(crate) name: Option<OsString>,
}

/// List the envs that mlenv made for you
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Show how much is in each, besides what its base has
    #[arg(long)]
    pub(crate) size: bool,
    /// Print them as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Show what an env is and what it stands on
#[derive(Debug, Args)]
pub(crate) struct Info {
    #[command(flatten)]
    pub(crate) of: AnEnv,
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Remove envs
///
/// Only a directory that carries an env's record is removed. Links are removed, never followed. On a terminal you are
/// shown what would be lost, and asked; elsewhere nothing is asked.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv remove tune               an env made by name
  mlenv remove -y ./myEnv ./old   two directories, without a question")]
pub(crate) struct Remove {
    /// The envs: directories or names
    #[arg(required = true, value_name = "ENV")]
    pub(crate) env: Vec<OsString>,
    /// Do not ask
    #[arg(short, long, visible_alias = "force", visible_short_alias = 'f')]
    pub(crate) yes: bool,
}
