//! The project's file that an env follows: kept in the env's record, for `sync`. Plain data.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::foreign::claim;
use crate::text::PathText;

/// What was asked for when the env was last brought to its project's file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Followed {
    /// The file.
    #[serde(deserialize_with = "claim::absolute")]
    pub(crate) file: PathText,
    /// What it asked for, as a hash.
    #[serde(deserialize_with = "claim::word")]
    pub(crate) content: String,
    /// How the file looked then: when it was last changed, and its size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) stat: Option<String>,
    /// Extras that were wanted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) extras: Vec<String>,
    /// Groups that were wanted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) groups: Vec<String>,
    /// Packages that came to be asked for through it, by the names that packagers compare.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) packages: Vec<String>,
}

impl Followed {
    /// True where the file looks otherwise than when the env was last brought to it. It is not read.
    pub(crate) fn looks_changed(&self) -> bool {
        self.stat.is_some() && look(&self.file.0).is_some_and(|now| Some(now) != self.stat)
    }
}

/// How a file looks from outside; none where there is none.
pub(crate) fn look(file: &Path) -> Option<String> {
    let meta = file.metadata().ok()?;
    Some(format!("{}.{:09}-{}", meta.mtime(), meta.mtime_nsec(), meta.len()))
}
