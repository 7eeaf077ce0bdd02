//! Somebody else who can change something, and the words for it.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::text::Shown;

/// Somebody who is neither the user nor root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "to", content = "id")]
pub(crate) enum Who {
    /// Another user. The word is that of the first answers, which knew owners alone.
    #[serde(rename = "owner")]
    User(u32),
    /// A group.
    Group(u32),
    /// Every user of the machine.
    Everybody,
}

/// One way in which somebody else can change something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Exposure {
    /// Who it is.
    pub(crate) who: Who,
    pub(super) path: PathBuf,
    pub(super) owns: bool,
}

impl fmt::Display for Exposure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = Shown(&self.path);
        match (self.who, self.owns) {
            (Who::User(uid), true) => write!(f, "{path} belongs to another user (uid {uid})"),
            (Who::User(uid), false) => {
                write!(f, "{path} can be written by another user (uid {uid})")
            }
            (Who::Group(gid), _) => write!(f, "{path} can be written by a group (gid {gid})"),
            (Who::Everybody, _) => write!(f, "{path} can be written by everybody"),
        }
    }
}

/// For each of `exposures` who it is, once, with the first place where that was seen and how many there are.
pub(crate) fn sentences<'a>(exposures: impl IntoIterator<Item = &'a Exposure>) -> Vec<String> {
    let mut all: Vec<(&Exposure, usize)> = Vec::new();
    for one in exposures {
        match all.iter_mut().find(|(first, _)| first.who == one.who) {
            Some((_, count)) => *count += 1,
            None => all.push((one, 0)),
        }
    }
    let words = all.into_iter().map(|(one, more)| match more {
        0 => one.to_string(),
        more => format!("{one} (and {more} more)"),
    });
    words.collect()
}
