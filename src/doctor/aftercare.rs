//! What is looked at once a package manager was at work in an env: what it took of the base's comes back, the rest is
//! told.

use super::change::Change;
use super::examine::examine;
use super::facts::{Examination, Facts};
use super::finding::{EnvFault, Finding};
use super::repair;
use crate::error::Result;

/// What package managers do to an env that belongs together with its base, and what is put right without a word.
const USUAL: [EnvFault; 13] = [
    // pip writes paths with a `$` so that no shell finds them.
    EnvFault::ProgramsAstray,
    EnvFault::EntriesMissing,
    EnvFault::PackagesRemoved,
    EnvFault::RecordsDouble,
    EnvFault::LinksDangling,
    EnvFault::LinksToPrograms,
    EnvFault::CondaHistory,
    EnvFault::CondaPins,
    EnvFault::PulledUp,
    EnvFault::PackagesSplit,
    EnvFault::PipElsewhere,
    // A Python of the env's own went again.
    EnvFault::PythonConfig,
    EnvFault::Leftovers,
];

/// What came of it.
pub(crate) struct Aftercare {
    /// Packages of the base that came back.
    pub(crate) returned: Vec<String>,
    /// What is left for the user to see to.
    pub(crate) left: Vec<Finding>,
}

/// Looks, and mends what is usual and what is of these sorts `too`. The caller holds the env's lock.
pub(crate) fn aftercare(order: &Examination, too: &[EnvFault]) -> Result<Aftercare> {
    let found = examine(&Facts::take(order)?)?.into_iter();
    // How an older mlenv made the env is nothing that the package manager did.
    let found = found.filter(|finding| finding.kind != EnvFault::PythonIndirect);
    let is_usual = |kind: &EnvFault| USUAL.contains(kind) || too.contains(kind);
    let (usual, left): (Vec<Finding>, Vec<Finding>) =
        found.partition(|finding| is_usual(&finding.kind) && finding.is_fixable());
    let changes: Vec<Change> = usual.iter().flat_map(Finding::changes).cloned().collect();
    if !changes.is_empty() {
        repair::apply(order.env, changes)?;
    }
    let removed = usual.into_iter().filter(|finding| finding.kind == EnvFault::PackagesRemoved);
    Ok(Aftercare { returned: removed.flat_map(|finding| finding.items).collect(), left })
}
