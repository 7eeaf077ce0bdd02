//! The verbs that change a shell, and those about markers and consent.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

/// Print the lines for your shell's rc file
///
/// They activate the env of the directory you are in and leave it when you go, and let `mlenv activate`,
/// `deactivate` and `create` change your shell. While nothing changes, no process is started.
#[derive(Debug, Args)]
#[command(after_help = "\
In ~/.bashrc:                   eval \"$(mlenv hook bash)\"
In ~/.zshrc:                    eval \"$(mlenv hook zsh)\"
In ~/.config/fish/config.fish:  mlenv hook fish | source
In ~/.tcshrc or ~/.cshrc:       eval \"`mlenv hook tcsh`\"

Variables: MLENV_HOOK=off (look nowhere) or cd (look only when the directory changes, for slow file systems);
MLENV_CEILING (look no higher than this directory, instead of your home); MLENV_NO_CD=1 (bash: leave cd alone);
MLENV_QUIET=1, exported (do not say why a marker takes no effect; `mlenv status` still does).")]
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
    /// Overwrite a marker that names another env
    #[arg(short, long)]
    pub(crate) force: bool,
    /// Trust it although other users own or can change the marker, the env or a directory above them
    #[arg(long)]
    pub(crate) shared: bool,
}

/// Remove this directory's marker, and your consent to it
///
/// The env stays. `mlenv remove` removes markers that mlenv wrote by itself.
#[derive(Debug, Args)]
pub(crate) struct Unsave {
    /// The marker's directory [default: the one you are in]
    pub(crate) dir: Option<PathBuf>,
    /// Do not ask if the marker says more than mlenv wrote, or is part of a git repository
    #[arg(short, long)]
    pub(crate) yes: bool,
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

/// Show what is active here and why, and whether the hook works
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
pub(crate) struct Answer {
    /// The shell, with tcsh's version: `tcsh:6.24.07`
    #[arg(long)]
    pub(crate) shell: OsString,
    /// The nearest marker
    #[arg(long)]
    pub(crate) marker: Option<PathBuf>,
    /// The refusals that this shell has heard
    #[arg(long, default_value = "")]
    pub(crate) told: String,
    /// What is wrong with what is active: `lost` from PATH, `taken` by another user, or `gone`; `first` where the rc file may have
    /// put something in front of it
    #[arg(long)]
    pub(crate) lost: Option<OsString>,
}

/// What a tcsh evaluates behind packages' scripts
#[derive(Debug, Args)]
pub(crate) struct Settle {
    /// Whether they ran on `enter` or on `leave`
    pub(crate) what: String,
    /// The shell, with its version: `tcsh:6.24.07`
    #[arg(long)]
    pub(crate) shell: OsString,
    /// 1 where it has the hook
    #[arg(long)]
    pub(crate) hooked: u8,
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
    /// Print for the hook's own function
    #[arg(long, hide = true, requires = "shell")]
    pub(crate) hooked: bool,
}

/// Undo what mlenv activated in this shell
///
/// Every variable goes back to what it was, unless you changed it in between.
#[derive(Debug, Args)]
pub(crate) struct Deactivate {
    /// Print code for this shell: bash, zsh, fish, tcsh, or tcsh:VERSION
    #[arg(long, value_name = "SHELL")]
    pub(crate) shell: Option<OsString>,
    /// Print for the hook's own function
    #[arg(long, hide = true, requires = "shell")]
    pub(crate) hooked: bool,
}
