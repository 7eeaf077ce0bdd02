//! What only the base image and the files of a description tell: as whom containers run, of what an image was made, and what
//! a build could not see. All of it is known, and said, before anything is built.

use std::path::Path;
use std::time::Duration;

use super::build::spec_digest;
use super::spec::{Described, is_of_disk, of_disk};
use crate::context::Context;
use crate::error::{Attempt, Error, Result};
use crate::foreign::{self, FileKind};
use crate::image::recipe::Start;
use crate::image::registry::{Platform, Registry};
use crate::image::{BASE_LABEL, SPEC_LABEL};
use crate::packages::fulfil;
use crate::packages::project::Parts;
use crate::packages::requirements::{Line, decoded, lines};
use crate::text::{Shown, shown};

impl Described {
    /// Adds the base's user and the labels. The registry is asked where it is not known who runs in the base, or `is_built`.
    pub(super) fn complete(
        &mut self,
        context: &Context,
        patience: Duration,
        is_built: bool,
    ) -> Result<()> {
        if let Some(digest) = spec_digest(self.file.as_deref())? {
            self.recipe.labels.entry(SPEC_LABEL.to_owned()).or_insert(digest);
        }
        if self.recipe.user.is_some() && !is_built {
            return Ok(());
        }
        // A file says nothing of a user: whoever starts it runs in it.
        let Start::Named(base) = &self.base else { return Ok(()) };
        let facts = Registry::new(context.host, base, patience)
            .and_then(|mut registry| registry.facts(&Platform::here()));
        match facts {
            Ok(facts) => {
                if self.recipe.user.is_none() {
                    self.recipe.user = facts.user;
                }
                let base = || facts.manifest.to_string();
                self.recipe.labels.entry(BASE_LABEL.to_owned()).or_insert_with(base);
            }
            Err(error) if self.recipe.user.is_none() => {
                context.ui.warn(format!(
                    "commands in the image will run as root, as it is not known who runs in {}: {error}",
                    self.base
                ));
                context.ui.hint("`user = \"NAME\"` in a description says it");
            }
            Err(_) => {}
        }
        Ok(())
    }

    /// Refuses what pip and conda would look for in vain in the image: they see the files that the description names, and
    /// nothing else of this machine.
    pub(super) fn check_files(&self, context: &Context) -> Result<()> {
        for file in &self.recipe.pip {
            let path = self.dir.join(&file.0);
            requirements(&path).map_err(|error| within(error, &path))?;
        }
        let Some(file) = &self.recipe.conda else { return Ok(()) };
        let path = self.dir.join(&file.0);
        if !path.exists() {
            return Ok(()); // told with the others that are missing
        }
        let read =
            fulfil::read(context, std::slice::from_ref(&path), &Parts::default(), &mut Vec::new())?;
        fulfil::tell(context, &read);
        for wanted in read {
            wanted.pip.iter().try_for_each(|need| portable(need)).map_err(|e| within(e, &path))?;
            if let Some(other) = wanted.files.first() {
                return Err(within(unseen(other), &path));
            }
        }
        Ok(())
    }
}

fn within(error: Error, path: &Path) -> Error {
    error.during(format_args!("could not use {}", Shown(path)))
}

fn requirements(path: &Path) -> Result<()> {
    let bytes = match foreign::read(path, FileKind::PackageData) {
        Err(cause) if foreign::is_missing(&cause) => return Ok(()), // told with the others that are missing
        other => other.attempt("read", path)?,
    };
    for line in lines(&decoded(&bytes)) {
        match line {
            Line::Need(need) => portable(&need)?,
            Line::Editable(place) if place.contains("://") && !place.contains("file:") => {}
            Line::Editable(place) => return Err(of_disk(&format!("-e {place}"))),
            Line::File(place) => return Err(unseen(Path::new(&place))),
        }
    }
    Ok(())
}

/// Refuses a directory or a file of this machine.
fn portable(need: &str) -> Result<()> {
    let is_path = need.trim_start().starts_with(['.', '/', '~']) || need.starts_with("file:");
    if is_path || is_of_disk(need) || need.starts_with("-e ") && !need.contains("://") {
        return Err(of_disk(need));
    }
    Ok(())
}

fn unseen(other: &Path) -> Error {
    let other = other.to_string_lossy();
    Error::new(format!("it names {}, which is not in the image where it is read", shown(&other)))
        .hint("a description can list several files: `pip = [\"a.txt\", \"b.txt\"]`")
}
