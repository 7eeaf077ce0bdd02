//! What the user allowed and denied: one small file per marker, in a directory that is the user's alone.
//!
//! The file's name is the hash of the marker's path, so a hook can watch it before there is any: that is how
//! `mlenv allow` in one terminal takes effect at the next prompt of another.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::answer::{Allowed, Consent};
use super::{Subject, Verdict, content};
use crate::config::{Dirs, read_toml};
use crate::consent::marker::Marker;
use crate::error::{Attempt, Error, Result};
use crate::ownership::{Exposure, Judge, Who};
use crate::text::{PathText, hex};

/// The answers of one user.
#[derive(Debug)]
pub(crate) struct Store {
    dir: PathBuf,
    /// For whom it is, and who else there is.
    pub(crate) judge: Judge,
}

impl Store {
    /// The store of the user who runs this process.
    pub(crate) fn new(dirs: &Dirs) -> Self {
        Self { dir: dirs.state.join("trust"), judge: Judge::new() }
    }

    /// The file that holds the user's consent to the marker `path`, or will. It is there while the user consents to
    /// some text of that marker, and a denial takes it away. `path` has no links in it.
    pub(crate) fn answer_path(&self, path: &Path) -> PathBuf {
        self.dir.join(hex(&Sha256::digest(path.as_os_str().as_bytes())))
    }

    /// Where consent to the marker is, and where a denial.
    fn paths(&self, marker: &Path) -> (PathBuf, PathBuf) {
        let yes = self.answer_path(marker);
        let no = yes.with_extension("no");
        (yes, no)
    }

    /// Decides about what `subject` saw.
    pub(super) fn verdict(&self, subject: &Subject) -> Result<Verdict> {
        Ok(Consent::verdict(self.answer(&subject.marker)?.as_ref(), subject, &self.judge))
    }

    /// True where the user denied this marker, whatever it says.
    pub(crate) fn denies(&self, marker: &Path) -> Result<bool> {
        Ok(matches!(self.answer(marker)?, Some(Consent::Deny { .. })))
    }

    /// The env that the user allowed `marker`, as it says now, to activate; whatever became of it.
    pub(crate) fn allowed_env(&self, marker: &Marker) -> Option<PathBuf> {
        match self.answer(&marker.path).ok()?? {
            Consent::Allow(allowed) if allowed.content == content(marker) => Some(allowed.env.0),
            _ => None,
        }
    }

    /// The markers that the user allowed to activate the env at `env`, whatever became of them.
    pub(crate) fn markers_of(&self, env: &Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(&self.dir).into_iter().flatten().flatten();
        let answers = entries.filter_map(|entry| read_toml::<Consent>(&entry.path()).ok()?);
        let named = answers.filter_map(|answer| match answer {
            Consent::Allow(allowed) if allowed.env.0 == env => Some(allowed.marker.0),
            _ => None,
        });
        let mut markers: Vec<PathBuf> = named.collect();
        markers.sort();
        markers
    }

    /// Writes the user's consent. `shared` says whether it covers that others can change marker or env.
    pub(crate) fn allow(&self, subject: &Subject, shared: Shared) -> Result<()> {
        if shared == Shared::No && !subject.exposures.is_empty() {
            let exposed = Verdict::Exposed(subject.exposures.iter().cloned().collect());
            return Err(exposed
                .refusal(&subject.marker)
                .unwrap_or_else(|| Error::no("not trusted")));
        }
        self.consent(subject, subject.exposures.iter().map(|one| one.who).collect())
    }

    /// Consent to what `subject` saw, whoever of `shared` may change it.
    pub(super) fn consent(&self, subject: &Subject, shared: BTreeSet<Who>) -> Result<()> {
        self.write(&Consent::Allow(Allowed {
            marker: PathText(subject.marker.clone()),
            content: subject.content.clone(),
            env: PathText(subject.env.clone()),
            identity: subject.identity.clone(),
            shared,
        }))
    }

    /// Those of `exposures` that the user's consent to the marker `path`, whatever it said, does not cover.
    pub(crate) fn uncovered(&self, path: &Path, exposures: &BTreeSet<Exposure>) -> Vec<Exposure> {
        let shared = match self.answer(path) {
            Ok(Some(Consent::Allow(allowed))) => allowed.shared,
            _ => BTreeSet::new(),
        };
        let all = exposures.iter().filter(|one| !self.judge.is_among(one.who, &shared));
        all.cloned().collect()
    }

    /// Takes consent to the marker `path` back, without a denial.
    pub(crate) fn forget(&self, path: &Path) -> Result<()> {
        let consent = self.answer_path(path);
        crate::fs::remove_file(&consent).attempt("remove", &consent)
    }

    /// Writes the user's refusal of whatever lies at `marker`.
    pub(crate) fn deny(&self, marker: &Path) -> Result<()> {
        self.write(&Consent::Deny { marker: PathText(marker.to_owned()) })
    }

    /// Reads the answer, if it is the user's own: a file that somebody else put there counts as none.
    pub(super) fn answer(&self, marker: &Path) -> Result<Option<Consent>> {
        if !self.judge.is_users_alone(&self.dir) {
            return Ok(None);
        }
        let (yes, no) = self.paths(marker);
        for path in [no, yes] {
            if self.judge.is_users_alone(&path) && path.is_file() {
                let answer: Option<Consent> = read_toml(&path)?;
                return Ok(answer.filter(|answer| answer.marker() == marker));
            }
        }
        Ok(None)
    }

    /// A hook watches whether consent is there: a denial is written first and then takes it away; consent is written
    /// last. Between the two there is a denial, or no answer.
    fn write(&self, answer: &Consent) -> Result<()> {
        self.judge.make_private_dir(&self.dir)?;
        let (yes, no) = self.paths(answer.marker());
        let text = toml::to_string(answer)
            .map_err(|cause| Error::new(format!("could not write consent: {cause}")))?;
        let write =
            |path: &Path| crate::fs::write_private(path, text.as_bytes()).attempt("write", path);
        let remove = |path: &Path| crate::fs::remove_file(path).attempt("remove", path);
        match answer {
            Consent::Deny { .. } => write(&no).and_then(|()| remove(&yes)),
            Consent::Allow(_) => remove(&no).and_then(|()| write(&yes)),
        }
    }
}

/// Whether consent covers that others can change what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shared {
    /// It does not: an exposed marker or env is refused.
    No,
    /// It does, for those who can now.
    Accepted,
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests build worlds of their own")]
mod tests;
