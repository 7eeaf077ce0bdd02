//! What keeps a base from being used from any path: what it breaks, and what would mend it.

use serde::{Deserialize, Serialize};

use super::edit::Edit;

/// The sorts of findings; `docs/bases.md` has the same table for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
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

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// Its sort.
    pub(crate) kind: Kind,
    /// What is wrong, in a sentence without a final stop.
    pub(crate) what: String,
    /// What it breaks.
    pub(crate) breaks: &'static str,
    /// Which files, shown safely.
    pub(crate) items: Vec<String>,
    /// What cures it, for people.
    pub(crate) cure: String,
    /// True where `base prepare` cures it.
    pub(crate) fixable: bool,
    /// How.
    #[serde(skip)]
    pub(crate) edits: Vec<Edit>,
}

impl Finding {
    /// One that `base prepare` mends.
    pub(crate) fn mended(
        kind: Kind,
        what: String,
        breaks: &'static str,
        items: Vec<String>,
        edits: Vec<Edit>,
    ) -> Self {
        let cure = "`mlenv base prepare`".to_owned();
        Self { kind, what, breaks, items, cure, fixable: true, edits }
    }

    /// One that who builds the base must see to.
    pub(crate) fn told(
        kind: Kind,
        what: String,
        breaks: &'static str,
        items: Vec<String>,
        cure: &str,
    ) -> Self {
        let cure = cure.to_owned();
        Self { kind, what, breaks, items, cure, fixable: false, edits: Vec::new() }
    }
}
