//! What is being made for a directory and may not stay: `.mlenv-container.pending.toml`. A container's name is written
//! down before it is made and its id after, a sandbox's path before it is built, and what a new one replaces before the
//! directory names the new one. So whatever a killed mlenv left is known by its id or its name, and nothing else is
//! ever taken for it: labels, and files in a sandbox, are copied into images and out of them.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::engine::{Engine, Powers};
use super::state::{ContainerState, SCHEMA, is_own};
use crate::config::read_toml;
use crate::error::{Attempt, Error, Result};
use crate::foreign::claim;
use crate::text::PathText;

/// The file's name.
const FILE: &str = ".mlenv-container.pending.toml";

/// In front of the name of a container that is not the directory's yet.
pub(crate) const UNFINISHED: &str = "mlenv-new-";

/// All that is pending in a directory.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pending {
    schema: u32,
    /// One by one.
    #[serde(default)]
    pub(crate) made: Vec<Thing>,
}

/// One container or sandbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Thing {
    /// What runs it.
    pub(crate) engine: Engine,
    /// Whose powers the engine has.
    pub(crate) powers: Powers,
    /// The container's name, which nothing else has.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "claim::some_name"
    )]
    pub(crate) name: Option<String>,
    /// The engine's id of it, once there is one.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "claim::some_name"
    )]
    pub(crate) container: Option<String>,
    /// The name that it gets when it is the directory's.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "claim::some_name"
    )]
    pub(crate) becomes: Option<String>,
    /// The sandbox, from the directory.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "claim::some_inside"
    )]
    pub(crate) sandbox: Option<PathText>,
}

impl Pending {
    /// Reads what is pending in `dir`; nothing where there is no file.
    pub(crate) fn read(dir: &Path) -> Result<Self> {
        let path = dir.join(FILE);
        let found = if is_own(&path)? { read_toml::<Self>(&path)? } else { None };
        match found {
            Some(Self { schema, .. }) if schema > SCHEMA => Err(super::state::is_newer(&path)),
            Some(found) => Ok(found),
            None => Ok(Self { schema: SCHEMA, made: Vec::new() }),
        }
    }

    /// Writes it; where nothing is pending there is no file.
    pub(crate) fn write(&self, dir: &Path) -> Result<()> {
        let path = dir.join(FILE);
        if self.made.is_empty() {
            return match crate::fs::remove_file(&path) {
                Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(()),
                other => other.attempt("remove", &path),
            };
        }
        let text = toml::to_string(self).map_err(|cause| {
            Error::new(format!("could not write down what is being made: {cause}"))
        })?;
        crate::fs::write_atomic(&path, text.as_bytes()).attempt("write", &path)
    }

    /// Writes down one more, or what is known of it by now.
    pub(crate) fn note(dir: &Path, thing: &Thing) -> Result<()> {
        let mut pending = Self::read(dir)?;
        pending.made.retain(|other| !other.is_same(thing));
        pending.made.push(thing.clone());
        pending.write(dir)
    }

    /// Forgets one.
    pub(crate) fn forget(dir: &Path, thing: &Thing) -> Result<()> {
        let mut pending = Self::read(dir)?;
        pending.made.retain(|other| !other.is_same(thing));
        pending.write(dir)
    }
}

impl Thing {
    /// What a directory has.
    pub(crate) fn of(state: &ContainerState) -> Self {
        Self {
            engine: state.engine,
            powers: state.powers,
            name: state.name.clone(),
            container: state.container.clone(),
            becomes: None,
            sandbox: state.sandbox.clone(),
        }
    }

    /// True where the directory's state names it.
    pub(crate) fn is_of(&self, state: &ContainerState) -> bool {
        self.engine == state.engine
            && ((self.container.is_some() && self.container == state.container)
                || (self.sandbox.is_some() && self.sandbox == state.sandbox))
    }

    fn is_same(&self, other: &Self) -> bool {
        self.engine == other.engine && self.name == other.name && self.sandbox == other.sandbox
    }
}

#[cfg(test)]
mod tests {
    use super::super::state::tests::sample;
    use super::*;

    #[test]
    fn what_is_pending_is_noted_by_name_then_by_id_and_forgotten() {
        let root = tempfile::tempdir().unwrap();
        let begun =
            Thing { name: Some("mlenv-new-1".into()), container: None, ..Thing::of(&sample()) };
        Pending::note(root.path(), &begun).unwrap();
        let made = Thing { container: Some("2e".into()), ..begun.clone() };
        Pending::note(root.path(), &made).unwrap();
        let pending = Pending::read(root.path()).unwrap();
        assert_eq!(pending.made, std::slice::from_ref(&made));
        assert!(made.is_of(&sample()) && !begun.is_of(&sample()));
        Pending::forget(root.path(), &begun).unwrap();
        assert!(!root.path().join(FILE).exists());
        crate::fs::write_atomic(&root.path().join(FILE), b"schema = 2\n").unwrap();
        assert!(Pending::read(root.path()).unwrap_err().to_string().contains("newer"));
    }
}
