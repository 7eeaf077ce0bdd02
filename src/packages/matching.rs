//! `base match`: which base has most of what a file asks for. `candidates` finds bases and images, `weight` what would have
//! to be fetched for each.

mod candidates;
#[cfg(feature = "conda")]
mod weight;

use serde::Serialize;

use self::candidates::{Candidate, all};
use super::asked;
use super::explicit::Listed;
use super::project::{Wanted, names};
use super::served::serves_spec;
use crate::base::installed::{Installed, Manager};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::specs::condition::World;
use crate::specs::need::Need;
use crate::specs::{key, name_of};
use crate::text::PathText;

/// One base or image against what is asked for.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Row {
    pub(crate) name: String,
    /// Where it is; an image that is not here has none.
    pub(crate) path: Option<PathText>,
    /// Its Python, where it tells.
    pub(crate) python: Option<String>,
    pub(crate) python_fits: bool,
    /// What is asked for and there.
    pub(crate) has: Vec<String>,
    /// What is there in a version that will not do.
    pub(crate) differs: Vec<Other>,
    pub(crate) lacks: Vec<String>,
    /// How many bytes of conda packages would have to be fetched, where that is known.
    pub(crate) fetch: Option<u64>,
    /// Conda's packages that are lacking do not fit what is there.
    pub(crate) conflicts: bool,
    /// What stands for it where sizes are worked out.
    #[serde(skip)]
    candidate: Candidate,
}

/// A package that is there in another version.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Other {
    pub(crate) asked: String,
    pub(crate) version: String,
}

/// What is asked for.
struct Asked {
    conda: Vec<String>,
    archives: Vec<Listed>,
    pip: Vec<String>,
    channels: Vec<String>,
}

/// Who may be asked over the network.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asks {
    /// Registries, for the labels of images that are neither here nor listed.
    pub(crate) registries: bool,
    /// Channels, for what is new.
    pub(crate) channels: bool,
}

/// Compares all bases and images that are known with what files ask for, the one that needs the least first.
pub(crate) fn rank(context: &Context, wanted: &[Wanted], asks: Asks) -> Result<Vec<Row>> {
    let asked = Asked::of(context, wanted)?;
    let mut rows: Vec<Row> = all(context, asks.registries)?
        .into_iter()
        .map(|candidate| row(&asked, wanted, candidate))
        .collect();
    if rows.is_empty() {
        return Err(Error::no("no base and no image is known whose packages can be listed")
            .hint("`mlenv base add DIR --name NAME` gives a base a name"));
    }
    #[cfg(feature = "conda")]
    weight::add(context, &asked, &mut rows, !asks.channels);
    rows.sort_by_cached_key(|row| {
        let missing = row.differs.len() + row.lacks.len();
        (!row.python_fits, row.conflicts, missing, row.fetch.unwrap_or_default(), row.name.clone())
    });
    Ok(rows)
}

impl Asked {
    fn of(context: &Context, wanted: &[Wanted]) -> Result<Self> {
        let mut asked =
            Self { conda: Vec::new(), archives: Vec::new(), pip: Vec::new(), channels: Vec::new() };
        for file in wanted {
            asked.conda.extend(file.conda.iter().cloned());
            asked.archives.extend(file.archives.iter().map(|one| one.listed.clone()));
            asked.pip.extend(file.pip.iter().chain(&file.locked).cloned());
            asked.pip.extend(asked::requests(context, &file.files)?);
            asked.channels.extend(file.channels.iter().cloned());
        }
        Ok(asked)
    }
}

fn row(asked: &Asked, wanted: &[Wanted], candidate: Candidate) -> Row {
    let python = candidate.python();
    let fits = |version: &str| {
        wanted.iter().all(|file| file.python.as_ref().is_none_or(|wish| wish.admits(version)))
    };
    let mut row = Row {
        name: candidate.name.clone(),
        path: candidate.path.clone().map(PathText),
        python_fits: python.as_deref().is_none_or(fits),
        has: Vec::new(),
        differs: Vec::new(),
        lacks: Vec::new(),
        fetch: None,
        conflicts: false,
        candidate,
        python,
    };
    for spec in &asked.conda {
        let there = row.candidate.of_conda(name_of(spec).unwrap_or(spec)).cloned();
        row.note(spec, there, |there| serves_spec(there, spec));
    }
    for one in &asked.archives {
        // What the base has by another build does as a rule.
        let there = row.candidate.of_conda(&one.package.name).cloned();
        let words = format!("{}=={}", one.package.name, one.package.version);
        row.note(&words, there, |there| there.version == one.package.version);
    }
    let world = World::new(row.python.as_deref().unwrap_or_default());
    for line in &asked.pip {
        let Some(name) = name_of(line) else {
            row.lacks.push(line.clone());
            continue;
        };
        let there = row.candidate.of_python(name).cloned();
        let need = Need::parse(line, &world);
        row.note(line, there, |there| need.is_none_or(|need| need.is_met_by(&there.version)));
    }
    row
}

impl Row {
    fn note(
        &mut self,
        asked: &str,
        there: Option<Installed>,
        does: impl FnOnce(&Installed) -> bool,
    ) {
        match there {
            None => self.lacks.push(asked.to_owned()),
            Some(there) if does(&there) => self.has.push(asked.to_owned()),
            Some(there) => {
                self.differs.push(Other { asked: asked.to_owned(), version: there.version });
            }
        }
    }
}

impl Candidate {
    fn of_conda(&self, name: &str) -> Option<&Installed> {
        let key = key(name);
        self.packages.iter().find(|there| there.key() == key)
    }

    /// By the name that Python's packagers have for it.
    fn of_python(&self, name: &str) -> Option<&Installed> {
        let wanted = key(name);
        let is_it = |there: &&Installed| {
            there.key() == wanted
                || there.by == Manager::Conda
                    && names::for_pip(&there.name).is_some_and(|theirs| key(&theirs) == wanted)
        };
        self.packages.iter().find(is_it)
    }

    fn python(&self) -> Option<String> {
        let of_list = || self.packages.iter().find(|there| there.name == "python");
        self.python.clone().or_else(|| of_list().map(|there| there.version.clone()))
    }
}
