//! What registries say, as types: the parts of the OCI image and distribution specifications that facts are made of.
//!
//! Docker's older formats have the same fields. What an image may leave out is optional here, `null` included.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::image::digest::Digest;

/// Everything that can stand behind a tag, the newer kinds first.
pub(super) const MANIFESTS: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.docker.distribution.manifest.v2+json";

/// What is behind a tag: an image, or an index of one image for several platforms. What it holds tells which.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest {
    /// 1 is Docker's first format, which no registry hands out any more unless it has nothing else.
    pub(super) schema_version: u32,
    /// An index: an image for each platform.
    pub(super) manifests: Option<Vec<Descriptor>>,
    /// An image: what it says of itself, and
    pub(super) config: Option<Descriptor>,
    /// its content.
    pub(super) layers: Option<Vec<Descriptor>>,
    pub(super) annotations: Option<Notes>,
}

/// Text about an image. Values should be text; others are passed over.
pub(super) type Notes = BTreeMap<String, Value>;

/// Points at something else in the registry.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    #[serde(default)]
    pub(super) media_type: String,
    pub(super) digest: Digest,
    pub(super) size: u64,
    pub(super) platform: Option<Platform>,
}

/// A kind of machine: `linux/amd64`, `linux/arm64/v8`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Platform {
    pub(crate) os: String,
    pub(crate) architecture: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) variant: Option<String>,
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant.iter().try_for_each(|variant| write!(f, "/{variant}"))
    }
}

/// What an image says of itself.
#[derive(Deserialize)]
pub(super) struct Config {
    pub(super) created: Option<String>,
    #[serde(default)]
    pub(super) os: String,
    #[serde(default)]
    pub(super) architecture: String,
    pub(super) variant: Option<String>,
    #[serde(rename = "config")]
    pub(super) settings: Option<Settings>,
}

/// How its containers are to be run; of that only the labels, and as whom.
#[derive(Deserialize)]
pub(super) struct Settings {
    #[serde(rename = "Labels")]
    pub(super) labels: Option<Notes>,
    #[serde(rename = "User")]
    pub(super) user: Option<String>,
}

/// What a token server gives, by either name.
#[derive(Deserialize)]
pub(super) struct Token {
    pub(super) token: Option<String>,
    pub(super) access_token: Option<String>,
}
