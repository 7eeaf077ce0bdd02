//! Consent that goes along: what mlenv does to an env at the user's word (`rebase`, `rename`, `create --force`, `clone`
//! onto a place that a marker names) leaves the user's answers as they were. Only those that held just before, and
//! only as far as they went: who could not change it then is asked about now.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::answer::{Allowed, Consent};
use super::{Store, Subject, Verdict, content};
use crate::config::Dirs;
use crate::consent::marker::Marker;
use crate::error::{Error, Result};
use crate::ownership::{Role, Who};

/// The consents to one env that hold.
pub(crate) struct Kept<'a> {
    dirs: &'a Dirs,
    store: Store,
    held: Vec<(PathBuf, BTreeSet<Who>)>,
}

impl<'a> Kept<'a> {
    /// Looks before anything changes. `env` may not be there: then what was allowed is that place.
    pub(crate) fn of(dirs: &'a Dirs, env: &Path) -> Self {
        let store = Store::new(dirs);
        let env = without_links(env);
        let markers = store.markers_of(&env).into_iter();
        let held = markers.filter_map(|path| {
            let shared = holds(&store, &path, &env, dirs)?;
            Some((path, shared))
        });
        let held = held.collect();
        Self { dirs, store, held }
    }

    /// The markers whose consent holds.
    pub(crate) fn markers(&self) -> impl Iterator<Item = &Path> {
        self.held.iter().map(|(marker, _)| marker.as_path())
    }

    /// Gives consent to the env that is there now. Returns what stands against that, by marker.
    pub(crate) fn renew(&self) -> Vec<Error> {
        let all = self.held.iter();
        all.filter_map(|(marker, shared)| self.renew_one(marker, shared).err()).collect()
    }

    fn renew_one(&self, path: &Path, shared: &BTreeSet<Who>) -> Result<()> {
        let Some(marker) = Marker::read(path.parent().unwrap_or(path))? else { return Ok(()) };
        let subject = Subject::of(&marker, &marker.env(&self.dirs.envs), &self.store.judge)?;
        let more = subject.exposures.iter();
        let more = more.filter(|one| !self.store.judge.is_among(one.who, shared));
        let more: Vec<_> = more.cloned().collect();
        if more.is_empty() {
            return self.store.consent(&subject, shared.clone());
        }
        Err(Verdict::Exposed(more).refusal(path).unwrap_or_else(|| Error::no("not trusted")))
    }
}

/// Who else may change it, where the user's consent holds.
fn holds(store: &Store, path: &Path, env: &Path, dirs: &Dirs) -> Option<BTreeSet<Who>> {
    let Some(Consent::Allow(allowed)) = store.answer(path).ok()? else { return None };
    let marker = Marker::read(path.parent()?).ok()??;
    let named = without_links(&marker.env(&dirs.envs));
    let holds = if env.symlink_metadata().is_ok() {
        let subject = Subject::of(&marker, &named, &store.judge).ok()?;
        store.verdict(&subject).ok()? == Verdict::Trusted
    } else {
        named == env
            && content(&marker) == allowed.content
            && is_covered(store, &marker, env, &allowed)
    };
    holds.then_some(allowed.shared)
}

/// As `holds`, of a place where no env is.
fn is_covered(store: &Store, marker: &Marker, env: &Path, allowed: &Allowed) -> bool {
    let judge = &store.judge;
    let mut found: BTreeSet<_> =
        judge.exposures(&marker.path, &marker.meta, Role::Content).into_iter().collect();
    let above = [marker.path.as_path(), env];
    above.iter().all(|path| judge.above(path, &mut found).is_ok())
        && found.iter().all(|one| judge.is_among(one.who, &allowed.shared))
}

/// The path as consent has it, also where there is nothing at its end.
pub(crate) fn without_links(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => {
            parent.canonicalize().unwrap_or_else(|_| parent.to_owned()).join(name)
        }
        _ => path.to_owned(),
    })
}
