//! One answer of the user about a marker, and what it means for what lies there now.

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Identity, Subject, Verdict};
use crate::ownership::{Exposure, Judge, Who};
use crate::text::PathText;

/// One answer of the user.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "answer")]
pub(super) enum Consent {
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
    /// Who else could change it when the user allowed it all the same. The first answers name places too, which say
    /// nothing more: who can change one part of an env can change what it runs.
    #[serde(default)]
    pub(super) shared: BTreeSet<Who>,
}

impl Consent {
    /// The marker that it is about.
    pub(super) fn marker(&self) -> &Path {
        let (Self::Deny { marker } | Self::Allow(Allowed { marker, .. })) = self;
        &marker.0
    }

    /// What an answer, or none, means for what `subject` saw. The denial comes first, whatever the marker says now.
    pub(super) fn verdict(answer: Option<&Self>, subject: &Subject, judge: &Judge) -> Verdict {
        let allowed = match answer {
            Some(Self::Deny { .. }) => return Verdict::Denied,
            Some(Self::Allow(allowed)) => Some(allowed),
            None => None,
        };
        let covered = |one: &&Exposure| {
            allowed.is_some_and(|allowed| judge.is_among(one.who, &allowed.shared))
        };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_that_name_places_hold_for_whom_they_name() {
        let old = r#"
answer = "allow"
marker = "/p/.mlenv.toml"
content = "00"
env = "/p/env"

[identity]
inode = 7
device = 1
created = "2026-01-01T00:00:00Z"

[[shared]]
place = "env-parent"
to = "group"
id = 4242

[[shared]]
place = "env"
to = "owner"
id = 12345

[[shared]]
place = "marker-dir"
to = "everybody"
"#;
        let Consent::Allow(allowed) = toml::from_str(old).unwrap() else { panic!("a denial") };
        let whom = [Who::User(12345), Who::Group(4242), Who::Everybody];
        assert_eq!(allowed.shared, BTreeSet::from(whom));
        let text = toml::to_string(&Consent::Allow(allowed)).unwrap();
        let Consent::Allow(again) = toml::from_str(&text).unwrap() else { panic!("a denial") };
        assert_eq!(again.shared, BTreeSet::from(whom), "{text}");
    }
}
