//! The verbs about bases.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Subcommand;

use crate::overlay::layout::Layout;

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
    /// Show what mlenv finds out about a base
    Info {
        /// A directory or a known name [default: the base that `create` would take]
        base: Option<OsString>,
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// List the packages of a base, those of conda and those of pip
    Packages {
        /// A directory or a known name [default: the base that `create` would take]
        base: Option<OsString>,
        /// Print them as JSON
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
