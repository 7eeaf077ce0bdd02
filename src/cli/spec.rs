//! What an image is to be made of, for the verbs that print that and those that build it.

use std::path::PathBuf;

use clap::Args;

use super::packages::PartsOf;

/// What an image is to be made of.
#[derive(Debug, Default, Args)]
pub(crate) struct ImageSpec {
    /// A description, a project's file, or a directory with one of them
    pub(crate) spec: Option<PathBuf>,
    /// A description that is in the program: ml-base, pyroot, tensorflow, torch
    #[arg(long, value_name = "NAME", conflicts_with = "spec")]
    pub(crate) preset: Option<String>,
    /// A variant of the description
    #[arg(long, value_name = "NAME")]
    pub(crate) variant: Option<String>,
    /// The image that it stands on: a name of the catalogue, or a reference [default: what the description says]
    #[arg(long, value_name = "REF")]
    pub(crate) base_image: Option<String>,
    #[command(flatten)]
    pub(crate) parts: PartsOf,
}
