//! The facts about an image, gathered from two or three small answers.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::wire::{Config, Descriptor, Manifest, Notes, Platform};
use super::{PullLimit, Registry, platform};
use crate::error::{Error, Result};
use crate::image::digest::Digest;
use crate::image::reference::Reference;
use crate::text::shown;

/// What a registry tells about an image.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct ImageFacts {
    /// What the tag means: an image, or an index of one for several platforms.
    pub(crate) digest: Digest,
    /// The image's own manifest, the same where there is no index.
    pub(crate) manifest: Digest,
    /// The image's identity, by which CVMFS and engines keep it.
    pub(crate) id: Digest,
    /// The platform that was looked at.
    pub(crate) platform: Platform,
    /// All that there are.
    pub(crate) platforms: Vec<Platform>,
    /// Bytes to be pulled, compressed.
    pub(crate) size: u64,
    /// In how many layers.
    pub(crate) layers: usize,
    /// When it was built, as it says itself (RFC 3339).
    pub(crate) created: Option<String>,
    /// Text about it, from its labels and annotations.
    pub(crate) labels: BTreeMap<String, String>,
    /// As whom its containers run, where that is not root.
    #[serde(skip)]
    pub(crate) user: Option<String>,
    /// How many pulls are left.
    pub(crate) pull_limit: Option<PullLimit>,
}

impl Registry<'_> {
    /// Asks for everything; `wanted` chooses among platforms.
    pub(crate) fn facts(&mut self, wanted: &Platform) -> Result<ImageFacts> {
        let digest = self.digest()?;
        let mut manifest_digest = digest.clone();
        let mut manifest = self.read_manifest(&digest)?;
        let mut notes = manifest.annotations.take().unwrap_or_default();
        let mut platforms = Vec::new();
        if let Some(index) = &manifest.manifests {
            platforms = platform::all(index);
            manifest_digest = platform::choose(index, wanted)?.digest.clone();
            manifest = self.read_manifest(&manifest_digest)?;
            notes.extend(manifest.annotations.take().unwrap_or_default());
        }
        let (config, layers) = parts(self.reference, &manifest)?;
        let id = config.digest.clone();
        let blob = self.blob(&id)?;
        let config = read_config(self.reference, &blob)?;
        let (labels, user) =
            config.settings.map_or((None, None), |settings| (settings.labels, settings.user));
        notes.extend(labels.unwrap_or_default());
        let platform =
            Platform { os: config.os, architecture: config.architecture, variant: config.variant };
        if platforms.is_empty() {
            platforms.push(platform.clone());
        }
        Ok(ImageFacts {
            digest,
            manifest: manifest_digest,
            id,
            platform,
            platforms,
            size: layers.iter().fold(0, |sum, layer| layer.size.saturating_add(sum)),
            layers: layers.len(),
            created: config.created,
            labels: texts(notes),
            user: user.filter(|user| !user.is_empty()),
            pull_limit: self.limit,
        })
    }

    pub(super) fn read_manifest(&mut self, digest: &Digest) -> Result<Manifest> {
        let bytes = self.manifest(digest)?;
        read_manifest(self.reference, &bytes)
    }
}

/// A manifest's text.
pub(super) fn read_manifest(reference: &Reference, bytes: &[u8]) -> Result<Manifest> {
    understand(reference, bytes, "the manifest")
}

/// The text of what an image says of itself.
pub(super) fn read_config(reference: &Reference, bytes: &[u8]) -> Result<Config> {
    understand(reference, bytes, "the account that the image gives of itself")
}

/// Config and layers of an image that engines can run.
pub(super) fn parts<'m>(
    reference: &Reference,
    manifest: &'m Manifest,
) -> Result<(&'m Descriptor, &'m [Descriptor])> {
    if manifest.schema_version < 2 {
        return Err(Error::new(format!(
            "{reference} is in Docker's first format, which is not read"
        ))
        .hint("whoever publishes it can push it again with any recent engine"));
    }
    let (Some(config), Some(layers)) = (&manifest.config, &manifest.layers) else {
        return Err(Error::new(format!("{reference} is neither an image nor an index of images")));
    };
    if !config.media_type.is_empty() && !config.media_type.contains(".image.") {
        return Err(Error::no(format!(
            "{reference} is not a container image, but {}",
            shown(&config.media_type)
        ))
        .hint("SIF files and other artifacts are for the tool that put them there"));
    }
    Ok((config, layers))
}

fn understand<T: DeserializeOwned>(reference: &Reference, bytes: &[u8], what: &str) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|cause| {
        Error::new(format!(
            "could not understand {what} of {}: {}",
            reference,
            shown(&cause.to_string())
        ))
        .hint("is it a registry?")
    })
}

/// Labels are text; whatever else somebody put there is passed over.
fn texts(notes: Notes) -> BTreeMap<String, String> {
    let text =
        |(name, value): (String, serde_json::Value)| Some((name, value.as_str()?.to_owned()));
    notes.into_iter().filter_map(text).collect()
}
