//! `mlenv image freeze`: an env as an image.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::super::site;
use super::sif;
use crate::base::Base;
use crate::cli::{ImageFreeze, ImageTo as To, Sending};
use crate::context::Context;
use crate::env::record::Record;
use crate::error::{Error, Result};
use crate::fs;
use crate::image::registry::content::ImageContent;
use crate::image::registry::{Platform, Registry};
use crate::image::{Catalogue, Reference};
use crate::layers::freeze::{self, Frozen, Wish};
use crate::layers::output::{self, Output};
use crate::layers::push::{self, Target};
use crate::text::{Shown, count, shown, size};

/// Of many files only so many are named.
const FEW: usize = 12;

pub(super) fn run(context: &Context, arguments: &ImageFreeze) -> Result<()> {
    check(&arguments.to)?;
    let word = site::of(context, &arguments.of)?;
    let env = super::super::env_only_here(context, word.as_deref())?;
    crate::doctor::relocate::check_settled(&env.path, &env.record)?;
    let path = env.record.prefix.0.clone();
    let base = Base::of_prefix(&env.record.base.path.0, &context.dirs.cache)
        .or_else(|_| Base::of_prefix(&env.record.base.prefix.0, &context.dirs.cache))?;
    let image = image(context, arguments, &env.record, &base)?;
    let base_prefix = freeze::base_prefix(&base, arguments.base_prefix.as_deref())?;
    let prefix = place(&arguments.to, path.file_name().unwrap_or_default())?;
    let _lock = fs::lock_for_work(&path, &Shown(&path).to_string())?;
    let mut registry = Registry::new(context.host, &image, arguments.to.sending.patience())?;
    let parts = registry.content(&Platform::here())?;
    check_image(&base, &parts, &image)?;
    let include: Vec<PathBuf> = arguments
        .include
        .iter()
        .map(|it| it.strip_prefix(&path).unwrap_or(it).to_owned())
        .collect();
    let wish = Wish {
        env: &path,
        record: &env.record,
        prefix: &prefix,
        base_prefix: &base_prefix,
        include: &include,
        vars: &arguments.with_vars,
        image: &image,
        labels: &BTreeMap::new(),
    };
    let frozen = freeze::freeze(&wish, &parts, (&context.dirs, context.ui))?;
    tell(context, &frozen);
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or("env");
    deliver(context, &arguments.to, (&image, &mut registry, &parts), (&frozen, name))
}

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
    (image, registry, parts): (&Reference, &mut Registry, &ImageContent),
    (frozen, name): (&Frozen, &str),
) -> Result<()> {
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
        let sent = push::push(context.host, (image, registry, parts), frozen, &wanted)?;
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

/// Named, else of the catalogue, else what the base's place says.
fn image(
    context: &Context,
    arguments: &ImageFreeze,
    record: &Record,
    base: &Base,
) -> Result<Reference> {
    if let Some(named) = &arguments.base_image {
        return super::find(context, named)?.reference.ok_or_else(|| {
            Error::no(format!("{} is not in a registry", shown(named)))
                .hint("name it as in ghcr.io/lab/ml:v1")
        });
    }
    let catalogue = Catalogue::load(&context.dirs)?;
    let by_name = record.base.name.as_deref().and_then(|name| catalogue.named(name).ok().flatten());
    let by_name = by_name.and_then(|image| image.reference);
    let by_place = record.base.path.0.ancestors().find_map(freeze::reference_of);
    by_name.or(by_place).ok_or_else(|| {
        Error::no(format!("it is not known which image has {}", Shown(&base.prefix)))
            .hint("say so: `--base-image REF`")
    })
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

/// The base that the env stands on has to be the one that is in the image.
fn check_image(base: &Base, parts: &ImageContent, image: &Reference) -> Result<()> {
    match &base.fingerprint.image {
        Some(known) if known != parts.id.hex() => Err(Error::no(format!(
            "{image} means another image by now than the one that {} is of",
            Shown(&base.prefix)
        ))
        .hint(
            "name the old one by its digest with --base-image REPO@sha256:..., or rebase the env",
        )),
        _ => Ok(()),
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
