//! The verbs about images as directories.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::an_env::AnEnv;
use super::kept::BaseKept;
use super::spec::ImageSpec;
use crate::image::registry::Platform;

/// Where an image comes from.
#[derive(Debug, Args)]
pub(crate) struct From {
    /// A name of the catalogue, or a reference as in ghcr.io/lab/tools:v2
    pub(crate) image: String,
    /// The machine that it is for, where there are several [default: this one]
    #[arg(long, value_name = "OS/ARCHITECTURE")]
    pub(crate) platform: Option<Platform>,
    /// How many seconds one answer of the registry may take, retries included
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
}

impl From {
    /// How long one answer may take.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }
}

/// Unpack an image from a registry into a directory, without an engine
///
/// The directory appears when all of it is there and compared with its digests. Everything in it is yours: owners are not
/// kept, devices are left out, and programs that act for others are plain ones. apptainer starts such a directory as it is, and
/// `mlenv create --base DIR` makes envs on it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv image unpack ghcr.io/lab/tools:v2 ./tools
  mlenv image unpack python:3.12-slim --tar python.tar   one tar, as `cvmfs_server ingest` takes it")]
#[group(id = "into", required = true, args = ["dir", "tar"])]
pub(crate) struct ImageUnpack {
    #[command(flatten)]
    pub(crate) from: From,
    /// The directory, which must not be there yet
    pub(crate) dir: Option<PathBuf>,
    /// Write one tar of the whole image instead
    #[arg(long, value_name = "FILE")]
    pub(crate) tar: Option<PathBuf>,
}

/// Put an image where everybody finds it, as on CVMFS: by digest, with a link per tag
///
/// It is unpacked into ROOT/.flat/AB/DIGEST, readable for all, with the index that makes envs on it quick, and ROOT/REGISTRY/REPO:TAG
/// becomes a link to it in one step. What the tag meant before stays until it is pruned.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv image deploy ghcr.io/lab/tools:v2 /srv/images
  mlenv image deploy ghcr.io/lab/tools:v2 /srv/images --undo       what the tag meant before
  mlenv image deploy ghcr.io/lab/tools:v2 /srv/images --prune 2 --older 30")]
pub(crate) struct ImageDeploy {
    #[command(flatten)]
    pub(crate) from: From,
    /// The directory of images
    pub(crate) root: PathBuf,
    /// Let the tag mean what it meant before
    #[arg(long, conflicts_with = "prune")]
    pub(crate) undo: bool,
    /// Then remove images that no tag means or meant, but for so many of the newest ones
    #[arg(long, value_name = "KEEP", requires = "older")]
    pub(crate) prune: Option<usize>,
    /// Only those that have been there for so many days
    #[arg(long, value_name = "DAYS")]
    pub(crate) older: Option<u64>,
    /// Remove even what an env that is known here stands on
    #[arg(long, requires = "prune")]
    pub(crate) force: bool,
    /// Put the image's line into this wish list of CVMFS, in order, if it is not there
    #[arg(long, value_name = "FILE")]
    pub(crate) wishlist: Option<PathBuf>,
}

/// How a new image gets into a registry.
#[derive(Debug, Args)]
pub(crate) struct Sending {
    /// Mount the base's layers from this repository of the target's registry [default: the base's, if it is known and there]
    #[arg(long, value_name = "REPO")]
    pub(crate) mount_from: Option<String>,
    /// Copy the base's layers where they cannot be mounted
    #[arg(long)]
    pub(crate) copy_base: bool,
    /// How many seconds one answer of the registry may take, retries included
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
}

impl Sending {
    /// How long one answer may take.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }
}

/// Where a new image goes.
#[derive(Debug, Args)]
pub(crate) struct To {
    /// Write it to this file (an OCI archive, or with `.sif` at its end what apptainer makes of it), with `/` at its end to a sandbox of
    /// apptainer's, or with `oci:` in front to this directory
    #[arg(short, long, value_name = "FILE|DIR/|oci:DIR")]
    pub(crate) output: Option<PathBuf>,
    /// Send it to a registry, under this reference
    #[arg(long, value_name = "REF")]
    pub(crate) push: Option<String>,
    /// Where the env will be in the image [default: /mlenv/envs/NAME]
    #[arg(long, value_name = "PATH")]
    pub(crate) place: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) sending: Sending,
}

/// Make an image of an env: one layer on the image that carries its base, without an engine
///
/// Only what the env has besides its base is packed; nothing of the base is pulled or sent where the registry lets it be
/// mounted. The env is active in every container of the image. What is private stays at home and is listed: files that no package
/// owns, files that others may not read, variables, settings of pip.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv image freeze myEnv --push registry.lab.org/me/analysis:v3
  mlenv image freeze myEnv -o analysis.oci.tar --base-image ghcr.io/lab/ml:v1   podman load, apptainer build
  mlenv image freeze myEnv -o oci:analysis
  mlenv image freeze --container --push registry.lab.org/me/analysis:v3   what was added to this directory's container
  mlenv image freeze --container --as-is -o changed.oci.tar               its files as they are")]
pub(crate) struct ImageFreeze {
    #[command(flatten)]
    pub(crate) of: AnEnv,
    #[command(flatten)]
    pub(crate) to: To,
    /// The image that carries the base [default: what the base's place says]
    #[arg(long, value_name = "REF")]
    pub(crate) base_image: Option<String>,
    /// Where the base is in that image [default: as in the image's directory]
    #[arg(long, value_name = "PATH")]
    pub(crate) base_prefix: Option<PathBuf>,
    /// Take this file or directory of the env along although no package owns it
    #[arg(long, value_name = "PATH")]
    pub(crate) include: Vec<PathBuf>,
    /// Set this variable of the env in the image
    #[arg(long, value_name = "NAME")]
    pub(crate) with_vars: Vec<String>,
    /// Instead of an env: the packages that were added to the container of this directory, or of DIR, on the image that it was made of
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true, default_missing_value = ".")]
    #[arg(conflicts_with_all = ["AnEnv", "base_image", "base_prefix", "include", "with_vars"])]
    pub(crate) container: Option<PathBuf>,
    /// All that was changed in the container, file by file; what mlenv put there stays out
    #[arg(long, requires = "container", conflicts_with = "place")]
    pub(crate) as_is: bool,
}

/// Send an image that lies here as files to a registry, without an engine
///
/// An OCI archive (of `mlenv image freeze` or `build`, `podman save --format oci-archive`, `docker save`) or a directory in that layout. What the
/// registry has already is not sent; the manifest comes last, so that a tag never means half an image.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv image push analysis.oci.tar registry.lab.org/me/analysis:v3
  mlenv image push oci:analysis registry.lab.org/me/analysis:v3 --mount-from lab/ml-base")]
pub(crate) struct ImagePush {
    /// The archive, or with `oci:` in front the directory
    #[arg(value_name = "FILE|oci:DIR")]
    pub(crate) image: PathBuf,
    /// Where it goes
    #[arg(value_name = "REF")]
    pub(crate) to: String,
    #[command(flatten)]
    pub(crate) sending: Sending,
}

/// Build an image of a description, a preset, or what a project's file asks for
///
/// Where packages alone are added, no engine is needed: the base image is unpacked in your cache (once), what is asked for and the base lacks is
/// installed on top, and that is one layer on the base's, as with `image freeze`. A description with packages of a system, files or
/// commands, and `-t`, take podman, buildah or docker.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv image build environment.yml --base-image ghcr.io/lab/ml:v1 -o course.sif
  mlenv image build environment.yml --base-image ghcr.io/lab/ml:v1 -o course.sif --wrap ~/course/bin
  mlenv image build lab.toml --locked -o oci:DIR              just what pylock.lab.toml says
  mlenv image build lab.toml -t lab:v1 --variant gpu          by podman, buildah or docker
  mlenv image build --preset ml-base --push registry.lab.org/me/ml:v1
  mlenv image build requirements.txt --base-image ml-base:alma9-python311 --push registry.lab.org/me/app:v1")]
pub(crate) struct ImageBuild {
    #[command(flatten)]
    pub(crate) spec: ImageSpec,
    #[command(flatten)]
    pub(crate) to: To,
    /// Leave it in the engine's store, by this name
    #[arg(short, long, value_name = "NAME")]
    pub(crate) tag: Option<String>,
    /// The engine that builds: podman, buildah, docker, or apptainer for a SIF or sandbox [default: none where none is needed, else the first of these that is there]
    #[arg(long, value_name = "ENGINE")]
    pub(crate) engine: Option<String>,
    /// Where the build's own files go [default: your cache]
    #[arg(long, value_name = "DIR")]
    pub(crate) workdir: Option<PathBuf>,
    /// Only say what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Build just what the lock says that lies beside the file (`pylock.NAME.toml`), on the very base that it names
    #[arg(long, conflicts_with_all = ["tag", "engine", "exact"])]
    pub(crate) locked: bool,
    /// Write files into this directory that run the image's own programs, and its Python, from the host (with -o FILE.sif)
    #[arg(long, value_name = "DIR", requires = "output", conflicts_with_all = ["tag", "engine"])]
    pub(crate) wrap: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) kept: BaseKept,
}
