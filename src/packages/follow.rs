//! An env that follows a project's file: what the file asked for when the env was last brought to it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::demand::Demand;
use super::opened::Opened;
use super::project::Parts;
use crate::context::Context;
use crate::env::followed::{Followed, look};
use crate::error::{Attempt, Result};
use crate::foreign::{self, FileKind};
use crate::text::{PathText, hex};

/// A project's file, and what it asks for of one base.
pub(crate) struct Aim {
    /// The file.
    pub(crate) file: PathBuf,
    /// The optional parts that are meant.
    pub(crate) parts: Parts,
    /// What it asks for.
    pub(crate) demand: Demand,
}

impl Aim {
    /// The project's directory.
    pub(crate) fn dir(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new("/"))
    }

    /// True where the env was brought to just this, and has it still.
    pub(crate) fn is_reached(&self, context: &Context, site: &Opened) -> Result<bool> {
        let Some(then) = &site.record.project else { return Ok(false) };
        let is_same = then.file.0 == self.file && then.content == self.content(context)?;
        Ok(is_same && self.demand.is_there(context, site)?)
    }

    /// What the env was asked for by the file before, and is not any more.
    pub(crate) fn dropped(&self, context: &Context, site: &Opened) -> Result<Vec<String>> {
        let now = self.demand.names(context)?;
        let then = site.record.project.iter().flat_map(|then| &then.packages);
        Ok(then.filter(|name| !now.contains(*name)).cloned().collect())
    }

    /// Writes down that the env follows the file; `kept` are packages that it asked for before, and that are there still.
    pub(crate) fn remember(&self, context: &Context, site: &Opened, kept: &[String]) -> Result<()> {
        let mut packages: BTreeSet<String> = self.demand.names(context)?;
        packages.extend(kept.iter().cloned());
        let followed = Followed {
            file: PathText(self.file.clone()),
            content: self.content(context)?,
            stat: look(&self.file),
            extras: self.parts.extras.clone(),
            groups: self.parts.groups.clone(),
            packages: packages.into_iter().collect(),
        };
        site.rewrite(|record| record.project = Some(followed))
    }

    fn content(&self, context: &Context) -> Result<String> {
        let mut hash = Sha256::new();
        hash.update(bytes(&self.file)?);
        for line in self.demand.lines(context)? {
            hash.update([0]);
            hash.update(line);
        }
        Ok(hex(&hash.finalize()))
    }
}

fn bytes(file: &Path) -> Result<Vec<u8>> {
    foreign::read(file, FileKind::PackageData).attempt("read", file)
}
