//! `mlenv image freeze`: an env as an image.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::super::site;
use super::changed;
use super::delivery::{check, deliver, place, place_of, tell};
use super::ground::Ground;
use crate::activation::Place;
use crate::base::Base;
use crate::cli::{ImageFreeze, ImageTo as To};
use crate::context::Context;
use crate::engine::reenter;
use crate::env::record::Record;
use crate::error::{Error, Result};
use crate::fs;
use crate::image::digest::Digest;
use crate::image::registry::content::ImageContent;
use crate::image::{Catalogue, Reference};
use crate::layers::freeze::{self, Wish};
use crate::text::{Shown, shown};

pub(super) fn run(context: &Context, arguments: &ImageFreeze) -> Result<()> {
    check(&arguments.to)?;
    if let Some(dir) = &arguments.container {
        return changed::run(context, arguments, dir);
    }
    let word = site::of(context, &arguments.of)?;
    check_seen(context, word.as_deref(), &arguments.to)?;
    let env = super::super::env_here(context, word.as_deref())?;
    crate::doctor::relocate::check_settled(&env.path, &env.record)?;
    let path = env.record.prefix.0.clone();
    let base = Base::of_prefix(&env.record.base.path.0, &context.dirs.cache)
        .or_else(|_| Base::of_prefix(&env.record.base.prefix.0, &context.dirs.cache))?;
    let image = image(context, arguments, &env.record, &base)?;
    let base_prefix = freeze::base_prefix(&base, arguments.base_prefix.as_deref())?;
    let prefix = place(&arguments.to, path.file_name().unwrap_or_default())?;
    let _lock = fs::lock_for_work(&path, &Shown(&path).to_string())?;
    let patience = arguments.to.sending.patience();
    let ground = Ground::ask(context, (&image, &image), patience)?;
    check_image(&base, &ground.parts, &image)?;
    let made_on = freeze::made_on(&ground.parts);
    let mut ground = ground.lowest(context, made_on.as_ref(), patience);
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
        below: None,
        include: &include,
        vars: &arguments.with_vars,
        image: ground.name,
        labels: &BTreeMap::new(),
    };
    let frozen = freeze::freeze(&wish, &ground.parts, (&context.dirs, context.ui))?;
    tell(context, &frozen);
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or("env");
    deliver(context, &arguments.to, &mut ground, (&frozen, name))
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
    let by_place = || record.base.path.0.ancestors().find_map(freeze::reference_of);
    by_name.or_else(by_place).or_else(|| of_container(record)).ok_or_else(|| {
        Error::no(format!("it is not known which image has {}", Shown(&base.prefix)))
            .hint("say so: `--base-image REF`")
    })
}

/// The very image of the container that the env lives in.
fn of_container(record: &Record) -> Option<Reference> {
    let lives = record.container.as_ref()?;
    let named = Reference::parse(lives.image.as_ref()?.0.to_str()?).ok()?;
    let digest = lives.digest.as_deref().and_then(|text| Digest::parse(text).ok());
    Some(digest.map_or_else(|| named.clone(), |digest| named.pinned(digest)))
}

/// Refuses a file that would be written where only an env's container sees it.
fn check_seen(context: &Context, word: Option<&OsStr>, to: &To) -> Result<()> {
    let Some(output) = &to.output else { return Ok(()) };
    let env = super::super::env_of(context, word)?;
    let Some(way) = reenter::way(context, &Place::Env(env.path))? else { return Ok(()) };
    let output = place_of(context, output)?;
    let parent = output.path().parent().unwrap_or(Path::new("/"));
    if way.sees(context, parent) {
        return Ok(());
    }
    Err(Error::no(format!("{} is not seen in {}", Shown(parent), way.label()))
        .hint("name a file beside the env, or one that the container sees"))
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
