//! What is wrong with an env or a base: what it means, what it breaks, and the cure.

use serde::{Serialize, Serializer};

/// What the cure is made of, where mlenv applies it itself.
pub(crate) trait Remedy {
    /// The command that applies it, as a program is told it.
    const COMMAND: &'static str;
}

/// How a finding is cured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cure<R> {
    /// By mlenv, with this.
    Fix(R),
    /// By what these words tell the user.
    Words(String),
}

impl<R> Cure<R> {
    /// What mlenv applies; nothing where the user must see to it.
    pub(crate) fn fix(&self) -> Option<&R> {
        match self {
            Self::Fix(remedy) => Some(remedy),
            Self::Words(_) => None,
        }
    }
}

impl<R: Remedy> Serialize for Cure<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Self::Fix(_) => R::COMMAND,
            Self::Words(words) => words,
        })
    }
}

/// One finding of the sort `K`, cured by `R`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(bound = "K: Serialize, R: Remedy")]
pub(crate) struct Finding<K, R> {
    /// Its sort.
    pub(crate) kind: K,
    /// What is wrong, in a sentence without a final stop.
    pub(crate) what: String,
    /// What it breaks.
    pub(crate) breaks: &'static str,
    /// Which paths or packages, shown safely.
    pub(crate) items: Vec<String>,
    /// Its cure.
    pub(crate) cure: Cure<R>,
    /// True where mlenv cures it.
    #[serde(rename = "fixable")]
    is_fixable: bool,
}

impl<K, R> Finding<K, R> {
    /// A finding that mlenv mends with `remedy`.
    pub(crate) fn mended(
        kind: K,
        what: impl Into<String>,
        breaks: &'static str,
        remedy: impl Into<R>,
    ) -> Self {
        let cure = Cure::Fix(remedy.into());
        Self { kind, what: what.into(), breaks, items: Vec::new(), cure, is_fixable: true }
    }

    /// A finding that the user must see to.
    pub(crate) fn told(
        kind: K,
        what: impl Into<String>,
        breaks: &'static str,
        cure: impl Into<String>,
    ) -> Self {
        let cure = Cure::Words(cure.into());
        Self { kind, what: what.into(), breaks, items: Vec::new(), cure, is_fixable: false }
    }

    /// Names what it is about.
    #[must_use]
    pub(crate) fn about(mut self, items: Vec<String>) -> Self {
        self.items = items;
        self
    }

    /// True where mlenv mends it.
    pub(crate) fn is_fixable(&self) -> bool {
        self.is_fixable
    }
}
