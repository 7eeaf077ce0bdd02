//! An env's record, `mlenv.toml`: what it is and what it stands on. A directory without one is no env.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::layout::Layout;
use super::plan::BASE_LINK;
use crate::base::{Base, Fingerprint, Kind, fingerprint};
use crate::config::read_toml;
use crate::error::{Error, Result};
use crate::text::{PathText, Shown};

/// The record's file name.
pub(crate) const FILE: &str = "mlenv.toml";

/// The version of the record that is written; a later one is refused, not guessed at.
pub(crate) const SCHEMA: u32 = 1;

/// What an env is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Record {
    /// The version of this format.
    pub(crate) schema: u32,
    /// The mlenv that made it.
    pub(crate) mlenv: String,
    /// When, in UTC (RFC 3339).
    pub(crate) created: String,
    /// What it links.
    pub(crate) layout: Layout,
    /// Whether packages in the user's site (`~/.local`) are seen inside.
    pub(crate) user_site: bool,
    /// Where it was made; elsewhere it was moved or copied.
    pub(crate) prefix: PathText,
    /// What it stands on.
    pub(crate) base: BaseRecord,
}

/// The base as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct BaseRecord {
    /// The name it was asked for by, if it was a known one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// Its prefix as the user named it: a tag may move.
    pub(crate) path: PathText,
    /// The same resolved: what `baseEnv_dir` points to.
    pub(crate) prefix: PathText,
    /// What sort it is.
    pub(crate) kind: Kind,
    /// The full Python version.
    pub(crate) python: String,
    /// The library directory's name, `python3.11`.
    pub(crate) python_lib: String,
    /// What it looked like.
    pub(crate) fingerprint: Fingerprint,
}

impl BaseRecord {
    /// Describes a base that was asked for by `name`.
    pub(crate) fn new(base: &Base, name: Option<&str>) -> Self {
        Self {
            name: name.map(str::to_owned),
            path: PathText(base.named.clone()),
            prefix: PathText(base.prefix.clone()),
            kind: base.kind,
            python: base.python.version.clone(),
            python_lib: base.python.lib.clone(),
            fingerprint: base.fingerprint.clone(),
        }
    }
}

/// Whether packages in the user's site (`~/.local`) are seen inside an env.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UserSite {
    /// They are.
    On,
    /// They are not: what lies there would shadow the base's packages, differently for every user.
    Off,
}

/// How the base of an env is today.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum BaseState {
    /// As it was.
    Same,
    /// Packages or Python changed.
    Changed,
    /// It cannot be reached.
    Gone,
}

impl Record {
    /// Reads the record of the env at `env`; `None` where there is none.
    pub(crate) fn read(env: &Path) -> Result<Option<Self>> {
        let path = env.join(FILE);
        let record: Option<Self> = match read_toml(&path) {
            Err(_) if env.join(FILE).is_dir() => None,
            other => other?,
        };
        match record {
            Some(record) if record.schema > SCHEMA => Err(Error::new(format!(
                "could not use {}: it was made by mlenv {}, which is newer than this one ({})",
                Shown(env),
                crate::text::shown(&record.mlenv),
                env!("CARGO_PKG_VERSION"),
            ))
            .hint("use that version, or a later one")),
            other => Ok(other),
        }
    }

    /// The user site, as an enum.
    pub(crate) fn user_site(&self) -> UserSite {
        if self.user_site { UserSite::On } else { UserSite::Off }
    }

    /// The text that `create` writes last.
    pub(crate) fn text(&self) -> Result<String> {
        toml::to_string(self)
            .map_err(|cause| Error::new(format!("could not write the env's record: {cause}")))
    }

    /// One stat: true where no package of the base was changed since the env was made.
    pub(crate) fn base_is_unchanged(&self, env: &Path) -> bool {
        let now = fingerprint::stamp(&env.join(BASE_LINK), self.base.kind, &self.base.python_lib);
        now == Some(self.base.fingerprint.stamp)
    }

    /// Looks at the base through the env's own link.
    pub(crate) fn base_state(&self, env: &Path) -> BaseState {
        let link = env.join(BASE_LINK);
        let python = crate::base::Python {
            version: self.base.python.clone(),
            lib: self.base.python_lib.clone(),
            executable: String::new(),
            lib64: false,
        };
        match Fingerprint::take(&link, self.base.kind, &python) {
            Err(_) => BaseState::Gone,
            Ok(now) if now.packages == self.base.fingerprint.packages => BaseState::Same,
            Ok(_) => BaseState::Changed,
        }
    }

    /// Where the env was made, if that is not where it is.
    pub(crate) fn moved_from(&self, env: &Path) -> Option<PathBuf> {
        (self.prefix.0 != env).then(|| self.prefix.0.clone())
    }
}
