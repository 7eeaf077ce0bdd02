//! The arguments of the verbs about the tasks of a project's image.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

/// Do what a project's description of its image says: a task, in a new container of that image
///
/// Tasks stand in the description, `[tasks]`: a line for the image's shell, or a list of words. `build`, `run` (its `runscript`) and
/// `shell` are known without that. The image is built where it is not there yet: by podman, docker or nerdctl into the engine's
/// store, by apptainer as a SIF beside the description. This directory and your home are seen inside at the same paths. Without a name the tasks are listed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv container task                        the tasks of the description here
  mlenv container task train -- --epochs 3
  mlenv container task train --variant gpu
  mlenv container task build")]
pub(crate) struct ContainerTask {
    /// The task
    #[arg(value_name = "TASK")]
    pub(crate) name: Option<String>,
    /// The description, or a directory with one [default: here]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// A variant of it
    #[arg(long, value_name = "NAME")]
    pub(crate) variant: Option<String>,
    /// podman, docker, nerdctl, apptainer or singularity [default: the first of these that works]
    #[arg(short, long, value_name = "ENGINE")]
    pub(crate) engine: Option<OsString>,
    /// Only print what would be run
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print the list as JSON
    #[arg(long, conflicts_with_all = ["name", "dry_run"])]
    pub(crate) json: bool,
    /// Further words for the task
    #[arg(last = true, value_name = "WORDS", requires = "name")]
    pub(crate) rest: Vec<OsString>,
}

/// Print a Makefile with the tasks of a project's description, for colleagues who have no mlenv
///
/// Its targets are `build`, `shell`, `run` and the tasks, and the same with `-VARIANT` behind them; `make ENGINE=docker` or
/// `ENGINE=apptainer` takes another engine than podman. It wants the texts that `mlenv image recipe` prints.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv container makefile >Makefile
  mlenv image recipe lab.toml --dockerfile >Dockerfile
  mlenv image recipe lab.toml --variant gpu --dockerfile >Dockerfile.gpu")]
pub(crate) struct ContainerMakefile {
    /// The description, or a directory with one [default: here]
    pub(crate) file: Option<PathBuf>,
}
