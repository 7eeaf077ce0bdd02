//! Versions as conda orders them, and which packages a spec means.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use rattler_conda_types::{MatchSpec, Matches, PackageRecord, Version};

use super::{Spec, bare, spec, virtual_package};
use crate::conda::machine::Virtual;
use crate::conda::offer::Offer;
use crate::error::Result;

/// A version to be compared; what is no version stands before all that are.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank(Option<Version>, String);

/// The rank of a version.
pub(crate) fn by_version(text: &str) -> Rank {
    Rank(text.parse().ok(), text.to_owned())
}

/// The order of two versions.
pub(crate) fn compare(left: &str, right: &str) -> Ordering {
    by_version(left).cmp(&by_version(right))
}

/// The versions of these packages, the newest first, each once.
pub(crate) fn versions<'a>(offers: impl Iterator<Item = &'a Offer>) -> Vec<&'a str> {
    let all: BTreeSet<&str> = offers.map(|offer| offer.facts.version.as_str()).collect();
    let mut all: Vec<&str> = all.into_iter().collect();
    all.sort_by(|left, right| compare(right, left));
    all
}

/// Tells which packages one spec means.
pub(crate) struct Test(MatchSpec);

impl Test {
    /// Fails where the spec cannot be understood.
    pub(crate) fn new(words: &str) -> Result<Self> {
        spec(&Spec { words: words.to_owned(), channel: None }).map(Self)
    }

    /// True where the spec means this package, by all but its channel.
    pub(crate) fn takes(&self, offer: &Offer) -> bool {
        let record: Option<PackageRecord> = serde_json::from_str(offer.raw.get())
            .or_else(|_| serde_json::from_str(&bare(offer)))
            .ok();
        record.is_some_and(|record| self.0.matches(&record))
    }

    /// The same of what a machine has.
    pub(crate) fn takes_virtual(&self, found: &Virtual) -> bool {
        virtual_package(found).is_some_and(|found| self.0.matches(&found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_in_condas_order() {
        for (older, newer) in [("1.9", "1.10"), ("2.0rc1", "2.0"), ("2.0", "2.0.1"), ("x y", "0.1")]
        {
            assert_eq!(compare(older, newer), Ordering::Less, "{older} {newer}");
        }
    }
}
