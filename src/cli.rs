//! The command line as types. No logic: every verb's arguments end up in `cmd`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::overlay::layout::Layout;
use crate::ui::Loudness;

/// Make light, writable environments on big, shared, read-only software.
///
/// An env is a directory of links into a base (a conda prefix, an image directory, or any Python) in which
/// you install what is missing. The base is never written to.
#[derive(Debug, Parser)]
#[command(name = "mlenv", version, arg_required_else_help = true, max_term_width = 100)]
#[command(after_help = "Exit codes: 0 done; 1 no (not found, nothing active); 2 usage or environment error; 130 interrupted.")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Say nothing but failures and warnings
    #[arg(short, long, global = true)]
    quiet: bool,
}

impl Arguments {
    /// How much the user wants to hear.
    pub(crate) fn loudness(&self) -> Loudness {
        if self.quiet { Loudness::Quiet } else { Loudness::Normal }
    }
}

/// Parses the process's arguments. `Err` holds the exit code after help, version or a usage error was printed.
pub(crate) fn parse() -> Result<Arguments, ExitCode> {
    Arguments::try_parse().map_err(|error| {
        let _ = error.print(); // a closed pipe is no failure of ours
        ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
    })
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Create(Create),
    List(List),
    Info(Info),
    Remove(Remove),
    Hook(Hook),
    Save(Save),
    Allow(Allow),
    Deny(Deny),
    Status(Status),
    #[command(hide = true)]
    Export(Export),
    Activate(Activate),
    Deactivate(Deactivate),
    #[command(subcommand)]
    Vars(Vars),
    #[command(subcommand)]
    Base(Base),
    Completions(Completions),
    #[command(hide = true)]
    Man(Man),
}

/// Make a new env on a base
///
/// Without `--base` the base is, in this order: $MLENV_BASE, `base` in config.toml, the active conda prefix or
/// the base of the active env, and the `python3` on PATH.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv create -p myEnv                               on the default base, in ./myEnv
  mlenv create -n tune --base ml                      by name, on the known base `ml`
  mlenv create -p myEnv --base /cvmfs/.../ml-base:alma9   on an image directory")]
pub(crate) struct Create {
    #[command(flatten)]
    pub(crate) place: Place,
    /// The base: a directory (prefix or image), a python executable, or a known base's name
    #[arg(short, long, value_name = "BASE")]
    pub(crate) base: Option<OsString>,
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
    /// How many threads make links [default: by the file system]
    #[arg(long, value_name = "N", env = crate::config::THREADS, hide_env_values = true)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) threads: Option<u16>,
    /// Print what was made as JSON
    #[arg(long)]
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

/// Print the lines for your shell's rc file
///
/// They activate the env of the directory you are in and leave it when you go, and let `mlenv activate`,
/// `deactivate` and `create` change your shell. Where nothing changed, no process is started.
#[derive(Debug, Args)]
#[command(after_help = "\
In ~/.bashrc:                   eval \"$(mlenv hook bash)\"
In ~/.zshrc:                    eval \"$(mlenv hook zsh)\"
In ~/.config/fish/config.fish:  mlenv hook fish | source
In ~/.tcshrc or ~/.cshrc:       eval \"`mlenv hook tcsh`\"

Variables: MLENV_HOOK=off (look nowhere) or cd (look only when the directory changes, for slow file systems);
MLENV_CEILING (look no higher than this directory, instead of your home); MLENV_NO_CD=1 (bash: leave cd alone).")]
pub(crate) struct Hook {
    /// bash, zsh, tcsh or fish
    pub(crate) shell: OsString,
}

/// Let this directory activate an env: write its marker and trust it
///
/// The marker is `.mlenv.toml` in the directory you are in. It names the env and nothing else.
#[derive(Debug, Args)]
pub(crate) struct Save {
    /// The env: a directory or a name [default: the active one]
    pub(crate) env: Option<OsString>,
    /// Write over a marker that names another env
    #[arg(short, long)]
    pub(crate) force: bool,
}

/// Let the marker here take effect, as it is now
///
/// Consent holds for this marker's place and text and for this env. When either changes, mlenv asks again.
#[derive(Debug, Args)]
pub(crate) struct Allow {
    /// The marker's directory [default: that of the nearest marker]
    pub(crate) dir: Option<PathBuf>,
    /// Allow it although other users own or can change the marker or the env
    #[arg(long)]
    pub(crate) shared: bool,
}

/// Never let the marker here take effect, whatever it says
#[derive(Debug, Args)]
pub(crate) struct Deny {
    /// The marker's directory [default: that of the nearest marker]
    pub(crate) dir: Option<PathBuf>,
}

/// Show what is active here and why, and whether the hook is at work
#[derive(Debug, Args)]
pub(crate) struct Status {
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// What the hook says about itself
    #[arg(long, hide = true)]
    pub(crate) hook: Option<String>,
}

/// What a hook evaluates
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The shell, with tcsh's version: `tcsh:6.24.07`
    #[arg(long)]
    pub(crate) shell: OsString,
    /// The nearest marker
    #[arg(long)]
    pub(crate) marker: Option<PathBuf>,
    /// The refusals that this shell has heard
    #[arg(long, default_value = "")]
    pub(crate) told: String,
}

/// Make an env, an image or a base active in this shell
///
/// With the hook in your shell this changes the shell. Without it, `--shell` prints what your shell has to
/// evaluate. Running it twice changes nothing; what was active before is left first.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv activate ./myEnv                       an env by its path
  mlenv activate tune                          an env by its name
  mlenv activate /cvmfs/.../ml-base:alma9      the software of an image directory itself
  eval \"$(mlenv activate --shell bash tune)\"  without the hook

A directory whose path holds a `:` cannot be on PATH. mlenv keeps a link to such an image or base in
~/.local/state/mlenv/views and names it by that. An env itself must have a path without `:`.

Variable: MLENV_DISABLE_PROMPT=1 (the prompt does not show what is active).")]
pub(crate) struct Activate {
    /// A name, an env's directory, an image directory, or a base
    pub(crate) env: Option<OsString>,
    /// Print code for this shell: bash, zsh, fish, tcsh, or tcsh:VERSION
    #[arg(long, value_name = "SHELL")]
    pub(crate) shell: Option<OsString>,
}

/// Undo what mlenv activated in this shell
///
/// Every variable goes back to what it was, unless you changed it in between.
#[derive(Debug, Args)]
pub(crate) struct Deactivate {
    /// Print code for this shell: bash, zsh, fish, tcsh, or tcsh:VERSION
    #[arg(long, value_name = "SHELL")]
    pub(crate) shell: Option<OsString>,
}

/// Variables that an env sets while it is active
#[derive(Debug, Subcommand)]
pub(crate) enum Vars {
    /// Set variables of an env
    #[command(after_help = "Example:\n  mlenv vars set -p myEnv OMP_NUM_THREADS=4 DATA='/data/my runs'")]
    Set {
        /// The env: a directory or a name [default: the active one]
        #[arg(short = 'p', long = "env", value_name = "ENV")]
        env: Option<OsString>,
        /// What to set
        #[arg(required = true, value_name = "NAME=VALUE")]
        vars: Vec<OsString>,
    },
    /// Take variables from an env
    Unset {
        /// The env: a directory or a name [default: the active one]
        #[arg(short = 'p', long = "env", value_name = "ENV")]
        env: Option<OsString>,
        /// What to take away
        #[arg(required = true, value_name = "NAME")]
        names: Vec<OsString>,
    },
    /// List the variables of an env
    List {
        /// The env: a directory or a name [default: the active one]
        env: Option<OsString>,
        /// Print them as JSON
        #[arg(long)]
        json: bool,
    },
}

/// Known bases, their facts and their indexes
#[derive(Debug, Subcommand)]
pub(crate) enum Base {
    /// List the known bases: yours and the site's
    List {
        /// Print them as JSON
        #[arg(long)]
        json: bool,
    },
    /// Give a base a name
    #[command(after_help = "Example:\n  mlenv base add /cvmfs/.../ml-base:alma9/opt/conda --name ml")]
    Add {
        /// The base's directory, or an image directory that holds opt/conda
        path: PathBuf,
        /// Its name [default: the directory's name]
        #[arg(short, long)]
        name: Option<String>,
        /// Give the name to this base even if another one has it
        #[arg(short, long)]
        force: bool,
    },
    /// Forget a base's name; the base itself is not touched
    Forget {
        /// The known base's name
        name: String,
    },
    /// Show what mlenv finds out about a base
    Info {
        /// A directory or a known name [default: the base that `create` would take]
        base: Option<OsString>,
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Write the archive of a base's links, from which envs are unpacked
    ///
    /// It goes into the base where that can be written, so that every user has it; else into your cache, where
    /// `create` would make it by itself on first use.
    Index {
        /// A directory or a known name [default: the base that `create` would take]
        base: Option<OsString>,
        /// What to link
        #[arg(long, value_enum)]
        layout: Option<Layout>,
        /// Write it to this file
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

/// Print the completion script for a shell
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: CompletionShell,
}

/// Shells with completions.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum CompletionShell {
    Bash,
    Zsh,
    Fish,
}

/// Print the manual page
#[derive(Debug, Args)]
pub(crate) struct Man {}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        super::Arguments::command().debug_assert();
    }
}
