//! The arguments that are about locks.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use super::kept::{BaseKept, Until};
use super::packages::{OfEnv, PartsOf};

/// Write down exactly what a project's env has besides its base
///
/// `pylock.mlenv.toml` beside the project's file holds the version and hash of every package that the base lacks, and a hash of
/// the base. `mlenv create --locked` and `mlenv sync --locked` install just that, on a base with the same content. pip's part is
/// as PEP 751 has it. Nothing is written where the file asks for the same as before and the base is the same. What the lock
/// had before stays as it is where that still fits; `--relock` looks for the newest.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv lock                       for the project here, on the base of its env
  mlenv lock --base ml             on a known base, without an env
  mlenv lock --relock              the newest that fits, or for another base than before
  mlenv create --locked            an env with just that")]
pub(crate) struct Lock {
    #[command(flatten)]
    pub(crate) of: OfEnv,
    /// For this base [default: that of the project's env, else as in `mlenv create`]
    #[arg(short, long, value_name = "BASE", conflicts_with_all = ["env", "name"])]
    pub(crate) base: Option<OsString>,
    /// The project's file [default: the one that the env follows, else the project's]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) parts: PartsOf,
    #[command(flatten)]
    pub(crate) kept: BaseKept,
    #[command(flatten)]
    pub(crate) until: Until,
    /// Make it anew: with the newest versions that fit, and for this base, whichever it was for
    #[arg(long)]
    pub(crate) relock: bool,
    /// Only say whether the lock is up to date: it ends with 1 where it is not
    #[arg(long, conflicts_with = "relock")]
    pub(crate) check: bool,
}
