//! The verbs that start a program in an env.

use std::ffi::OsString;

use clap::Args;

/// Run a command in an env
///
/// No hook, no rc file, no HOME, no PATH and no terminal are needed: this is for scripts, batch jobs, cron and services.
/// The command takes mlenv's place, so signals and its exit code are its own. Nothing is locked or written, so any
/// number of tasks can start at once. Without -p or -n it runs in what is active, else in the env of the nearest
/// marker that you allowed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv run -p ./myEnv python train.py               an env by its path
  mlenv run -n tune -- pytest -x                     an env by its name
  mlenv run python -V                                what is active, or what the marker here says
  mlenv run -p /cvmfs/.../ml-base:alma9 -- root -b   an image or a base itself
  srun --export=NONE mlenv run -p ~/myEnv --clean python task.py

--clean keeps who and where you are (HOME, USER, TERM, LANG, LC_*, TZ, TMPDIR, proxies, credentials), what batch systems
tell a task (SLURM_*, _CONDOR_*, PBS_*, LSB_*, PMI_*, PMIX_*, OMPI_*, *_VISIBLE_DEVICES) and mlenv's own settings.

Exit codes: the command's own; 127 where there is no such command, 126 where it cannot be run, 1 or 2 where there is
no such env or it cannot be activated.")]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) which: Which,
    /// Start from a minimal environment instead of this one
    #[arg(long)]
    pub(crate) clean: bool,
    /// A variable for the command: NAME, with the value that it has here, also in a container or with --clean, or NAME=VALUE
    #[arg(long = "env", value_name = "NAME[=VALUE]")]
    pub(crate) vars: Vec<OsString>,
    /// The command and its arguments
    #[arg(required = true, trailing_var_arg = true, value_name = "CMD")]
    pub(crate) command: Vec<OsString>,
}

/// What a command is to run in.
#[derive(Debug, Args)]
#[group(required = false, multiple = false)]
pub(crate) struct Which {
    /// An env's directory or name, an image directory, or a base
    #[arg(short = 'p', long = "prefix", value_name = "ENV")]
    pub(crate) env: Option<OsString>,
    /// An env by its name
    #[arg(short, long, value_name = "NAME")]
    pub(crate) name: Option<OsString>,
}

/// Start a shell with an env active
///
/// The shell is the one that $SHELL names. Your rc files are read first, and the env is active after them, whatever they
/// set; `exit` brings back the shell you came from. If the input is not a terminal, the shell reads it as a script.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv shell tune        an env by its name
  mlenv shell             what is active, or what the marker here says
  ssh -t host mlenv shell ~/myEnv")]
pub(crate) struct Shell {
    /// A variable for the shell: NAME, with the value that it has here, also in a container, or NAME=VALUE
    #[arg(long = "env", value_name = "NAME[=VALUE]")]
    pub(crate) vars: Vec<OsString>,
    /// An env's directory or name, an image directory, or a base
    pub(crate) env: Option<OsString>,
}
