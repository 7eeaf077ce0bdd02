//! An env's record, `mlenv.toml`: what it is and what it stands on. A directory without one is not an env.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::content::BASE_LINK;
use super::layout::Layout;
use super::lost::{lost_program, lost_record};
use crate::base::{Base, BaseKind, Fingerprint, fingerprint};
use crate::config::read_toml;
use crate::container::Residence;
use crate::env::followed::Followed;
use crate::env::requests::Requests;
use crate::error::{Error, Result};
use crate::foreign::claim;
use crate::text::{PathText, Shown, shown};

/// The record's file name.
pub(crate) const FILE: &str = "mlenv.toml";

/// The version of the record that is written; a later one is refused, not guessed at.
///
/// 2: `bin/pythonX.Y` is an absolute link, and has to follow the base as `home` and `baseEnv_dir` do.
pub(crate) const SCHEMA: u32 = 2;

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
    #[serde(deserialize_with = "claim::absolute")]
    pub(crate) prefix: PathText,
    /// The parcel that it was unpacked from, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) parcel: Option<String>,
    /// What it stands on.
    pub(crate) base: BaseRecord,
    /// The container that it lives in, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) container: Option<Residence>,
    /// What the user asked to be put on top; last, since hooks read the beginning of the file only.
    #[serde(default, skip_serializing_if = "Requests::is_empty")]
    pub(crate) requests: Requests,
    /// The project's file that it follows, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) project: Option<Followed>,
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
    #[serde(deserialize_with = "claim::absolute")]
    pub(crate) prefix: PathText,
    /// What sort it is.
    pub(crate) kind: BaseKind,
    /// The full Python version.
    #[serde(deserialize_with = "claim::version")]
    pub(crate) python: String,
    /// The library directory's name, `python3.11`.
    #[serde(deserialize_with = "claim::python_lib")]
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

/// The refusal of an env that a newer mlenv made; none for any other.
pub(crate) fn of_newer(env: &Path) -> Option<Error> {
    newer(env, &env.join(FILE))
}

/// The refusal of a record that a later mlenv wrote, whatever else is in it.
fn newer(env: &Path, path: &Path) -> Option<Error> {
    #[derive(Deserialize)]
    struct RecordVersion {
        schema: u32,
        mlenv: Option<String>,
    }
    let version: RecordVersion = read_toml(path).ok()??;
    (version.schema > SCHEMA).then(|| {
        let theirs = shown(version.mlenv.as_deref().unwrap_or("?"));
        let (env, ours) = (Shown(env), env!("CARGO_PKG_VERSION"));
        Error::new(format!(
            "could not use {env}: it was made by a newer mlenv ({theirs}; this is {ours})"
        ))
        .hint("use that version, or a later one")
    })
}

/// Whether packages in the user's site (`~/.local`) are seen inside an env.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UserSite {
    /// They are.
    On,
    /// They are not: what lies there would shadow the base's packages, differently for every user.
    Off,
}

/// True where an env was finished: its record is written last.
pub(crate) fn is_env(path: &Path) -> bool {
    path.join(FILE).is_file()
}

/// How the base of an env is today.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum BaseChange {
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
        Self::read_file(env, &env.join(FILE))
    }

    /// Reads the record of the env at `env` from a file of any name.
    pub(crate) fn read_file(env: &Path, path: &Path) -> Result<Option<Self>> {
        match read_toml(path) {
            Err(_) if path.is_dir() => Ok(None),
            Err(error) => Err(newer(env, path).unwrap_or(error)),
            Ok(Some(Self { schema, .. })) if schema > SCHEMA => {
                Err(newer(env, path).unwrap_or_else(|| Error::new("it was made by a newer mlenv")))
            }
            Ok(record) => {
                Ok(record
                    .map(|record| Self { requests: record.requests.without_secrets(), ..record }))
            }
        }
    }

    /// The user site, as an enum.
    pub(crate) fn user_site(&self) -> UserSite {
        if self.user_site { UserSite::On } else { UserSite::Off }
    }

    /// The text that `create` writes last.
    pub(crate) fn text(&self) -> Result<String> {
        let failed =
            |why: &str| Error::new(format!("could not write the env's record: {}", shown(why)));
        let text = toml::to_string(self).map_err(|cause| failed(&cause.to_string()))?;
        // What no later mlenv would read is not written.
        toml::from_str::<Self>(&text).map_err(|cause| failed(cause.message()))?;
        Ok(text)
    }

    /// One stat: true where no package of the base was changed since the env was made.
    pub(crate) fn base_is_unchanged(&self, env: &Path) -> bool {
        let now = fingerprint::stamp(&env.join(BASE_LINK), self.base.kind, &self.base.python_lib);
        now.unwrap_or_default() == self.base.fingerprint.stamp
    }

    /// Looks at the base through the env's own link.
    pub(crate) fn base_state(&self, env: &Path) -> BaseChange {
        let link = env.join(BASE_LINK);
        let python = crate::base::Python {
            version: self.base.python.clone(),
            lib: self.base.python_lib.clone(),
            executable: String::new(),
            lib64: false,
        };
        match Fingerprint::take(&link, self.base.kind, &python) {
            Err(_) => BaseChange::Gone,
            Ok(_) if !self.base.fingerprint.is_known() => BaseChange::Same,
            Ok(now) if now.packages == self.base.fingerprint.packages => BaseChange::Same,
            Ok(_) => BaseChange::Changed,
        }
    }

    /// As `base_state`, as far as it concerns this env: a package that a plain Python or `/usr` gained, or the base of an env
    /// that shows nothing of it, does not.
    pub(crate) fn base_concern(&self, env: &Path) -> BaseChange {
        match self.base_state(env) {
            BaseChange::Changed if self.shows_records() => BaseChange::Changed,
            BaseChange::Changed if self.lost_something(env) => BaseChange::Changed,
            BaseChange::Changed => BaseChange::Same,
            other => other,
        }
    }

    /// True where something that the env shows of its base, or its Python, went or was replaced. A few directory reads.
    pub(crate) fn lost_something(&self, env: &Path) -> bool {
        let link = env.join(BASE_LINK);
        let has_python = link.join("lib").join(&self.base.python_lib).is_dir();
        !has_python
            || (self.layout != Layout::Sparse && lost_program(env))
            || (self.shows_records() && lost_record(env, &link))
    }

    fn shows_records(&self) -> bool {
        self.base.kind == BaseKind::Conda && self.layout != Layout::Sparse
    }

    /// Where the env was made, if that is not where it is.
    pub(crate) fn moved_from(&self, env: &Path) -> Option<PathBuf> {
        (self.prefix.0 != env).then(|| self.prefix.0.clone())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A record's text, for tests of whatever reads envs.
    pub(crate) const SAMPLE: &str = r#"
schema = 1
mlenv = "0.1.0"
created = "2026-01-01T00:00:00Z"
layout = "standard"
user-site = false
prefix = "/e"
[base]
path = "/b"
prefix = "/b"
kind = "conda"
python = "3.11.7"
python-lib = "python3.11"
[base.fingerprint]
packages = "x"
root = "1:2"
"#;

    #[test]
    fn the_start_of_a_record_tells_when_the_env_was_made() {
        let record: Record = toml::from_str(SAMPLE).unwrap();
        let text = record.text().unwrap();
        // As much as the hooks read at each prompt.
        assert!(text[..128].contains(&format!("created = \"{}\"\n", record.created)), "{text}");
    }

    #[test]
    fn a_record_comes_back_as_it_was_and_a_newer_one_is_refused_by_name() {
        let root = tempfile::tempdir().unwrap();
        let write =
            |text: &str| crate::fs::write_atomic(&root.path().join(FILE), text.as_bytes()).unwrap();
        assert_eq!(Record::read(root.path()).unwrap(), None);
        write(SAMPLE);
        let record = Record::read(root.path()).unwrap().unwrap();
        write(&record.text().unwrap());
        assert_eq!(Record::read(root.path()).unwrap(), Some(record));
        write("schema = 3\nmlenv = \"9.0\"\nother = 1\n");
        let message = Record::read(root.path()).unwrap_err().to_string();
        assert!(message.contains("newer mlenv (9.0; this is"), "{message}");
    }
}
