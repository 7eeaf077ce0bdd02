//! The verbs about bases.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::packages::PartsOf;
use crate::env::layout::Layout;

/// Known bases, their facts and their indexes
#[derive(Debug, Subcommand)]
pub(crate) enum Base {
    /// List the known bases: yours and the site's
    #[command(visible_alias = "ls")]
    List {
        /// Print them as JSON
        #[arg(long)]
        json: bool,
    },
    /// Give a base a name
    #[command(
        after_help = "Example:\n  mlenv base add /cvmfs/.../ml-base:alma9/opt/conda --name ml"
    )]
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
    /// Show what mlenv knows about a base
    Info {
        /// A directory or a known name [default: the base that `create` would take]
        base: Option<OsString>,
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// List the packages of a base: those of conda, of pip, and of the image's own system
    ///
    /// Packages of the system are listed for an image directory with a dpkg or apk database; that of rpm is not text, and is not read.
    Packages {
        /// A directory or a known name [default: the base that `create` would take]
        base: Option<OsString>,
        /// Print them as JSON
        #[arg(long)]
        json: bool,
    },
    /// Write the archive of a base's links, from which envs are unpacked
    ///
    /// It goes into the base if that can be written to, so that every user has it; otherwise into your cache, where
    /// `create` would make it by itself the first time.
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
    /// Make a conda prefix from channels, for envs to stand on
    Make(Make),
    /// Find the base that has most of what a file asks for
    Match(Match),
    /// Find out whether a base works from any path
    Check(Check),
    /// Make a base work from any path, where images are built
    Prepare(Prepare),
}

/// Make a conda prefix from channels, for envs to stand on
///
/// No conda client is needed, here or later. Python comes along where nobody names it. It is made beside its place and
/// renamed when it is whole; what a file asks of pip comes last, by the new prefix's own pip. Where an image is built that
/// has no conda, this makes it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv base make ~/bases/ml -c conda-forge python=3.12 numpy root
  mlenv base make /opt/conda -f environment.yml
  mlenv base make ~/bases/ml -f environment.yml --dry-run")]
pub(crate) struct Make {
    /// The directory, which is not there yet or is empty
    #[arg(value_name = "DIR")]
    pub(crate) prefix: PathBuf,
    /// Conda packages, as in `numpy`, `'numpy>=2'`, `python=3.12`
    #[arg(value_name = "PKG")]
    pub(crate) packages: Vec<String>,
    /// A channel, before those of files; repeatable [default: those of your settings]
    #[arg(short, long = "channel", value_name = "CHANNEL")]
    pub(crate) channels: Vec<String>,
    /// What this file asks for: environment.yml, a lock, an explicit list; repeatable
    #[arg(short, long = "file", value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Only say what would come
    #[arg(short = 'n', long)]
    pub(crate) dry_run: bool,
}

/// Find the base that has most of what a file asks for
///
/// Compares the bases that have names, the default one, and the images of the catalogue whose packages are listed here, with a
/// project's file: conda's packages and pip's. One line for each, the one that needs the least first: how much of it is there,
/// what is there in another version, what is lacking, and how much would have to be fetched from conda channels.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv base match environment.yml
  mlenv base match pyproject.toml --extra gpu --json
  mlenv base match environment.yml --images     images that are not here too
  mlenv base match pixi.lock --offline")]
pub(crate) struct Match {
    /// A project's file, as `mlenv install -f FILE` takes it
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) parts: PartsOf,
    /// Ask registries for the packages of the catalogue's images that are neither here nor listed (label `mlenv.packages`)
    #[arg(long, conflicts_with = "offline")]
    pub(crate) images: bool,
    /// Fetch no lists of channels: sizes by what was fetched before
    #[arg(long)]
    pub(crate) offline: bool,
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Find out whether a base works from any path
///
/// Reads every file of the base: scripts in bin, library search paths of programs, kernels, and what else names the
/// path that the base was built at. Starts a program or two from two paths. Changes nothing. Ends with 1 where
/// something should be mended.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv base check /cvmfs/.../ml-base:alma9      an image
  mlenv base check --json ml                     all that was found, for a program")]
pub(crate) struct Check {
    /// A directory or a known name [default: the base that `create` would take]
    pub(crate) base: Option<OsString>,
    /// Where the base was built [default: what most of its scripts name]
    #[arg(long, value_name = "DIR")]
    pub(crate) built_at: Option<PathBuf>,
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Make a base work from any path, where images are built
///
/// Scripts get a first line that takes the Python beside them, search paths of libraries become relative, kernels start
/// the Python of their own prefix. Then it writes the list of packages and the index. What was done is kept in the base,
/// in mlenv-prepared.json, so that `--undo` takes it back. Refused while envs of yours stand on the base, or a program
/// runs from it.
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv base prepare --dry-run /opt/conda   only say what would be changed
  mlenv base prepare /opt/conda             at the end of an image's build
  mlenv base prepare --undo /opt/conda")]
pub(crate) struct Prepare {
    /// A directory or a known name
    pub(crate) base: OsString,
    /// Where the base was built [default: what most of its scripts name]
    #[arg(long, value_name = "DIR")]
    pub(crate) built_at: Option<PathBuf>,
    /// Where to write the list of packages [default: list-of-pkgs-inside.txt in the base]
    #[arg(long, value_name = "FILE")]
    pub(crate) list: Option<PathBuf>,
    /// Change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Take back what was done
    #[arg(long, conflicts_with = "list")]
    pub(crate) undo: bool,
    /// Change the base even though it is in use
    #[arg(short, long)]
    pub(crate) force: bool,
    /// Print what was changed as JSON
    #[arg(long)]
    pub(crate) json: bool,
}
