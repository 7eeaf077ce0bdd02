//! An image that is a frozen env already: what it was made on. One made anew starts from there, since the env before would
//! lie below it, of no use and never to be got rid of.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::config::MADE_BY;
use crate::image::digest::Digest;
use crate::image::registry::content::ImageContent;
use crate::image::{BASE_LABEL, BASE_NAME_LABEL, Reference};

/// The image below a frozen env.
pub(crate) struct MadeOn {
    /// As it was named then.
    pub(crate) name: Reference,
    /// The very one.
    pub(crate) pinned: Reference,
}

/// The part of a config that tells.
#[derive(Deserialize)]
struct Told {
    #[serde(default)]
    config: Option<Run>,
    #[serde(default)]
    history: Option<Vec<Step>>,
}

#[derive(Default, Deserialize)]
struct Run {
    #[serde(default, rename = "Labels")]
    labels: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct Step {
    #[serde(default)]
    created_by: Option<String>,
}

/// What `content` was made on, where its last layer is a frozen env. Of an image that somebody built on a frozen one the
/// last layer is another's, and stays.
pub(crate) fn made_on(content: &ImageContent) -> Option<MadeOn> {
    of_config(&content.config)
}

fn of_config(config: &[u8]) -> Option<MadeOn> {
    let told: Told = serde_json::from_slice(config).ok()?;
    let last = told.history?.pop()?;
    if last.created_by.as_deref() != Some(MADE_BY) {
        return None;
    }
    let labels = told.config?.labels?;
    let name = Reference::parse(labels.get(BASE_NAME_LABEL)?).ok()?;
    let pinned = name.pinned(Digest::parse(labels.get(BASE_LABEL)?).ok()?);
    Some(MadeOn { name, pinned })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_an_image_whose_last_layer_is_an_env_starts_again() {
        let digest = Digest::of(b"base").to_string();
        let told = |steps: &[&str], name: &str| {
            let steps: Vec<_> = steps.iter().map(|step| json!({"created_by": step})).collect();
            let labels = json!({BASE_LABEL: digest, BASE_NAME_LABEL: name});
            let config = json!({"config": {"Labels": labels}, "history": steps}).to_string();
            of_config(config.as_bytes())
                .map(|found| (found.name.to_string(), found.pinned.to_string()))
        };
        let (name, pinned) = told(&["ADD x", MADE_BY], "ghcr.io/lab/ml:v1").unwrap();
        assert_eq!(name, "ghcr.io/lab/ml:v1");
        assert!(pinned.starts_with("ghcr.io/lab/ml") && pinned.ends_with(&digest), "{pinned}");
        assert_eq!(told(&[MADE_BY, "RUN apt-get"], "ghcr.io/lab/ml:v1"), None);
        assert_eq!(told(&[], "ghcr.io/lab/ml:v1"), None);
        assert_eq!(told(&[MADE_BY], "not a name"), None);
        assert!(of_config(b"{}").is_none() && of_config(b"[").is_none());
    }
}
