//! An env as one layer on the image that carries its base: only the difference is made, and moves.
//!
//! `content` lays the env out as it will be in the image and leaves out what is private, `layer` packs that, always to the
//! same bytes, and `config` says what the new image runs (pure).

mod again;
pub(crate) mod as_is;
mod below;
mod compile;
mod config;
mod content;
mod layer;
mod members;
mod records;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::base::Base;
use crate::config::Dirs;
use crate::env::record::Record;
use crate::error::{Error, Result};
use crate::fs::Root;
use crate::image::digest::Digest;
use crate::image::packages::{self, Listed};
use crate::image::registry::content::ImageContent;
use crate::image::{BASE_LABEL, BASE_NAME_LABEL, Reference};
use crate::text::Shown;
use crate::ui::Ui;

pub(crate) use self::again::{MadeOn, made_on};
pub(crate) use self::config::MADE_BY;
use self::config::MADE_WITH_BASE;
pub(crate) use self::layer::NewLayer;

/// What is to be frozen, and how.
pub(crate) struct Wish<'a> {
    /// The env.
    pub(crate) env: &'a Path,
    /// Its record.
    pub(crate) record: &'a Record,
    /// Where it will be in the image.
    pub(crate) prefix: &'a Path,
    /// Where the base is in the image.
    pub(crate) base_prefix: &'a Path,
    /// A base that was made for the image, which has none: it goes along, in the same layer.
    pub(crate) below: Option<&'a Root>,
    /// Files that go along although no package owns them, below the env.
    pub(crate) include: &'a [PathBuf],
    /// Variables of the env that go along.
    pub(crate) vars: &'a [String],
    /// The base image, as it was named.
    pub(crate) image: &'a Reference,
    /// What the image says of itself besides what it always does.
    pub(crate) labels: &'a BTreeMap<String, String>,
}

/// A new image: its own parts, and those that it has from the base.
pub(crate) struct Frozen {
    /// The config.
    pub(crate) config: Vec<u8>,
    /// The manifest.
    pub(crate) manifest: Vec<u8>,
    /// The manifest's media type.
    pub(crate) media_type: &'static str,
    /// The layer that was made.
    pub(crate) layer: NewLayer,
    /// What stayed at home, each with the reason.
    pub(crate) left: Vec<(PathBuf, &'static str)>,
}

impl Frozen {
    /// The digest by which the new image can be named.
    pub(crate) fn digest(&self) -> Digest {
        Digest::of(&self.manifest)
    }
}

/// Makes the image of an env on the image `content`.
pub(crate) fn freeze(
    wish: &Wish,
    content: &ImageContent,
    (dirs, ui): (&Dirs, Ui),
) -> Result<Frozen> {
    let laid = content::lay_out(wish, dirs, ui)?;
    if let Some(root) = wish.below {
        below::settle(root, wish)?;
    }
    let layer = layer::pack(&laid, wish)?;
    let made_by = if wish.below.is_some() { MADE_WITH_BASE } else { MADE_BY };
    let mut labels = wish.labels.clone();
    labels.extend(told((wish.image, content), &laid.packages));
    let settle = |run: &mut _| config::settings(wish, &laid.vars, run);
    let (config, manifest) =
        config::made((wish.image, content), (&layer, made_by), &labels, settle)?;
    let media_type = config::manifest_type(content);
    Ok(Frozen { config, manifest, media_type, layer, left: laid.left })
}

/// What an image says of its packages and of the image that it was made on.
fn told(
    (image, content): (&Reference, &ImageContent),
    packages: &[Listed],
) -> [(String, String); 3] {
    [
        (packages::LABEL.to_owned(), packages::to_text(packages)),
        (BASE_LABEL.to_owned(), content.manifest.to_string()),
        (BASE_NAME_LABEL.to_owned(), image.to_string()),
    ]
}

/// Where the base of an env is in its image. A base that is in none that is known has to be said.
pub(crate) fn base_prefix(base: &Base, named: Option<&Path>) -> Result<PathBuf> {
    if let Some(named) = named {
        return Ok(named.to_owned());
    }
    let inside = base.image.as_ref().and_then(|image| base.prefix.strip_prefix(image).ok());
    match inside {
        Some(inside) => Ok(Path::new("/").join(inside)),
        None => Err(Error::new(format!(
            "it is not known where {} is in its image",
            Shown(&base.prefix)
        ))
        .hint("say so: `--base-prefix /opt/conda`")),
    }
}

/// The reference in the path of an image directory, as trees of unpacked images have it: `.../REGISTRY/REPO:TAG`.
pub(crate) fn reference_of(directory: &Path) -> Option<Reference> {
    let text = directory.to_str()?;
    let parts: Vec<&str> = text.split('/').collect();
    let is_registry = |part: &&str| part.contains('.') || part.starts_with("localhost");
    let at = (0..parts.len().checked_sub(1)?).rev().find(|&at| is_registry(&parts[at]))?;
    let last = parts.last()?;
    last.contains(':').then(|| Reference::parse(&parts[at..].join("/")).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_an_image_tells_its_name() {
        let name = |path: &str| reference_of(Path::new(path)).map(|found| found.to_string());
        let path = "/cvmfs/unpacked.cern.ch/registry.hub.docker.com/lab/ml-base:alma9";
        assert_eq!(name(path).as_deref(), Some("docker.io/lab/ml-base:alma9"));
        assert_eq!(name("/srv/images/ghcr.io/lab/x:v1").as_deref(), Some("ghcr.io/lab/x:v1"));
        assert_eq!(name("/srv/sandbox"), None);
    }
}
