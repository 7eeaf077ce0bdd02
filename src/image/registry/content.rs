//! What an image consists of, as a registry has it: its config, and its layers to be read one by one.

use std::time::{Duration, Instant};

use serde::Deserialize;

use super::wire::{Descriptor, Platform};
use super::{Registry, facts, platform};
use crate::error::{Error, Result};
use crate::http::{Failure, Method};
use crate::image::digest::Digest;

/// As long a layer may take. A server that says nothing is given up much sooner.
const LONGEST: Duration = Duration::from_secs(12 * 60 * 60);

/// An image's parts.
pub(crate) struct ImageContent {
    /// Its config as it stands.
    pub(crate) config: Vec<u8>,
    /// The config's digest, by which CVMFS and engines keep the image.
    pub(crate) id: Digest,
    /// What the manifest is, by its media type: Docker's or the newer one.
    pub(crate) is_dockers: bool,
    /// The config's media type.
    pub(crate) config_type: String,
    /// The digest of the image's own manifest.
    pub(crate) manifest: Digest,
    /// The layers, the lowest first.
    pub(crate) layers: Vec<LayerContent>,
}

/// One layer.
pub(crate) struct LayerContent {
    /// Of the archive as it is fetched.
    pub(crate) digest: Digest,
    /// Its size.
    pub(crate) size: u64,
    /// Its media type.
    pub(crate) media_type: String,
    /// Of the archive unpacked.
    pub(crate) diff: Digest,
}

/// The part of a config that names what the layers unpack to.
#[derive(Deserialize)]
struct Rootfs {
    rootfs: DiffIds,
}

#[derive(Deserialize)]
struct DiffIds {
    diff_ids: Vec<Digest>,
}

impl Registry<'_> {
    /// Asks for an image's manifest and config; `wanted` chooses among platforms.
    pub(crate) fn content(&mut self, wanted: &Platform) -> Result<ImageContent> {
        let mut digest = self.digest()?;
        let mut manifest = self.read_manifest(&digest)?;
        if let Some(index) = &manifest.manifests {
            let chosen = platform::choose(index, wanted)?.digest.clone();
            manifest = self.read_manifest(&chosen)?;
            digest = chosen;
        }
        let (config, layers) = facts::parts(self.reference, &manifest)?;
        let (id, layers) = (config.digest.clone(), layers.to_vec());
        let config_type = config.media_type.clone();
        let config = self.blob(&id)?;
        let layers = self.paired(&config, layers)?;
        let is_dockers = config_type.contains("docker");
        Ok(ImageContent { config, id, is_dockers, config_type, manifest: digest, layers })
    }

    fn paired(&self, config: &[u8], layers: Vec<Descriptor>) -> Result<Vec<LayerContent>> {
        let rootfs: Option<Rootfs> = serde_json::from_slice(config).ok();
        let diffs = rootfs.map(|rootfs| rootfs.rootfs.diff_ids).unwrap_or_default();
        if diffs.len() != layers.len() {
            return Err(Error::new(format!(
                "{} does not say of each layer what is in it: {} layers, {} names of contents",
                self.reference,
                layers.len(),
                diffs.len()
            ))
            .hint("whoever publishes it can push it again with any recent engine"));
        }
        let pair = |(layer, diff): (Descriptor, Digest)| LayerContent {
            digest: layer.digest,
            size: layer.size,
            media_type: layer.media_type,
            diff,
        };
        Ok(layers.into_iter().zip(diffs).map(pair).collect())
    }

    /// Opens a blob to be read piece by piece. Whoever reads it compares the digest.
    pub(crate) fn open_blob(&mut self, digest: &Digest) -> Result<Box<dyn std::io::Read>> {
        let path = format!("{}/blobs/{digest}", self.reference.repository());
        // A right that was given for a while may have run out meanwhile.
        self.ask(Method::Head, &path, "*/*")?;
        let ask = self.request(Method::Get, &path, "*/*")?;
        let login = self.authorization.as_ref();
        let headers: Vec<(&str, String)> =
            login.iter().map(|secret| ("authorization", secret.reveal().to_owned())).collect();
        let stream = self
            .http
            .stream(&ask.url, &headers, Instant::now() + LONGEST)
            .map_err(Failure::told)?;
        if stream.status == 200 {
            return Ok(Box::new(stream.body));
        }
        Err(Error::new(format!(
            "{} answers {} for a part of {}",
            self.reference.registry(),
            stream.status,
            self.reference
        ))
        .hint("try again later"))
    }
}
