//! A new image in a registry: what the base has is mounted from where it is, what is new is sent, and the manifest comes last, so that
//! a tag never means half an image.

use std::io::Read;
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

/// A blob of the image.
struct Piece<'a> {
    digest: &'a Digest,
    size: u64,
    /// The repository that it can be mounted from.
    from: Option<&'a str>,
    role: Role,
}

/// What a blob is to the image.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Config,
    /// A layer of the image that it was made on.
    OfBase,
    Layer,
}

/// Pushes the image.
pub(crate) fn push(
    host: &Host,
    (image, base, content): (&Reference, &mut Registry, &ImageContent),
    frozen: &Frozen,
    target: &Target,
) -> Result<Sent> {
    let is_same = image.registry() == target.reference.registry();
    let from = target.mount_from.or(is_same.then(|| image.repository()));
    let (config, layer) = (Digest::of(&frozen.config), &frozen.layer);
    let of_base = content.layers.iter().map(|layer| Piece {
        digest: &layer.digest,
        size: layer.size,
        from,
        role: Role::OfBase,
    });
    let own = [
        (&layer.digest, layer.size, Role::Layer),
        (&config, frozen.config.len() as u64, Role::Config),
    ];
    let own = own.map(|(digest, size, role)| Piece { digest, size, from: None, role });
    let pieces: Vec<Piece> = of_base.chain(own).collect();
    let mut registry = Registry::new(host, target.reference, target.patience)?;
    let sent = send(&mut registry, &pieces, target, |at| {
        Ok(match pieces[at].role {
            Role::OfBase => base.open_blob(pieces[at].digest)?,
            Role::Layer => Box::new(layer.open()?),
            Role::Config => Box::new(frozen.config.as_slice()),
        })
    })?;
    registry.put_manifest(&frozen.manifest, frozen.media_type)?;
    Ok(sent)
}

/// Pushes an image that lies here as files. What is its base's comes from where the target's registry has it, and is sent only
/// where that was agreed to.
pub(crate) fn push_local<'a>(
    host: &Host,
    image: &'a LocalImage,
    target: &Target<'a>,
) -> Result<Sent> {
    let piece = |(at, part): (usize, &'a Part)| {
        let role = match at {
            0 => Role::Config,
            _ if at <= image.of_base => Role::OfBase,
            _ => Role::Layer,
        };
        // Where it is not known what is the base's, any layer may be.
        let may_be = role == Role::OfBase || role == Role::Layer && image.of_base == 0;
        let from = target.mount_from.filter(|_| may_be);
        Piece { digest: &part.digest, size: part.size, from, role }
    };
    let pieces: Vec<Piece> = image.parts.iter().enumerate().map(piece).collect();
    let mut registry = Registry::new(host, target.reference, target.patience)?;
    let sent =
        send(&mut registry, &pieces, target, |at| Ok(Box::new(image.read(&image.parts[at])?)))?;
    registry.put_manifest(&image.manifest, &image.media_type)?;
    Ok(sent)
}

/// Sees to it that the registry has all pieces: all are looked for and mounted before the first is sent, so that a refusal
/// leaves nothing behind.
fn send<'a>(
    registry: &mut Registry,
    pieces: &[Piece],
    target: &Target,
    mut open: impl FnMut(usize) -> Result<Box<dyn Read + 'a>>,
) -> Result<Sent> {
    let mut sent = Sent::default();
    let mut lacking = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        let is_there = registry.has_blob(piece.digest)?;
        let is_mounted = |from| registry.mount(piece.digest, from) == Mounted::Yes;
        if is_there || piece.from.is_some_and(is_mounted) {
            sent.mounted += usize::from(piece.role != Role::Config);
        } else {
            lacking.push((at, piece));
        }
    }
    let of_base: Vec<&Piece> =
        lacking.iter().map(|(_, piece)| *piece).filter(|it| it.role == Role::OfBase).collect();
    if let Some(first) = of_base.first()
        && !target.copies
    {
        let bytes = of_base.iter().map(|piece| piece.size).sum();
        return Err(unmounted(of_base.len(), first.from, bytes));
    }
    for (at, piece) in lacking {
        registry.upload(piece.digest, piece.size, || open(at))?;
        sent.sent += piece.size;
    }
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
