//! What is wrong with an env: what it means, what it breaks, and the cure.

use std::path::Path;

use serde::Serialize;

use super::change::Change;
use crate::finding::{self, Cure, Remedy};
use crate::hint::command;
use crate::kernel::Renewal;
use crate::text::Shown;

/// The sorts of findings; `docs/care.md` has the same table for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum EnvFault {
    EnvMoved,
    ProgramsAstray,
    BaseMoved,
    BaseGone,
    BaseUnfit,
    BaseChanged,
    BaseHijacked,
    PythonConfig,
    PythonIndirect,
    PythonReplaced,
    OtherPython,
    PackagesSplit,
    PipElsewhere,
    RequirementsUnmet,
    LinksDangling,
    ProgramsUnowned,
    LinksToPrograms,
    EntriesMissing,
    PackagesRemoved,
    RecordsDouble,
    LayoutIncomplete,
    InTheWay,
    MixedLibraries,
    PulledUp,
    CondaHistory,
    CondaPins,
    Permissions,
    OtherOwner,
    Inodes,
    Space,
    UnfinishedInstalls,
    StalePaths,
    Leftovers,
    Stages,
    KernelsStale,
}

/// What `doctor --fix` does about a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Repair {
    /// These changes in the env.
    Changes(Vec<Change>),
    /// These kernels of the user's, which lie outside of the env, are written anew.
    Kernels(Vec<Renewal>),
}

impl Remedy for Repair {
    const COMMAND: &'static str = "mlenv doctor --fix";
}

impl From<Vec<Change>> for Repair {
    fn from(changes: Vec<Change>) -> Self {
        Self::Changes(changes)
    }
}

/// One finding on an env.
pub(crate) type Finding = finding::Finding<EnvFault, Repair>;

impl Finding {
    /// A finding on kernels that `--fix` writes anew.
    pub(crate) fn of_kernels(what: String, renewals: Vec<Renewal>) -> Self {
        let items = renewals.iter().map(|renewal| Shown(&renewal.file).to_string()).collect();
        let breaks = "Jupyter cannot start them, or starts them without the env's scripts";
        Self::mended(EnvFault::KernelsStale, what, breaks, Repair::Kernels(renewals)).about(items)
    }

    /// What `--fix` changes in the env.
    pub(crate) fn changes(&self) -> &[Change] {
        match self.cure.fix() {
            Some(Repair::Changes(changes)) => changes,
            _ => &[],
        }
    }

    /// What `--fix` writes anew outside of the env.
    pub(crate) fn renewals(&self) -> &[Renewal] {
        match self.cure.fix() {
            Some(Repair::Kernels(renewals)) => renewals,
            _ => &[],
        }
    }

    /// The cure for people, of the env at `env`.
    pub(crate) fn cure_text(&self, env: &Path) -> String {
        match &self.cure {
            Cure::Fix(_) => command("mlenv doctor --fix {}", &[&env]),
            Cure::Words(words) => words.clone(),
        }
    }
}
