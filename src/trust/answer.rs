//! One answer of the user about a marker, and what it means for what lies there now.

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Exposure, Identity, Subject, Verdict};
use crate::text::PathText;

/// One answer of the user.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "answer")]
pub(super) enum Answer {
    Deny { marker: PathText },
    Allow(Allowed),
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Allowed {
    pub(super) marker: PathText,
    /// SHA-256 of the marker's bytes.
    pub(super) content: String,
    pub(super) env: PathText,
    pub(super) identity: Identity,
    /// What others could change when the user allowed it all the same.
    #[serde(default)]
    pub(super) shared: BTreeSet<Exposure>,
}

impl Answer {
    /// The marker that it is about.
    pub(super) fn marker(&self) -> &Path {
        let (Self::Deny { marker } | Self::Allow(Allowed { marker, .. })) = self;
        &marker.0
    }

    /// What an answer, or none, means for what `subject` saw. The denial comes first, whatever the marker says now.
    pub(super) fn verdict(answer: Option<&Self>, subject: &Subject) -> Verdict {
        let allowed = match answer {
            Some(Self::Deny { .. }) => return Verdict::Denied,
            Some(Self::Allow(allowed)) => Some(allowed),
            None => None,
        };
        let covered = |one: &&Exposure| allowed.is_some_and(|allowed| allowed.shared.contains(one));
        let exposed: Vec<Exposure> =
            subject.exposures.iter().filter(|one| !covered(one)).cloned().collect();
        match allowed {
            _ if !exposed.is_empty() => Verdict::Exposed(exposed),
            None => Verdict::Unknown,
            Some(allowed) if allowed.content != subject.content => Verdict::Edited,
            Some(allowed)
                if allowed.env.0 != subject.env || !allowed.identity.is(&subject.identity) =>
            {
                Verdict::Replaced
            }
            Some(_) => Verdict::Trusted,
        }
    }
}
