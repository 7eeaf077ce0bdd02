//! Whether a registry has something newer than what is recorded.

use super::wire::{Manifest, Platform};
use super::{Registry, platform};
use crate::error::Result;
use crate::image::digest::Digest;

/// How a recorded image stands to its tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// The tag still means it.
    Same,
    /// The tag means another image by now.
    Newer(Digest),
}

impl Registry<'_> {
    /// Compares by HEAD, which Docker Hub does not count as a pull. Engines record the digest of an index or that of
    /// one image in it, and of an image that was built here and pushed later another one than the registry has, since
    /// it is compressed on the way: only where the digests differ is more asked for. `id` is the image's own identity,
    /// the same everywhere.
    pub(crate) fn compare(
        &mut self,
        recorded: Option<&Digest>,
        id: Option<&Digest>,
    ) -> Result<Freshness> {
        let now = self.digest()?;
        let is_it = |digest: &Digest| Some(digest) == recorded || Some(digest) == id;
        if is_it(&now) {
            return Ok(Freshness::Same);
        }
        let mut manifest: Manifest = self.read_manifest(&now)?;
        if let Some(index) = manifest.manifests.take() {
            if index.iter().any(|entry| is_it(&entry.digest) && platform::is_real(entry)) {
                return Ok(Freshness::Same);
            }
            match platform::choose(&index, &Platform::here()) {
                Ok(entry) if id.is_some() => {
                    manifest = self.read_manifest(&entry.digest.clone())?;
                }
                _ => return Ok(Freshness::Newer(now)),
            }
        }
        let is_same = manifest.config.is_some_and(|config| Some(&config.digest) == id);
        Ok(if is_same { Freshness::Same } else { Freshness::Newer(now) })
    }
}
