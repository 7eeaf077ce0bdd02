//! `mlenv image ...`: the catalogue, and what registries tell.

mod build;
mod by_apptainer;
mod by_engine;
mod changed;
mod delivery;
mod freeze;
mod ground;
mod info;
mod known;
mod layered;
mod layers;
mod local;
mod locked;
mod own_conda;
mod packages;
mod pin;
mod push;
mod recipe;
mod sif;
pub(super) mod spec;

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{print_json, print_words};
use crate::base::place;
use crate::cli;
use crate::context::Context;
use crate::error::Result;
use crate::image::catalogue::Owner;
use crate::image::{Catalogue, Image, Reference};
use crate::text::table::table;
use crate::text::{PathText, Shown, shown};

pub(super) fn run(context: &Context, command: &cli::Image) -> Result<()> {
    match command {
        cli::Image::List { image, json } => list(context, image.as_deref(), *json),
        cli::Image::Info(arguments) => info::run(context, arguments),
        cli::Image::Packages(arguments) => packages::run(context, arguments),
        cli::Image::Recipe(arguments) => recipe::run(context, arguments),
        cli::Image::Pin(arguments) => pin::run(context, arguments),
        cli::Image::Unpack(arguments) => layers::unpack(context, arguments),
        cli::Image::Build(arguments) => build::run(context, arguments),
        cli::Image::Freeze(arguments) => freeze::run(context, arguments),
        cli::Image::Push(arguments) => push::run(context, arguments),
        cli::Image::Deploy(arguments) => layers::deploy(context, arguments),
    }
}

/// The catalogue, and on stderr what in its files could not be used.
fn catalogue(context: &Context) -> Result<Catalogue> {
    let catalogue = Catalogue::load(&context.dirs)?;
    catalogue.remarks.iter().for_each(|remark| context.ui.warn(remark));
    Ok(catalogue)
}

/// The image that a word means: a directory that is here, else what the catalogue makes of it.
fn find(context: &Context, word: &str) -> Result<Image> {
    let is_path = word.starts_with(['/', '.', '~']);
    let path = context.host.absolute(Path::new(word))?;
    if is_path && path.is_dir() {
        return Ok(Image::at(path));
    }
    let catalogue = catalogue(context)?;
    // A directory here with a base in it is meant, unless the catalogue has that name; one whose base cannot be used
    // too, and says why.
    let is_image = || path.is_dir() && place::look(&path).map_or(true, |found| found.is_some());
    if catalogue.named(word).is_ok_and(|image| image.is_none()) && is_image() {
        return Ok(Image::at(path));
    }
    catalogue.find(word)
}

/// One line of `image list`.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct ImageRow<'a> {
    name: &'a str,
    about: Option<&'a str>,
    reference: Option<&'a Reference>,
    here: Option<PathText>,
    directories: Vec<PathText>,
    from: Owner,
}

fn row(image: &Image) -> ImageRow<'_> {
    ImageRow {
        name: image.name.as_deref().unwrap_or_default(),
        about: image.about.as_deref(),
        reference: image.reference.as_ref(),
        here: image.here().map(|dir| PathText(dir.to_owned())),
        directories: image.directories.iter().cloned().map(PathText).collect(),
        from: image.from,
    }
}

fn list(context: &Context, pattern: Option<&str>, json: bool) -> Result<()> {
    let catalogue = catalogue(context)?;
    let images = catalogue.matching(pattern)?;
    let rows: Vec<ImageRow> = images.into_iter().map(row).collect();
    if json {
        return print_json(&rows);
    }
    let cells = rows.iter().map(|row| {
        let place = match (&row.here, row.reference) {
            (Some(dir), _) => Shown(&dir.0).to_string(),
            (None, Some(reference)) => reference.to_string(),
            (None, None) => "(not here)".to_owned(),
        };
        (false, vec![shown(row.name), place, row.about.map_or(String::new(), shown)])
    });
    print_words(table(
        &["NAME", "PLACE", "ABOUT"],
        &cells.collect::<Vec<_>>(),
        context.host.columns,
    ))
}

/// The places of an image that this machine sees, each once: trees of CVMFS may show one by two names.
fn here(image: &Image) -> Vec<PathBuf> {
    let mut seen = Vec::new();
    let there = image.directories.iter().filter(|dir| dir.is_dir());
    there
        .filter(|dir| {
            let real = dir.canonicalize().ok();
            let is_new = !seen.contains(&real);
            seen.push(real);
            is_new
        })
        .cloned()
        .collect()
}
