//! The verbs about a directory's container.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::tasks::{ContainerMakefile, ContainerTask};

/// A container for this directory: made once, entered again and again
///
/// Without a verb it is entered.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv container setup docker.io/yesw2000/ml-base:alma9-python311
  mlenv container                       enter it again
  mlenv container enter -- python -V    one command in it
  mlenv container info                  the image, and what you added
  mlenv container list                  those of all your directories
  mlenv container update -f             onto today's image, with what you added

The container is that of the nearest directory, here or above, that has `.mlenv-container.toml`.")]
pub(crate) struct Container {
    #[command(subcommand)]
    pub(crate) verb: Option<ContainerVerb>,
}

/// What to do about it.
#[derive(Debug, Subcommand)]
pub(crate) enum ContainerVerb {
    Setup(Setup),
    Enter(Enter),
    Info(ContainerInfo),
    List(ContainerList),
    Record(ContainerRecord),
    Update(Update),
    Jupyter(ContainerJupyter),
    Remove(ContainerRemove),
    Wrap(Wrap),
    Task(ContainerTask),
    Makefile(ContainerMakefile),
}

/// Make a container, or for apptainer and singularity a sandbox, for this directory
///
/// This directory, your home and what you bind have the same paths in it as here. Whatever fails, nothing is
/// left, and a container that was there is as it was.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv container setup docker.io/yesw2000/ml-base:alma9-python311
  mlenv container setup /cvmfs/.../ml-base:alma9 --engine apptainer
  mlenv container setup IMAGE -B /data,/scratch/me:/scratch:ro
  mlenv container setup IMAGE -B '/odd\\:path\\,here:/data'
  mlenv container setup IMAGE --env myEnv --publish 6006
  mlenv container setup IMAGE --sif                  one file that never changes, and .venv on it
  mlenv container setup IMAGE --dry-run

A container of podman, docker or nerdctl gets a port of its own for Jupyter, on loopback.")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
pub(crate) struct Setup {
    /// A name of the catalogue (`mlenv image list`), a reference, or for apptainer and singularity an image's path
    pub(crate) image: OsString,
    /// podman, docker, nerdctl, apptainer or singularity [default: the first of these that works]
    #[arg(short, long, value_name = "ENGINE")]
    pub(crate) engine: Option<OsString>,
    /// Directories to see inside: SOURCE, SOURCE:TARGET or SOURCE:TARGET:ro, separated by commas; write `\:` and `\,` in a path
    #[arg(short = 'B', long = "bind", value_name = "BINDS")]
    pub(crate) bind: Vec<OsString>,
    /// Use this machine's graphics processors, if it has any [default: where the image's name says `gpu`]
    #[arg(long)]
    pub(crate) gpu: bool,
    /// The container's name
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// The port for Jupyter, the same inside and outside [default: a free one from 8888 on]
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<u16>,
    /// Another port on loopback, and perhaps another number inside; not with apptainer and singularity, which share the host's
    #[arg(long, value_name = "PORT[:PORT]")]
    pub(crate) publish: Vec<String>,
    /// Make an env in the container too, here or at this place, on the conda prefix of its image
    #[arg(long, value_name = "DIR", num_args = 0..=1, default_missing_value = ".venv")]
    pub(crate) env: Option<PathBuf>,
    /// With apptainer and singularity: one read-only SIF file instead of a sandbox, and an env on it, by default `.venv`, for what is added
    #[arg(long)]
    pub(crate) sif: bool,
    /// Where apptainer and singularity unpack layers while they build a sandbox [default: `APPTAINER_TMPDIR`, else beside the sandbox]
    #[arg(long, value_name = "DIR")]
    pub(crate) workdir: Option<PathBuf>,
    /// Replace the container that this directory has, with all that was added to it
    #[arg(short, long)]
    pub(crate) force: bool,
    /// Only print what would be run
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Enter the container, or run a command in it
///
/// It is started if it is not running. Without a command you get your shell, if the image has it.
#[derive(Debug, Default, Args)]
pub(crate) struct Enter {
    /// With a rootful docker or nerdctl: as you, not as root. New files belong to you, the image cannot be changed
    #[arg(long)]
    pub(crate) as_me: bool,
    /// A variable for the command inside: NAME, with the value that it has here, or NAME=VALUE. It is not kept
    #[arg(long, value_name = "NAME[=VALUE]")]
    pub(crate) env: Vec<OsString>,
    /// Only print what would be run
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// The command and its arguments
    #[arg(last = true, value_name = "CMD")]
    pub(crate) command: Vec<OsString>,
}

/// Show the container, its image, and the packages that you added
#[derive(Debug, Args)]
pub(crate) struct ContainerInfo {
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Only print what would be run
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Write down what you added to the container: exact versions, in the project's file
///
/// Into environment.yml where there is one or a conda client added something, else into requirements.txt. A line about the same package is
/// replaced, others are added, and the rest of the file stays as it is. What pip brought along as a dependency is not written.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv container record                        environment.yml or requirements.txt beside the container
  mlenv container record -o more.txt
  mlenv container record --dry-run              only print the file as it would be")]
pub(crate) struct ContainerRecord {
    /// This file instead: with `.yml` or `.yaml` at its end an environment file, else requirements
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Only print what would be written
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// List the containers of your directories
///
/// Those that mlenv made, took over or entered for you, whatever the engine. The one that `mlenv container` enters
/// here is marked. STATE is `running`, `stopped`, `ready` (a sandbox or SIF), `gone`, `copy` (of a directory that has it) or
/// `unknown`, where the engine does not answer.
#[derive(Debug, Args)]
pub(crate) struct ContainerList {
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Check whether a newer image was published; with -f move onto it, keeping the packages that you added
///
/// A new container is made beside the old one. What conda clients and pip installed is installed there again, as it
/// was asked for, and looked at; only then the new one takes the old one's place. Whatever fails, the old one stays.
#[derive(Debug, Args)]
pub(crate) struct Update {
    /// Do it
    #[arg(short, long)]
    pub(crate) force: bool,
    /// Only print what would be run
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Start Jupyter in the container
///
/// It is served to this machine alone, on the port that the container has, behind a token.
#[derive(Debug, Args)]
pub(crate) struct ContainerJupyter {
    /// A variable for the command inside: NAME, with the value that it has here, or NAME=VALUE. It is not kept
    #[arg(long, value_name = "NAME[=VALUE]")]
    pub(crate) env: Vec<OsString>,
    /// Only print what would be run
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Arguments for `jupyter lab`
    #[arg(last = true, value_name = "ARGS")]
    pub(crate) arguments: Vec<OsString>,
}

/// Remove the container, with all that was added to it
///
/// On a terminal you are shown what would be lost, and asked.
#[derive(Debug, Args)]
pub(crate) struct ContainerRemove {
    /// Do not ask
    #[arg(short, long, visible_alias = "force", visible_short_alias = 'f')]
    pub(crate) yes: bool,
    /// Only print what would be run
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Write files that run commands of the container, or of an image, from the host
///
/// Each is a script of its own: it needs no activation, no PATH and no mlenv, and runs in batch jobs. In the container
/// it runs the command itself. Of an image, each call is a new container, which sees your home, this directory, and what
/// you bind, and cannot change the image: a SIF is one file on a slow file system.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv container wrap python pip -o ~/ml/bin
  mlenv container wrap python --module ~/modules/ml.lua    for Lmod; FILE.tcl or FILE for Tcl modules
  mlenv container wrap --image course.sif /opt/conda/bin/ -o ~/course/bin
  mlenv container wrap --image ghcr.io/lab/ml:v1 python -B /scratch")]
pub(crate) struct Wrap {
    /// The commands; a path with `/` at its end is a directory in the container, with all of its programs
    #[arg(required = true, value_name = "CMD")]
    pub(crate) commands: Vec<OsString>,
    /// Those of this image instead: a SIF file or a directory, for apptainer and singularity, else a reference or a name of the catalogue
    #[arg(long, value_name = "IMAGE")]
    pub(crate) image: Option<OsString>,
    /// What runs the image [default: the first that works]
    #[arg(short, long, value_name = "ENGINE", requires = "image")]
    pub(crate) engine: Option<OsString>,
    /// Directories to be seen in the image, as for `setup`
    #[arg(short = 'B', long = "bind", value_name = "BINDS", requires = "image")]
    pub(crate) bind: Vec<OsString>,
    /// Use this machine's graphics processors in the image, if it has any [default: where the image's name says `gpu`]
    #[arg(long, requires = "image")]
    pub(crate) gpu: bool,
    /// The directory for the files
    #[arg(short, long, value_name = "DIR", default_value = "bin")]
    pub(crate) output: PathBuf,
    /// Write a modulefile that puts them on PATH, too
    #[arg(long, value_name = "FILE")]
    pub(crate) module: Option<PathBuf>,
    /// Replace existing files
    #[arg(short, long)]
    pub(crate) force: bool,
    /// Only print what would be written
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Take over a container or an env that the older scripts made
///
/// `runML-here.sh` and `runMe-here.sh` become the container of their directory, `setup-UserEnv-in-container.sh` the
/// place where its env lives. The files are read as text and never run.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The file, or its directory [default: here]
    pub(crate) file: Option<PathBuf>,
    /// Only print what would be written
    #[arg(long)]
    pub(crate) dry_run: bool,
}
