//! `mlenv image unpack` and `mlenv image deploy`: images as directories.

use std::path::Path;
use std::time::Duration;

use super::find;
use crate::cli::{FromImage, ImageDeploy, ImageUnpack};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::image::Reference;
use crate::image::registry::content::ImageContent;
use crate::image::registry::{Platform, Registry};
use crate::layers::{archive, deploy, unpack, wishlist};
use crate::text::{Shown, count, size};

/// An image's parts, and who has them.
fn asked<'a>(
    context: &'a Context,
    from: &FromImage,
    reference: &'a Reference,
) -> Result<(Registry<'a>, ImageContent)> {
    let wanted = from.platform.clone().unwrap_or_else(Platform::here);
    let mut registry = Registry::new(context.host, reference, from.patience())?;
    let waiting = context.ui.waiting("asking the registry");
    let parts = registry.content(&wanted);
    drop(waiting);
    parts.map(|parts| (registry, parts))
}

fn reference(context: &Context, from: &FromImage) -> Result<Reference> {
    find(context, &from.image)?.reference.ok_or_else(|| {
        Error::no(format!("{} is not in a registry", crate::text::shown(&from.image)))
            .hint("name it as in ghcr.io/lab/tools:v2")
    })
}

pub(super) fn unpack(context: &Context, arguments: &ImageUnpack) -> Result<()> {
    let reference = reference(context, &arguments.from)?;
    let (mut registry, parts) = asked(context, &arguments.from, &reference)?;
    let made = match (&arguments.dir, &arguments.tar) {
        (_, Some(file)) => {
            let file = context.host.absolute(file)?;
            let made = archive::write(&mut registry, &parts, &file, context.ui)?;
            context.ui.say(format!("wrote {}", Shown(&file)));
            made
        }
        (dir, None) => {
            let dir = context.host.absolute(dir.as_deref().unwrap_or(Path::new(".")))?;
            let made = unpack::unpack(&mut registry, &parts, &dir, context.ui)?;
            context.ui.say(format!("unpacked {reference} into {}", Shown(&dir)));
            made
        }
    };
    context.ui.say(format!(
        "{}, {} and {}",
        count(made.files, "file", "files"),
        count(made.links, "link", "links"),
        size(made.bytes)
    ));
    if made.left_out > 0 {
        context.ui.say(format!("left out: {}", count(made.left_out, "device", "devices or pipes")));
    }
    Ok(())
}

pub(super) fn deploy(context: &Context, arguments: &ImageDeploy) -> Result<()> {
    let reference = reference(context, &arguments.from)?;
    let root = context.host.absolute(&arguments.root)?;
    if arguments.undo {
        let place = deploy::undo(&reference, &root)?;
        context.ui.say(format!("{reference} is {} again", Shown(&place)));
        return Ok(());
    }
    let (mut registry, parts) = asked(context, &arguments.from, &reference)?;
    let done =
        deploy::deploy(&mut registry, &parts, (&reference, &root), (&context.dirs, context.ui))?;
    let what = if done.is_new { "unpacked into" } else { "was there already as" };
    context.ui.say(format!("{reference} {what} {}", Shown(&done.place)));
    context.ui.say(format!("{} leads to it", Shown(&done.link)));
    let shared = &done.shared;
    for (files, how) in [(shared.clones, "as a reflink"), (shared.links, "as a hard link")] {
        if files > 0 {
            context.ui.say(format!(
                "{} of the image before, {how}: {} are there once",
                count(files, "file is that", "files are those"),
                size(shared.bytes)
            ));
        }
    }
    if let Some(file) = &arguments.wishlist {
        let file = context.host.absolute(file)?;
        let is_new = wishlist::add(&file, &reference)?;
        let what = if is_new { "has its line now" } else { "has its line already" };
        context.ui.say(format!("{} {what}", Shown(&file)));
    } else {
        context.ui.say(format!("for a wish list of CVMFS: {}", wishlist::line(&reference)));
    }
    prune(context, arguments, &root)
}

fn prune(context: &Context, arguments: &ImageDeploy, root: &Path) -> Result<()> {
    let (Some(keep), Some(days)) = (arguments.prune, arguments.older) else { return Ok(()) };
    let age = Duration::from_secs(days.saturating_mul(24 * 60 * 60));
    for unused in deploy::unused(root, keep, age, &context.dirs)? {
        match &unused.env {
            Some(env) if !arguments.force => {
                context.ui.warn(format!(
                    "{} stays: {} stands on it",
                    Shown(&unused.place),
                    Shown(env)
                ));
            }
            _ => {
                deploy::remove(&unused)?;
                context.ui.say(format!("removed {}", Shown(&unused.place)));
            }
        }
    }
    Ok(())
}
