//! What keeps a base from being used from any path: what it breaks, and what would mend it.

use serde::{Deserialize, Serialize};

use super::edit::Edit;
use crate::finding::{self, Cure, Remedy};

/// The sorts of findings; `docs/bases.md` has the same table for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum BaseFault {
    Scripts,
    OtherScripts,
    OddScripts,
    SearchPaths,
    FixedSearchPaths,
    Kernels,
    RootConfig,
    PackageList,
    Index,
    Leftovers,
    BaseHijacked,
    Unreadable,
}

impl Remedy for Vec<Edit> {
    const COMMAND: &'static str = "`mlenv base prepare`";
}

/// One finding on a base. What is written anew beside the edits has none.
pub(crate) type Finding = finding::Finding<BaseFault, Vec<Edit>>;

impl Finding {
    /// What `base prepare` changes.
    pub(crate) fn edits(&self) -> &[Edit] {
        self.cure.fix().map_or(&[], Vec::as_slice)
    }

    /// The cure for people.
    pub(crate) fn cure_text(&self) -> &str {
        match &self.cure {
            Cure::Fix(_) => <Vec<Edit> as Remedy>::COMMAND,
            Cure::Words(words) => words,
        }
    }
}
