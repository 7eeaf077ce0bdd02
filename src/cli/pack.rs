//! The verbs that carry an env in one file.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

/// Put an env, without its base, into one file
///
/// For the disks of batch nodes: one file travels faster than thousands, and the env is unpacked where it is used. The
/// file holds what you installed and the links to the base; any `tar --zstd -tf` lists it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv pack ./myEnv -o myEnv.tar.zst
  mlenv pack tune -o /shared/tune.tar.zst --force      replacing the one before")]
pub(crate) struct Pack {
    /// The env: a directory or a name
    pub(crate) env: OsString,
    /// The file to make
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Replace an existing file
    #[arg(short, long)]
    pub(crate) force: bool,
}

/// Make an env of what `mlenv pack` put into a file
///
/// The env is made for its new place, with the base that it had, and appears once it is complete. Its path is printed. If
/// it was unpacked there before, nothing is done, so every task of a job may ask for it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  env=$(mlenv unpack myEnv.tar.zst --to \"$SLURM_TMPDIR\")   in that directory, by its name
  mlenv run -p \"$env\" -- python train.py
  mlenv unpack myEnv.tar.zst -p /scratch/env --base ml    at this place, on this base")]
#[command(group = clap::ArgGroup::new("place").required(true))]
pub(crate) struct Unpack {
    /// The file
    pub(crate) file: PathBuf,
    /// The directory in which the env appears, by the name that it had
    #[arg(long, value_name = "DIR", group = "place")]
    pub(crate) to: Option<PathBuf>,
    /// The env's directory
    #[arg(short, long, value_name = "DIR", group = "place")]
    pub(crate) prefix: Option<PathBuf>,
    /// The base, if it cannot be found by its path or name
    #[arg(short, long, value_name = "BASE")]
    pub(crate) base: Option<OsString>,
}
