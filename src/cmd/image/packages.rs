//! `mlenv image packages`: what is in an image, and who says so.

use serde::Serialize;

use super::{find, here, local, print_json, print_words};
use crate::cli::ImagePackages;
use crate::cmd::packages::aligned;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::image::packages::{self, LABEL, Listed};
use crate::image::registry::{Platform, Registry};
use crate::image::{Image, Reference};
use crate::text::{PathText, Shown, shown};

/// What `image packages` tells.
#[derive(Serialize)]
struct PackagesReport {
    source: ListSource,
    packages: Vec<Listed>,
}

/// Who says what is in it.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
enum ListSource {
    /// The image itself, unpacked here.
    Directory { path: PathText },
    /// A label that the registry shows.
    Label { reference: Reference },
    /// The image itself, in an engine's store.
    Local { engine: &'static str, reference: Reference },
    /// A list that the catalogue names.
    Catalogue { path: PathText },
}

pub(super) fn run(context: &Context, arguments: &ImagePackages) -> Result<()> {
    let image = find(context, &arguments.image)?;
    let report = look(context, arguments, &image)?;
    if arguments.json {
        return print_json(&report);
    }
    context.ui.say(report.source.told());
    let cells = report.packages.iter().map(|package| {
        let by = package.by.map_or(String::new(), |by| by.name().to_owned());
        let build = package.build.as_deref().map_or(String::new(), shown);
        [shown(&package.name), shown(&package.version), by, build]
    });
    print_words(aligned(&cells.collect::<Vec<_>>()))
}

/// Asks one after the other: what is here needs no network and is what it says; a label is of the very image that the
/// tag means; an engine's image was that once; a list may be old.
fn look(context: &Context, arguments: &ImagePackages, image: &Image) -> Result<PackagesReport> {
    let sources: [&dyn Fn() -> Result<Option<PackagesReport>>; 4] = [
        &|| by_directory(context, image),
        &|| by_label(context, arguments, image),
        &|| by_engine(context, image),
        &|| by_catalogue(image),
    ];
    let mut why: Vec<String> = Vec::new();
    for source in sources {
        match source() {
            Ok(Some(report)) => {
                if matches!(report.source, ListSource::Catalogue { .. }) {
                    for why in &why {
                        context.ui.warn(why);
                    }
                }
                return Ok(report);
            }
            Ok(None) => {}
            Err(error) => why.push(error.to_string()),
        }
    }
    Err(unknown(image, &why))
}

fn by_directory(context: &Context, image: &Image) -> Result<Option<PackagesReport>> {
    let mut failure = None;
    for dir in here(image) {
        match packages::of_directory(&dir, &context.dirs.cache) {
            Ok(packages) => {
                let source = ListSource::Directory { path: PathText(dir) };
                return Ok(Some(PackagesReport { source, packages }));
            }
            Err(error) => failure = Some(error),
        }
    }
    failure.map_or(Ok(None), Err)
}

fn by_label(
    context: &Context,
    arguments: &ImagePackages,
    image: &Image,
) -> Result<Option<PackagesReport>> {
    let Some(reference) = &image.reference else { return Ok(None) };
    let waiting = context.ui.waiting("asking the registry");
    let facts =
        Registry::new(context.host, reference, arguments.patience())?.facts(&Platform::here());
    drop(waiting);
    let facts = facts?;
    let text =
        facts.labels.get(LABEL).ok_or_else(|| Error::no(format!("it has no label {LABEL}")))?;
    let source = ListSource::Label { reference: reference.clone() };
    Ok(Some(PackagesReport { source, packages: packages::of_text(text) }))
}

fn by_engine(context: &Context, image: &Image) -> Result<Option<PackagesReport>> {
    let Some(reference) = &image.reference else { return Ok(None) };
    let found = local::packages(context, reference)?;
    Ok(found.map(|(engine, packages)| {
        let source = ListSource::Local { engine: engine.name(), reference: reference.clone() };
        PackagesReport { source, packages }
    }))
}

fn by_catalogue(image: &Image) -> Result<Option<PackagesReport>> {
    let Some(list) = &image.packages else { return Ok(None) };
    let packages = packages::of_file(list)?;
    Ok(Some(PackagesReport {
        source: ListSource::Catalogue { path: PathText(list.clone()) },
        packages,
    }))
}

impl ListSource {
    fn told(&self) -> String {
        match self {
            Self::Directory { path } => format!("from the image itself, in {}", Shown(&path.0)),
            Self::Label { reference } => format!("from the label {LABEL} of {reference}"),
            Self::Local { engine, reference } => {
                format!("from the image itself: {engine} has {reference} in its store")
            }
            Self::Catalogue { path } => format!("from the catalogue's list {}", Shown(&path.0)),
        }
    }
}

fn unknown(image: &Image, why: &[String]) -> Error {
    let title = shown(&image.title());
    let first = format!(
        "what is in {title} cannot be known without pulling it: it is not here as a directory"
    );
    let why = if why.is_empty() {
        first
    } else {
        format!("what is in {title} cannot be known: {}", why.join("; "))
    };
    Error::no(why).hint("pull it with an engine and look inside, or ask whoever publishes it for a label (docs/images.md)")
}
