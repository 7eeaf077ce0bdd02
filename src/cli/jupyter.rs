//! The verbs about Jupyter.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Kernels that run in envs, and JupyterLab itself
#[derive(Debug, Subcommand)]
pub(crate) enum Jupyter {
    /// Let Jupyter start kernels in an env
    ///
    /// Two kernels are registered: one that ignores packages in ~/.local (python -s), and a `-usersite` twin that sees
    /// them. Any JupyterLab or JupyterHub that looks there shows them, whatever environment it runs in.
    /// Running it again registers nothing twice.
    #[command(after_help = "\
Examples:
  mlenv jupyter install ./myEnv
  mlenv jupyter install tune --name tune --display-name 'Tuning'
  mlenv jupyter install ./myEnv --prefix /opt/hub     for the Jupyter that is installed there
  mlenv jupyter install /cvmfs/.../ml-base:alma9      an image itself")]
    Install {
        /// An env's directory or name, an image directory, or a base [default: the active one, or that of the marker]
        env: Option<OsString>,
        /// The kernel's name [default: made of the env's]
        #[arg(long)]
        name: Option<OsString>,
        /// The name that people see
        #[arg(long, value_name = "TEXT")]
        display_name: Option<String>,
        #[command(flatten)]
        at: At,
    },
    /// List the kernels that mlenv registered, and whether they will start
    #[command(visible_alias = "ls")]
    List {
        /// Print them as JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove the kernels of an env, or a kernel by its name
    #[command(after_help = "\
Examples:
  mlenv jupyter remove ./myEnv     both kernels of an env
  mlenv jupyter remove myenv       a kernel by its name, with its twin")]
    Remove {
        /// An env's directory or name, or a kernel's name
        env: OsString,
        #[command(flatten)]
        at: At,
    },
    /// Start JupyterLab in an env
    ///
    /// It is the JupyterLab of the env or of what it stands on, on this machine's loopback address, and starts with the
    /// env's kernel.
    #[command(after_help = "\
Examples:
  mlenv jupyter lab ./myEnv
  mlenv jupyter lab tune -- --no-browser --port 8899")]
    Lab {
        /// An env's directory or name, an image directory, or a base [default: the active one, or that of the marker]
        env: Option<OsString>,
        /// Arguments for JupyterLab
        #[arg(last = true)]
        arguments: Vec<OsString>,
    },
}

/// Where kernels are registered.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct At {
    /// For you: ~/.local/share/jupyter, unless another place is given
    #[arg(long)]
    pub(crate) user: bool,
    /// For the Jupyter that is installed in this prefix
    #[arg(long, value_name = "DIR")]
    pub(crate) prefix: Option<PathBuf>,
    /// In the env itself, for a Jupyter that is started in it
    #[arg(long)]
    pub(crate) sys_prefix: bool,
}
