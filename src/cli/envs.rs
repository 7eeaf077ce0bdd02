//! The verbs that make, show and remove envs.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use crate::overlay::layout::Layout;

/// Make a new env on a base
///
/// The directory you are in gets a marker, `.mlenv.toml`, so that entering it activates the env; with the hook
/// in your shell the env is active at once. Without `--base` the base is, in this order: $MLENV_BASE, `base` in config.toml, the active conda prefix or
/// the base of the active env, and the `python3` on PATH.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv create -p myEnv                               on the default base, in ./myEnv
  mlenv create -n tune --base ml                      by name, on the known base `ml`
  mlenv create -p myEnv --base /cvmfs/.../ml-base:alma9   on an image directory")]
#[expect(clippy::struct_excessive_bools, reason = "flags, each on its own")]
pub(crate) struct Create {
    #[command(flatten)]
    pub(crate) place: Place,
    /// The base: a directory (prefix or image), a python executable, or a known base's name
    #[arg(short, long, value_name = "BASE")]
    pub(crate) base: Option<OsString>,
    /// Make an env again that `mlenv export` described, with what was added to it
    #[arg(long, value_name = "FILE")]
    pub(crate) from: Option<PathBuf>,
    /// What to link: `standard` for conda bases, `sparse` for any other, unless you say
    #[arg(long, value_enum)]
    pub(crate) layout: Option<Layout>,
    /// Refuse unless the base's Python is this version (3, 3.11 or 3.11.7)
    #[arg(long, value_name = "VERSION")]
    pub(crate) python: Option<String>,
    /// Let packages in your user site (~/.local) be seen inside the env
    #[arg(long)]
    pub(crate) user_site: bool,
    /// Replace an env that is already there (never something that is no env)
    #[arg(short, long)]
    pub(crate) force: bool,
    /// Look through the base anew instead of using its index
    #[arg(long)]
    pub(crate) reindex: bool,
    /// How many threads make links [default: by the file system]
    #[arg(long, value_name = "N", env = crate::config::THREADS, hide_env_values = true)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) threads: Option<u16>,
    /// Do not write the marker `.mlenv.toml` that makes this directory activate the env
    #[arg(long)]
    pub(crate) no_save: bool,
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

/// Where a new env goes.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Place {
    /// The env's directory
    #[arg(short, long, value_name = "DIR")]
    pub(crate) prefix: Option<PathBuf>,
    /// A name under the envs directory ($MLENV_ENVS, else ~/.local/share/mlenv/envs)
    #[arg(short, long, value_name = "NAME")]
    pub(crate) name: Option<OsString>,
}

/// List the envs that mlenv made for you
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Print them as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Show what an env is and what it stands on
#[derive(Debug, Args)]
pub(crate) struct Info {
    /// The env: a directory or a name [default: the active one]
    pub(crate) env: Option<OsString>,
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Remove an env
///
/// Only a directory that carries an env's record is removed. Links are removed, never followed.
#[derive(Debug, Args)]
pub(crate) struct Remove {
    /// The env: a directory or a name
    pub(crate) env: OsString,
}
