//! Images: their names, the catalogue of published ones, and what a registry tells about them.
//!
//! Content is not ours: engines pull and build. This room reads catalogue files and asks registries for facts; it
//! prints nothing and writes nothing.

pub(crate) mod catalogue;
pub(crate) mod digest;
pub(crate) mod packages;
pub(crate) mod recipe;
pub(crate) mod reference;
pub(crate) mod registry;

pub(crate) use self::catalogue::{Catalogue, Image};
pub(crate) use self::reference::Reference;

use std::path::PathBuf;

use crate::config::Dirs;

/// Where the image called `name` may be as a directory; a catalogue that cannot be read knows no place.
pub(crate) fn directories(name: &str, dirs: &Dirs) -> Vec<PathBuf> {
    let image = Catalogue::load(dirs).and_then(|catalogue| catalogue.named(name));
    image.ok().flatten().map_or_else(Vec::new, |image| image.directories)
}

/// Where an image has this program.
pub(crate) const PROGRAM: &str = "/usr/local/bin/mlenv";

/// The label of an image that names the digest of the image which it stands on.
pub(crate) const BASE_LABEL: &str = "mlenv.base";

/// The label of a frozen env that says how the image which it stands on was called.
pub(crate) const BASE_NAME_LABEL: &str = "org.opencontainers.image.base.name";

/// The label of an image that has the digest of what describes it.
pub(crate) const SPEC_LABEL: &str = "mlenv.spec";
