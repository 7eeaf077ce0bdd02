//! A new image in a registry: what the base has is mounted from where it is, what is new is sent, and the manifest comes last, so that
//! a tag never means half an image.

use std::time::Duration;

use super::freeze::Frozen;
use super::local::{LocalImage, Part};
use crate::error::{Error, Result};
use crate::host::Host;
use crate::image::Reference;
use crate::image::digest::Digest;
use crate::image::registry::Registry;
use crate::image::registry::content::ImageContent;
use crate::image::registry::upload::Mounted;
use crate::text::{count, size};

/// Where it goes, and how.
pub(crate) struct Target<'a> {
    /// The new image's name.
    pub(crate) reference: &'a Reference,
    /// The repository to mount from.
    pub(crate) mount_from: Option<&'a str>,
    /// Whether the base's layers are copied where they cannot be mounted.
    pub(crate) copies: bool,
    /// How long one answer may take.
    pub(crate) patience: Duration,
}

/// What was sent.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    /// Bytes.
    pub(crate) sent: u64,
    /// Layers that were mounted, or were there.
    pub(crate) mounted: usize,
}

/// Pushes the image.
pub(crate) fn push(
    host: &Host,
    (image, base, content): (&Reference, &mut Registry, &ImageContent),
    frozen: &Frozen,
    target: &Target,
) -> Result<Sent> {
    let mut registry = Registry::new(host, target.reference, target.patience)?;
    let mut sent = Sent::default();
    let is_same = image.registry() == target.reference.registry();
    let from = target.mount_from.or(is_same.then(|| image.repository()));
    let mut lacking: Vec<&crate::image::registry::content::LayerContent> = Vec::new();
    for layer in &content.layers {
        let there = registry.has_blob(&layer.digest)?;
        let mounted = match from {
            _ if there => Mounted::Yes,
            Some(from) => registry.mount(&layer.digest, from),
            None => Mounted::No,
        };
        if mounted == Mounted::Yes {
            sent.mounted += 1;
        } else {
            lacking.push(layer);
        }
    }
    if !lacking.is_empty() && !target.copies {
        let bytes: u64 = lacking.iter().map(|layer| layer.size).sum();
        return Err(unmounted(lacking.len(), from, bytes));
    }
    for layer in lacking {
        registry.upload(&layer.digest, layer.size, || base.open_blob(&layer.digest))?;
        sent.sent += layer.size;
    }
    let layer = &frozen.layer;
    if !registry.has_blob(&layer.digest)? {
        registry.upload(&layer.digest, layer.size, || layer.open())?;
        sent.sent += layer.size;
    }
    let config = Digest::of(&frozen.config);
    if !registry.has_blob(&config)? {
        registry.upload(&config, frozen.config.len() as u64, || Ok(frozen.config.as_slice()))?;
        sent.sent += frozen.config.len() as u64;
    }
    registry.put_manifest(&frozen.manifest, frozen.media_type)?;
    Ok(sent)
}

/// Pushes an image that lies here as files. What is its base's comes from where the target's registry has it, and is sent only
/// where that was agreed to.
pub(crate) fn push_local(host: &Host, image: &LocalImage, target: &Target) -> Result<Sent> {
    let mut registry = Registry::new(host, target.reference, target.patience)?;
    let mut sent = Sent::default();
    let mut lacking: Vec<(&Part, bool)> = Vec::new();
    for (at, part) in image.parts.iter().enumerate() {
        let is_there = registry.has_blob(&part.digest)?;
        let mounted = match target.mount_from {
            _ if is_there => Mounted::Yes,
            Some(from) if at > 0 && (image.of_base == 0 || at <= image.of_base) => {
                registry.mount(&part.digest, from)
            }
            _ => Mounted::No,
        };
        match mounted {
            Mounted::Yes => sent.mounted += usize::from(at > 0),
            Mounted::No => lacking.push((part, (1..=image.of_base).contains(&at))),
        }
    }
    let of_base: u64 =
        lacking.iter().filter(|(_, of_base)| *of_base).map(|(part, _)| part.size).sum();
    if of_base > 0 && !target.copies {
        let count = lacking.iter().filter(|(_, of_base)| *of_base).count();
        return Err(unmounted(count, target.mount_from, of_base));
    }
    for (part, _) in lacking {
        registry.upload(&part.digest, part.size, || image.read(part))?;
        sent.sent += part.size;
    }
    registry.put_manifest(&image.manifest, &image.media_type)?;
    Ok(sent)
}

fn unmounted(layers: usize, from: Option<&str>, bytes: u64) -> Error {
    Error::no(format!(
        "{} of the base cannot be mounted from {}: {} would have to be copied",
        count(layers, "layer", "layers"),
        from.unwrap_or("another registry"),
        size(bytes)
    ))
    .hint("--copy-base copies them; --mount-from REPO names a repository that has them")
}
