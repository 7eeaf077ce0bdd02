//! A new image on its way: what was made is told, and it goes into a file, a directory or a registry.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::ground::Ground;
use super::sif;
use crate::cli::{ImageTo as To, Sending};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::image::Reference;
use crate::layers::freeze::Frozen;
use crate::layers::output::{self, Output};
use crate::layers::push::{self, Target};
use crate::text::{Shown, count, size};

/// Of many files only so many are named.
const FEW: usize = 12;

/// Refuses an image that nobody wants.
pub(super) fn check(to: &To) -> Result<()> {
    if to.output.is_some() || to.push.is_some() {
        return Ok(());
    }
    Err(Error::new("nothing says where the image is to go")
        .hint("`-o FILE` writes it to a file, `--push REF` sends it to a registry"))
}

/// Writes the image to where it is wanted, and prints its digest.
pub(super) fn deliver(
    context: &Context,
    to: &To,
    ground: &mut Ground,
    (frozen, name): (&Frozen, &str),
) -> Result<()> {
    let Ground { reference, registry, parts, .. } = ground;
    let target = to.push.as_deref().map(Reference::parse).transpose()?;
    if let Some(output) = &to.output {
        let output = place_of(context, output)?;
        let tag = target.as_ref().map_or_else(|| format!("{name}:latest"), ToString::to_string);
        match &output {
            Output::Sif(_) | Output::Sandbox(_) => {
                sif::write(context, (registry, parts, frozen, &tag), &output)?;
            }
            _ => output::write(registry, (parts, frozen, &tag), &output, context.ui)?,
        }
        context.ui.say(format!("wrote {}", Shown(output.path())));
    }
    if let Some(target) = &target {
        let wanted = wanted(target, &to.sending);
        let sent = push::push(context.host, (reference, registry, parts), frozen, &wanted)?;
        context.ui.say(format!(
            "pushed {target}: sent {}, mounted {}",
            size(sent.sent),
            count(sent.mounted, "layer", "layers")
        ));
    }
    super::print_words(format!("{}\n", frozen.digest()))
}

/// Where an image goes in a registry, and how.
pub(super) fn wanted<'a>(reference: &'a Reference, sending: &'a Sending) -> Target<'a> {
    Target {
        reference,
        mount_from: sending.mount_from.as_deref(),
        copies: sending.copy_base,
        patience: sending.patience(),
    }
}

/// Where the env will be in the image.
pub(super) fn place(to: &To, name: &OsStr) -> Result<PathBuf> {
    let place = match &to.place {
        Some(place) => place.clone(),
        // A directory of its own: in an image whose /opt is a link it would hide what is behind it.
        None => Path::new("/mlenv/envs").join(name),
    };
    let text = place.to_str().filter(|text| {
        text.starts_with('/') && text.len() > 1 && !text.contains([':', '\n', ' ', '"', '\''])
    });
    match text {
        Some(_) => Ok(place),
        None => Err(Error::new(format!("an env cannot be at {} in an image", Shown(&place)))
            .hint("name another place with --place: an absolute path without blanks and colons")),
    }
}

pub(super) fn place_of(context: &Context, output: &Path) -> Result<Output> {
    match output.to_str().and_then(|text| text.strip_prefix("oci:")) {
        Some(dir) => context.host.absolute(Path::new(dir)).map(Output::Dir),
        None if output.as_os_str().as_encoded_bytes().ends_with(b"/") => {
            context.host.absolute(output).map(Output::Sandbox)
        }
        None if output.extension().is_some_and(|end| end == "sif") => {
            context.host.absolute(output).map(Output::Sif)
        }
        None => context.host.absolute(output).map(Output::Archive),
    }
}

/// Says what was made, and what stayed at home.
pub(super) fn tell(context: &Context, frozen: &Frozen) {
    context.ui.say(format!("one layer of {}", size(frozen.layer.size)));
    if frozen.left.is_empty() {
        return;
    }
    context.ui.say(format!("stays at home: {}", count(frozen.left.len(), "file", "files")));
    for (path, why) in frozen.left.iter().take(FEW) {
        context.ui.say(format!("  {}: {why}", Shown(path)));
    }
    if frozen.left.len() > FEW {
        context.ui.say(format!("  and {} more", frozen.left.len() - FEW));
    }
    context.ui.hint("--include PATH takes a file along although no package owns it");
}
