//! What is looked at once a package manager was at work in an env: what it took of the base's comes back, the rest is
//! told.

use super::change::Change;
use super::examine::examine;
use super::facts::{Facts, Order};
use super::finding::{Cure, Finding, Kind};
use super::mend;
use crate::error::Result;

/// What package managers do to an env that belongs together with its base, and what is put right without a word.
const USUAL: [Kind; 8] = [
    // pip writes paths with a `$` so that no shell finds them.
    Kind::ProgramsAstray,
    Kind::EntriesMissing,
    Kind::PackagesRemoved,
    Kind::RecordsDouble,
    Kind::LinksDangling,
    Kind::CondaHistory,
    Kind::CondaPins,
    Kind::PulledUp,
];

/// What came of it.
pub(crate) struct Aftercare {
    /// Packages of the base that came back.
    pub(crate) returned: Vec<String>,
    /// What is left for the user to see to.
    pub(crate) left: Vec<Finding>,
}

/// Looks and mends. The caller holds the env's lock.
pub(crate) fn aftercare(order: &Order) -> Result<Aftercare> {
    let (usual, left): (Vec<Finding>, Vec<Finding>) = examine(&Facts::take(order)?)?
        .into_iter()
        .partition(|finding| USUAL.contains(&finding.kind) && finding.is_fixable());
    let changes: Vec<Change> = usual.iter().flat_map(changes).cloned().collect();
    if !changes.is_empty() {
        mend::apply(order.env, changes)?;
    }
    let removed = usual.into_iter().filter(|finding| finding.kind == Kind::PackagesRemoved);
    Ok(Aftercare { returned: removed.flat_map(|finding| finding.items).collect(), left })
}

fn changes(finding: &Finding) -> &[Change] {
    match &finding.cure {
        Cure::Fix(changes) => changes,
        Cure::Words(_) | Cure::Kernels(_) => &[],
    }
}
