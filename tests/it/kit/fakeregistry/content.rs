//! What the tests' registry holds: images and indexes of them, made as data.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Reply, Request};

/// `sha256:...` of some bytes.
pub(crate) fn digest(bytes: impl AsRef<[u8]>) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

/// What a registry holds: tags, manifests and blobs of one repository.
#[derive(Clone, Default)]
pub(crate) struct Store {
    tags: BTreeMap<String, String>,
    things: BTreeMap<String, (String, Vec<u8>)>,
}

const OCI: &str = "application/vnd.oci.image";

impl Store {
    /// Adds bytes and gives their digest.
    pub(crate) fn put(&mut self, kind: &str, bytes: impl AsRef<[u8]>) -> String {
        let name = digest(&bytes);
        self.things.insert(name.clone(), (kind.to_owned(), bytes.as_ref().to_owned()));
        name
    }

    /// Lets a tag mean a digest.
    pub(crate) fn tag(&mut self, tag: &str, digest: &str) {
        self.tags.insert(tag.to_owned(), digest.to_owned());
    }

    /// An image with two layers and this config; gives its digest.
    pub(crate) fn image(&mut self, config: &Value) -> String {
        let text = config.to_string();
        let config = self.put(&format!("{OCI}.config.v1+json"), &text);
        let layer =
            |size: u64| json!({"mediaType": "x", "digest": digest(size.to_string()), "size": size});
        let manifest = json!({
            "schemaVersion": 2,
            "config": {"mediaType": format!("{OCI}.config.v1+json"), "digest": config, "size": text.len()},
            "layers": [layer(2_000_000_000), layer(345_678_901)],
        });
        self.put(&format!("{OCI}.manifest.v1+json"), manifest.to_string())
    }

    /// An index of images for platforms; gives its digest.
    pub(crate) fn index(&mut self, images: &[(&str, &str, &str)]) -> String {
        let entry = |(os, architecture, digest): &(&str, &str, &str)| {
            json!({"mediaType": format!("{OCI}.manifest.v1+json"), "digest": digest, "size": 1,
                   "platform": {"os": os, "architecture": architecture}})
        };
        let entries: Vec<Value> = images.iter().map(entry).collect();
        let index = json!({"schemaVersion": 2, "manifests": entries});
        self.put(&format!("{OCI}.index.v1+json"), index.to_string())
    }

    /// Answers as a registry without faults would.
    pub(crate) fn answer(&self, request: &Request) -> Reply {
        let path = request.path.split('?').next().unwrap();
        let name = path.rsplit('/').next().unwrap();
        let name = self.tags.get(name).map_or(name, String::as_str);
        match self.things.get(name) {
            Some((kind, bytes)) => Reply::new(200, bytes)
                .with("content-type", kind)
                .with("docker-content-digest", name),
            None => Reply::new(
                404,
                r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#,
            ),
        }
    }
}

/// A store with one ordinary image behind the tag `v1`.
pub(crate) fn ordinary() -> Store {
    let mut store = Store::default();
    let image = store.image(&json!({
        "created": "2025-05-06T07:08:09Z", "os": "linux", "architecture": "amd64",
        "config": {"Labels": {"imageVersion": "2025.1", "maintainer": "lab"}, "Env": ["A=b"]},
    }));
    store.tag("v1", &image);
    store
}
