//! `mlenv image info`: what a registry tells about an image, and what this machine has of it.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde::Serialize;

use super::{find, here, print_json, print_words};
use crate::base::fingerprint::image_digest;
use crate::cli::ImageInfo;
use crate::context::Context;
use crate::error::Result;
use crate::image::catalogue::Owner;
use crate::image::registry::{ImageFacts, Platform, PullLimit, Registry};
use crate::image::{Image, Reference};
use crate::text::{PathText, Shown, shown, size};

/// What `image info` tells.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct ImageReport<'a> {
    name: Option<&'a str>,
    about: Option<&'a str>,
    reference: Option<&'a Reference>,
    from: Owner,
    here: Vec<Here>,
    registry: Option<ImageFacts>,
}

/// The image as a directory.
#[derive(Serialize)]
struct Here {
    directory: PathText,
    /// The identity of what is there, where its path tells.
    id: Option<String>,
    state: ImageState,
}

/// How a directory stands to the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum ImageState {
    /// It is what the tag means today.
    Same,
    /// The tag means another image by now.
    Other,
    /// One of the two does not tell.
    Unknown,
}

pub(super) fn run(context: &Context, arguments: &ImageInfo) -> Result<()> {
    let image = find(context, &arguments.image)?;
    let directories = here(&image);
    let registry = match ask(context, arguments, &image) {
        // What is here can be told without the registry.
        Err(error) if !directories.is_empty() => {
            context.ui.refuse(&error);
            None
        }
        other => other?,
    };
    let here = directories.into_iter().map(|dir| Here::look(dir, registry.as_ref())).collect();
    let report = ImageReport {
        name: image.name.as_deref(),
        about: image.about.as_deref(),
        reference: image.reference.as_ref(),
        from: image.from,
        here,
        registry,
    };
    if arguments.json { print_json(&report) } else { print_words(text(&report)) }
}

fn ask(context: &Context, arguments: &ImageInfo, image: &Image) -> Result<Option<ImageFacts>> {
    let Some(reference) = &image.reference else { return Ok(None) };
    let wanted = arguments.platform.clone().unwrap_or_else(Platform::here);
    let waiting = context.ui.waiting("asking the registry");
    let facts = Registry::new(context.host, reference, arguments.patience())?.facts(&wanted);
    drop(waiting);
    facts.map(Some)
}

impl Here {
    fn look(dir: PathBuf, facts: Option<&ImageFacts>) -> Self {
        let id = dir.canonicalize().ok().and_then(|real| image_digest(&real));
        let state = match (&id, facts) {
            (Some(id), Some(facts)) if facts.id.hex() == id => ImageState::Same,
            (Some(_), Some(_)) => ImageState::Other,
            _ => ImageState::Unknown,
        };
        Self { directory: PathText(dir), id, state }
    }
}

fn text(report: &ImageReport) -> String {
    let mut text = String::new();
    let mut line = |label: &str, value: String| {
        let _ = writeln!(text, "{label:<12} {value}");
    };
    if let Some(name) = report.name {
        let about = report.about.map_or(String::new(), |about| format!(": {}", shown(about)));
        line("image", format!("{name}{about}"));
    }
    if let Some(reference) = report.reference {
        line("reference", reference.to_string());
    }
    if let Some(facts) = &report.registry {
        of_registry(facts, &mut line);
    }
    for here in &report.here {
        let state = match here.state {
            ImageState::Same => " (what the tag means today)",
            ImageState::Other => " (the tag means another image by now)",
            ImageState::Unknown => "",
        };
        line("here", format!("{}{state}", Shown(&here.directory.0)));
    }
    text
}

fn of_registry(facts: &ImageFacts, line: &mut impl FnMut(&str, String)) {
    line("digest", facts.digest.to_string());
    if facts.manifest != facts.digest {
        line("", format!("{} for {}", facts.manifest, shown(&facts.platform.to_string())));
    }
    line("id", facts.id.to_string());
    line("size", format!("{} compressed, in {} layers", size(facts.size), facts.layers));
    line("created", facts.created.as_deref().map_or("(not told)".to_owned(), shown));
    let platforms: Vec<String> =
        facts.platforms.iter().map(|one| shown(&one.to_string())).collect();
    line("platforms", platforms.join(", "));
    for (name, value) in &facts.labels {
        line("label", format!("{}: {}", shown(name), short(value)));
    }
    if let Some(limit) = &facts.pull_limit {
        line("pulls left", pulls(limit));
    }
}

fn pulls(limit: &PullLimit) -> String {
    let window = match limit.seconds {
        Some(seconds) if seconds >= 3600 => format!(" in {} h", seconds / 3600),
        Some(seconds) => format!(" in {seconds} s"),
        None => String::new(),
    };
    format!("{} of {}{window}", limit.remaining, limit.limit)
}

/// A label's text on one line; some hold whole files.
fn short(value: &str) -> String {
    const MOST: usize = 160;
    match value.char_indices().nth(MOST) {
        Some((end, _)) => {
            format!("{}... ({} characters)", shown(&value[..end]), value.chars().count())
        }
        None => shown(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_label_is_cut_between_characters() {
        assert_eq!(short("a\nb"), r"a\u{a}b");
        assert!(short(&"é".repeat(500)).ends_with("é... (500 characters)"));
    }
}
