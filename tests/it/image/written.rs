//! An image that was written to a directory in the OCI form, as tests look into it.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// The directory.
pub(super) struct Written(pub(super) PathBuf);

impl Written {
    /// The digest by which the image can be named.
    pub(super) fn digest(&self) -> Value {
        json(&self.0.join("index.json"))["manifests"][0]["digest"].clone()
    }

    pub(super) fn manifest(&self) -> Value {
        json(&self.blob(&self.digest()))
    }

    pub(super) fn config(&self) -> Value {
        json(&self.blob(&self.manifest()["config"]["digest"]))
    }

    /// The file of the layer at this place, from the lowest.
    pub(super) fn layer(&self, at: usize) -> PathBuf {
        self.blob(&self.manifest()["layers"][at]["digest"])
    }

    /// The file with this digest.
    pub(super) fn blob(&self, digest: &Value) -> PathBuf {
        self.blobs().join(digest.as_str().unwrap().strip_prefix("sha256:").unwrap())
    }

    /// How many files it has.
    pub(super) fn count(&self) -> usize {
        self.blobs().read_dir().unwrap().count()
    }

    fn blobs(&self) -> PathBuf {
        self.0.join("blobs/sha256")
    }
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}
