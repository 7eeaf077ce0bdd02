//! What is wrong with an env: what it means, what it breaks, and the cure.

use serde::{Serialize, Serializer};

use super::change::Change;
use crate::kernel::Renewal;
use crate::text::Shown;

/// The sorts of findings; `docs/care.md` has the same table for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    EnvMoved,
    ProgramsAstray,
    BaseMoved,
    BaseGone,
    BaseUnfit,
    BaseChanged,
    BaseHijacked,
    PythonConfig,
    PythonReplaced,
    OtherPython,
    LinksDangling,
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

/// How a finding is cured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cure {
    /// By these changes: `doctor --fix`.
    Fix(Vec<Change>),
    /// The same for kernels of the user's, which lie outside of the env.
    Kernels(Vec<Renewal>),
    /// By what these words tell the user.
    Words(String),
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
    /// Which paths or packages, shown safely.
    pub(crate) items: Vec<String>,
    /// Its cure.
    #[serde(serialize_with = "words")]
    pub(crate) cure: Cure,
    /// True where `--fix` cures it.
    #[serde(rename = "fixable")]
    is_fixable: bool,
}

impl Finding {
    /// A finding that `--fix` mends.
    pub(crate) fn mended(
        kind: Kind,
        what: impl Into<String>,
        breaks: &'static str,
        changes: Vec<Change>,
    ) -> Self {
        let cure = Cure::Fix(changes);
        Self { kind, what: what.into(), breaks, items: Vec::new(), cure, is_fixable: true }
    }

    /// A finding that the user must see to.
    pub(crate) fn told(
        kind: Kind,
        what: impl Into<String>,
        breaks: &'static str,
        cure: impl Into<String>,
    ) -> Self {
        let cure = Cure::Words(cure.into());
        Self { kind, what: what.into(), breaks, items: Vec::new(), cure, is_fixable: false }
    }

    /// A finding on kernels that `--fix` writes anew.
    pub(crate) fn of_kernels(what: String, renewals: Vec<Renewal>) -> Self {
        let items = renewals.iter().map(|renewal| Shown(&renewal.file).to_string()).collect();
        let breaks = "Jupyter cannot start them, or starts them without the env's scripts";
        let cure = Cure::Kernels(renewals);
        Self { kind: Kind::KernelsStale, what, breaks, items, cure, is_fixable: true }
    }

    /// Names what it is about.
    #[must_use]
    pub(crate) fn about(mut self, items: Vec<String>) -> Self {
        self.items = items;
        self
    }

    /// True where `--fix` mends it.
    pub(crate) fn is_fixable(&self) -> bool {
        self.is_fixable
    }

    /// The cure for people.
    pub(crate) fn cure_text(&self) -> &str {
        match &self.cure {
            Cure::Fix(_) | Cure::Kernels(_) => "`mlenv doctor --fix`",
            Cure::Words(words) => words,
        }
    }
}

fn words<S: Serializer>(cure: &Cure, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(match cure {
        Cure::Fix(_) | Cure::Kernels(_) => "mlenv doctor --fix",
        Cure::Words(words) => words,
    })
}

/// `1 link`, `7 links`.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
