//! The verbs about images.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::layers::{ImageBuild, ImageDeploy, ImageFreeze, ImagePush, ImageUnpack};
use super::spec::ImageSpec;

use crate::image::registry::Platform;

/// Known images, and what registries say about any image
#[derive(Debug, Subcommand)]
pub(crate) enum Image {
    /// List the images of the catalogue: mlenv's own, the site's and yours
    #[command(
        after_help = "Examples:\n  mlenv image list\n  mlenv image list 'ml-*:*python311'\n\nFiles: /etc/mlenv/images.toml, ~/.config/mlenv/images.toml"
    )]
    #[command(visible_alias = "ls")]
    List {
        /// The beginning of a name or reference, or a pattern with `*` and `?`
        #[arg(value_name = "PATTERN")]
        image: Option<String>,
        /// Print them as JSON
        #[arg(long)]
        json: bool,
    },
    Info(ImageInfo),
    Packages(ImagePackages),
    Recipe(ImageRecipe),
    Pin(ImagePin),
    Unpack(ImageUnpack),
    Deploy(ImageDeploy),
    Freeze(ImageFreeze),
    Build(ImageBuild),
    Push(ImagePush),
}

/// Show what a registry says about an image: size, age, digest, labels, platforms
///
/// Nothing is pulled. Logins of docker and podman are used, and proxies and CA files as elsewhere (docs/images.md).
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  mlenv image info ml-base:alma9-python311\n  mlenv image info ghcr.io/lab/tools:v2 --platform linux/arm64"
)]
pub(crate) struct ImageInfo {
    /// A name of the catalogue, or a reference as in ghcr.io/lab/tools:v2
    pub(crate) image: String,
    /// The machine that it is for, where there are several [default: this one]
    #[arg(long, value_name = "OS/ARCHITECTURE")]
    pub(crate) platform: Option<Platform>,
    #[command(flatten)]
    timeout: Timeout,
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// List the packages in an image, without pulling it
///
/// From the image's directory if it is here, else from its label `mlenv.packages`, else from an engine's copy of the
/// image, else from the list that the catalogue names. It says which.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  mlenv image packages ml-base:alma9-python311\n  mlenv image packages ./sandbox"
)]
pub(crate) struct ImagePackages {
    /// A name of the catalogue, a reference, or the directory of an unpacked image
    pub(crate) image: String,
    #[command(flatten)]
    timeout: Timeout,
    /// Print them as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Print a Dockerfile or an Apptainer definition, both from one description
///
/// A description is a TOML file that names a base image, packages, files and commands; a project's file (environment.yml, requirements,
/// pyproject.toml, pylock.toml) does as well, with `--base-image`, and `--preset` means one in the program. The text makes the result a base that
/// works from any path, with its index (docs/images.md).
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv image recipe lab.toml --dockerfile | podman build -t lab -f - .
  mlenv image recipe lab.toml --variant gpu --apptainer >lab.def; apptainer build lab.sif lab.def
  mlenv image recipe --preset torch --variant gpu --dockerfile
  mlenv image recipe environment.yml --base-image ghcr.io/lab/ml:v1 --dockerfile")]
pub(crate) struct ImageRecipe {
    #[command(flatten)]
    pub(crate) spec: ImageSpec,
    /// For podman, buildah and docker, and where neither is named
    #[arg(long, conflicts_with = "apptainer")]
    dockerfile: bool,
    /// For apptainer and singularity
    #[arg(long)]
    pub(crate) apptainer: bool,
}

/// Write the digests of a description's base images into it
///
/// Its own base and those of its variants: the tag stays beside the digest, and what it means today is written again where that is
/// called for. Every other line stays as it is. The registry is asked by HEAD, which no registry counts as a pull.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  mlenv image pin lab.toml")]
pub(crate) struct ImagePin {
    /// The description
    pub(crate) file: PathBuf,
    #[command(flatten)]
    timeout: Timeout,
}

#[derive(Debug, Args)]
struct Timeout {
    /// How many seconds one answer of the registry may take, retries included
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 30,
        value_parser = clap::value_parser!(u64).range(1..=3600)
    )]
    timeout: u64,
}

impl ImageInfo {
    /// How long one answer may take.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(self.timeout.timeout)
    }
}

impl ImagePin {
    /// How long one answer may take.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(self.timeout.timeout)
    }
}

impl ImagePackages {
    /// How long one answer may take.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(self.timeout.timeout)
    }
}
