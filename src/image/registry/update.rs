//! Whether a registry has something newer than what is recorded.

use super::wire::Manifest;
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
    /// one image in it: only where the digests differ is the index itself asked for, to tell the two cases apart.
    pub(crate) fn compare(&mut self, recorded: &Digest) -> Result<Freshness> {
        let now = self.digest()?;
        if now == *recorded {
            return Ok(Freshness::Same);
        }
        let manifest: Manifest = self.read_manifest(&now)?;
        let index = manifest.manifests.unwrap_or_default();
        let is_in_it =
            index.iter().any(|entry| entry.digest == *recorded && platform::is_real(entry));
        Ok(if is_in_it { Freshness::Same } else { Freshness::Newer(now) })
    }
}
