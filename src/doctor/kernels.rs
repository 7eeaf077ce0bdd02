//! The user's Jupyter kernels that start this env: they lie outside of it, and name its path.

use super::facts::Facts;
use super::finding::Finding;
use crate::config::Dirs;
use crate::env::record::is_env;
use crate::kernel;
use crate::text::count;
use std::path::Path;

/// Those that name the place where the env was, or an mlenv that is gone; `program` is this one. Kernels of an env that
/// was copied are the original's.
pub(crate) fn finding(facts: &Facts, dirs: &Dirs, program: &Path) -> Option<Finding> {
    let (from, to) = (&facts.record.prefix.0, &facts.place);
    if from != to && is_env(from) {
        return None;
    }
    let renewals = kernel::renewals(dirs, (from, to), program);
    if renewals.is_empty() {
        return None;
    }
    let number = count(renewals.len(), "Jupyter kernel names", "Jupyter kernels name");
    let what = if from == to {
        format!("{number} an mlenv that is gone")
    } else {
        format!("{number} the place where the env was")
    };
    Some(Finding::of_kernels(what, renewals))
}
