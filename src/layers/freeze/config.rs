//! What a frozen image says of itself: the base's config and manifest with a layer more. Pure.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Wish;
use super::layer::{ENTRY, NewLayer};
use crate::error::{Error, Result};
use crate::image::Reference;
use crate::image::digest::Digest;
use crate::image::registry::content::ImageContent;

/// What containers have where their image says nothing.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Who made the last layer, in an image's history.
pub(crate) const MADE_BY: &str = "mlenv image freeze";

/// The same, where the layer has a base besides the env: an env on that does not start again below it.
pub(super) const MADE_WITH_BASE: &str = "mlenv image build, with conda";

/// When it was made: always the same, so that the same env is the same image.
const CREATED: &str = "1980-01-01T00:00:00Z";

/// The manifest's media type, of the same family as the base's: engines do not mix them.
pub(super) fn manifest_type(content: &ImageContent) -> &'static str {
    if content.is_dockers {
        "application/vnd.docker.distribution.manifest.v2+json"
    } else {
        "application/vnd.oci.image.manifest.v1+json"
    }
}

fn layer_type(content: &ImageContent) -> &'static str {
    if content.is_dockers {
        "application/vnd.docker.image.rootfs.diff.tar.gzip"
    } else {
        "application/vnd.oci.image.layer.v1.tar+gzip"
    }
}

/// The config and the manifest of `image`, whose parts are `content`, with a layer more, which is there by `made_by`. `settle` says
/// what its containers run.
pub(super) fn made(
    (image, content): (&Reference, &ImageContent),
    (layer, made_by): (&NewLayer, &str),
    labels: &BTreeMap<String, String>,
    settle: impl FnOnce(&mut Map<String, Value>),
) -> Result<(Vec<u8>, Vec<u8>)> {
    let wrong = || {
        Error::new(format!("{image} does not say how its containers are run"))
            .hint("whoever publishes it can push it again with any recent engine")
    };
    let mut config: Value = serde_json::from_slice(&content.config).map_err(|_| wrong())?;
    let whole = config.as_object_mut().ok_or_else(wrong)?;
    // What the engine that built the base wrote down of its own container.
    for key in ["container", "container_config", "docker_version"] {
        whole.remove(key);
    }
    whole.insert("created".into(), CREATED.into());
    let run = whole.entry("config").or_insert_with(|| json!({}));
    if run.is_null() {
        *run = json!({});
    }
    let run = run.as_object_mut().ok_or_else(wrong)?;
    settle(run);
    let told = run.entry("Labels").or_insert_with(|| json!({}));
    if !told.is_object() {
        *told = json!({});
    }
    for (name, value) in labels {
        told[name] = value.as_str().into();
    }
    let diffs = whole.get_mut("rootfs").and_then(|rootfs| rootfs.get_mut("diff_ids"));
    let diffs = diffs.and_then(Value::as_array_mut).ok_or_else(wrong)?;
    diffs.push(layer.diff.to_string().into());
    let history = whole.entry("history").or_insert_with(|| json!([]));
    if let Some(history) = history.as_array_mut() {
        history.push(json!({"created": CREATED, "created_by": made_by}));
    }
    let config = config.to_string().into_bytes();
    let manifest = manifest((image, content), &config, layer).to_string().into_bytes();
    Ok((config, manifest))
}

/// The env is active in every container, whatever it runs.
pub(super) fn settings(wish: &Wish, vars: &[(String, String)], run: &mut Map<String, Value>) {
    let prefix = wish.prefix.to_string_lossy();
    let old = run.get("Env").and_then(Value::as_array).cloned().unwrap_or_default();
    let old: Vec<(String, String)> = old
        .iter()
        .filter_map(Value::as_str)
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let path = old.iter().find(|(name, _)| name == "PATH").map_or(PATH, |(_, value)| value);
    let mut new = vec![
        ("PATH".to_owned(), format!("{prefix}/bin:{path}")),
        ("CONDA_PREFIX".to_owned(), prefix.to_string()),
        ("PYTHONNOUSERSITE".to_owned(), "1".to_owned()),
    ];
    new.extend(vars.iter().cloned());
    let kept = old.iter().filter(|(name, _)| !new.iter().any(|(other, _)| other == name));
    let all = kept.chain(&new).map(|(name, value)| Value::from(format!("{name}={value}")));
    let all: Vec<Value> = all.collect();
    run.insert("Env".into(), all.into());
    // Behind the base's own, which sets what it has to and runs what follows: then ours is the last word.
    let mut entry = run.get("Entrypoint").and_then(Value::as_array).cloned().unwrap_or_default();
    let ours = Value::from(format!("{prefix}/{ENTRY}"));
    entry.retain(|word| *word != ours);
    entry.push(ours);
    run.insert("Entrypoint".into(), entry.into());
    if run.get("Cmd").is_none_or(Value::is_null) {
        run.insert("Cmd".into(), json!(["/bin/sh"]));
    }
}

fn manifest(
    (image, content): (&Reference, &ImageContent),
    config: &[u8],
    layer: &NewLayer,
) -> Value {
    let mut layers: Vec<Value> = content
        .layers
        .iter()
        .map(|it| json!({"mediaType": it.media_type, "digest": it.digest, "size": it.size}))
        .collect();
    layers.push(json!({
        "mediaType": layer_type(content), "digest": layer.digest, "size": layer.size,
    }));
    let mut manifest = json!({
        "schemaVersion": 2,
        "mediaType": manifest_type(content),
        "config": {
            "mediaType": content.config_type, "digest": Digest::of(config), "size": config.len(),
        },
        "layers": layers,
    });
    if !content.is_dockers {
        manifest["annotations"] = json!({
            "org.opencontainers.image.base.name": image.to_string(),
            "org.opencontainers.image.base.digest": content.manifest,
        });
    }
    manifest
}
