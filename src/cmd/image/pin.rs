//! `mlenv image pin`: the digests of a description's bases, written into it.

use std::io::Write as _;

use super::catalogue;
use crate::cli::ImagePin;
use crate::context::Context;
use crate::error::{Attempt, Error, Result};
use crate::foreign::{self, FileKind};
use crate::fs;
use crate::image::Reference;
use crate::image::recipe::Start;
use crate::image::recipe::pins::{self, Place};
use crate::image::registry::Registry;
use crate::text::{Shown, shown};

pub(super) fn run(context: &Context, arguments: &ImagePin) -> Result<()> {
    let path = context.host.absolute(&arguments.file)?;
    let text = match foreign::read_text(&path, FileKind::Settings) {
        Err(cause) if foreign::is_missing(&cause) => {
            return Err(Error::no(format!("there is no description {}", Shown(&path))));
        }
        other => other.attempt("read", &path)?,
    };
    let bases = pins::bases(&text)
        .map_err(|error| error.during(format_args!("could not pin {}", Shown(&path))))?;
    if bases.is_empty() {
        return Err(Error::no(format!("{} names no base", Shown(&path))).hint(
            "what a preset stands on is pinned where the description says it: `base = \"REF\"`",
        ));
    }
    let mut pinned: Vec<Place> = Vec::new();
    for (span, name) in bases {
        let new = of(context, arguments, &name)?;
        if new == name {
            context.ui.say(format!("{} is pinned already", shown(&name)));
        } else {
            context.ui.say(format!("{} is {}", shown(&name), shown(&new)));
            pinned.push((span, new));
        }
    }
    if pinned.is_empty() {
        return Ok(());
    }
    let new = pins::replaced(&text, &pinned);
    fs::rewrite(&path, |_, file| file.write_all(new.as_bytes())).attempt("write", &path)
}

/// A base with the digest of today. A tag stays beside it: to tell people, and to be asked again.
fn of(context: &Context, arguments: &ImagePin, name: &str) -> Result<String> {
    if Start::is_place(name) {
        return Ok(name.to_owned()); // a file has no tag that could move
    }
    let reference = catalogue(context)?.find(name)?.reference.ok_or_else(|| {
        Error::no(format!("{} is in no registry, and has no digest there", shown(name)))
    })?;
    let Some(asked) = by_tag(&reference) else { return Ok(name.to_owned()) };
    let waiting = context.ui.waiting("asking the registry");
    let digest = Registry::new(context.host, &asked, arguments.patience())
        .and_then(|mut registry| registry.digest());
    drop(waiting);
    Ok(asked.pinned(digest?).to_string())
}

/// What a tag means may change; a digest alone says all.
fn by_tag(reference: &Reference) -> Option<Reference> {
    reference.tag().map(|_| reference.unpinned())
}
