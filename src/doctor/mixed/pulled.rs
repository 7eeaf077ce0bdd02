//! What `doctor` pulled up from the base into an env: kept in a file of the env, so that it can be taken back.
//!
//! The file may name more than there is: it is written before anything is pulled up, and what is no longer as it was
//! left is somebody else's.

use std::collections::{BTreeSet, HashSet};
use std::fs::Metadata;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::config::read_toml;
use crate::env::content::base_of;
use crate::error::{Error, Result};
use crate::foreign::claim;
use crate::text::PathText;

/// The file's name in an env.
pub(crate) const FILE: &str = "mlenv-pulled.toml";

/// What was pulled up; paths are relative to the env.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pulled {
    /// Copies of programs.
    #[serde(default)]
    pub(super) programs: Vec<PulledCopy>,
    /// Links beside them that have the same program by another name.
    #[serde(default)]
    pub(super) aliases: BTreeSet<PathText>,
    /// Packages and modules of site-packages whose files are links.
    #[serde(default)]
    pub(super) packages: BTreeSet<PathText>,
    /// Links to libraries and to modules of the standard library, and the file by which Python finds these.
    #[serde(default)]
    pub(super) links: BTreeSet<PathText>,
}

/// A copy, and what tells that it still is one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct PulledCopy {
    /// Where it is.
    pub(super) path: PathText,
    /// Bytes, and the time of the last change in nanoseconds since 1970: those of the base's file.
    pub(super) size: u64,
    pub(super) time: i64,
}

impl PulledCopy {
    /// The file at `path` of the prefix `prefix`, as it is now.
    pub(super) fn look(prefix: &Path, path: &Path) -> Option<Self> {
        let meta = prefix.join(path).symlink_metadata().ok().filter(Metadata::is_file)?;
        let time = meta.mtime().checked_mul(1_000_000_000)?.checked_add(meta.mtime_nsec())?;
        Some(Self { path: PathText(path.to_owned()), size: meta.len(), time })
    }
}

impl Pulled {
    /// What was pulled up into the env at `env`; nothing where the file is missing or no such file.
    pub(crate) fn read(env: &Path) -> Self {
        let mut found: Self = read_toml(&env.join(FILE)).ok().flatten().unwrap_or_default();
        found.programs.retain(|copy| claim::is_inside(&copy.path.0));
        for names in [&mut found.aliases, &mut found.packages, &mut found.links] {
            names.retain(|name| claim::is_inside(&name.0));
        }
        found
    }

    /// As `read`, but without what the records of the env's own packages name: a client put it there since.
    pub(crate) fn without(mut self, owned: &HashSet<PathBuf>) -> Self {
        self.programs.retain(|copy| !owned.contains(&copy.path.0));
        for names in [&mut self.aliases, &mut self.links] {
            names.retain(|name| !owned.contains(&name.0));
        }
        self
    }

    /// The text of the file.
    pub(super) fn text(&self) -> Result<Vec<u8>> {
        let text = toml::to_string(self).map_err(|cause| {
            Error::new(format!("could not write what is pulled up into the env: {cause}"))
        })?;
        Ok(text.into_bytes())
    }

    /// True where nothing is named.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// This and `other`; of copies the newer look counts.
    pub(super) fn joined(mut self, other: &Self) -> Self {
        self.programs.retain(|old| other.programs.iter().all(|new| new.path != old.path));
        self.programs.extend(other.programs.iter().cloned());
        self.programs.sort();
        self.aliases.extend(other.aliases.iter().cloned());
        self.packages.extend(other.packages.iter().cloned());
        self.links.extend(other.links.iter().cloned());
        self
    }

    /// True for what was put at `path` of the env by pulling up, and for what Python keeps beside it: none of it is
    /// the user's.
    pub(crate) fn owns(&self, env: &Path, path: &Path) -> bool {
        let named = |names: &BTreeSet<PathText>| names.iter().any(|name| name.0 == path);
        let is_cached = path.parent().is_some_and(|dir| dir.ends_with("__pycache__"));
        path == Path::new(FILE)
            || (self.holds(path) && is_dir(env, path))
            || named(&self.aliases)
            || named(&self.links)
            || self.programs.iter().any(|copy| {
                copy.path.0 == path && PulledCopy::look(env, path).as_ref() == Some(copy)
            })
            || self
                .packages
                .iter()
                .any(|package| path.starts_with(&package.0) && (is_cached || is_ours(env, path)))
    }

    /// True for a directory that was made for it.
    fn holds(&self, path: &Path) -> bool {
        self.packages.iter().any(|package| path.starts_with(&package.0))
            || path.ends_with(super::MODULES)
    }
}

fn is_dir(env: &Path, path: &Path) -> bool {
    env.join(path).symlink_metadata().is_ok_and(|meta| meta.is_dir())
}

/// True for a link that leads to the same path in the base.
pub(super) fn is_ours(env: &Path, path: &Path) -> bool {
    let dir = path.parent().unwrap_or(Path::new("")).as_os_str();
    let usual = base_of(dir);
    let Ok(text) = std::fs::read_link(env.join(path)) else { return false };
    let name = path.file_name().unwrap_or_default().as_bytes();
    text.as_os_str().as_bytes().strip_prefix(usual.as_bytes()) == Some(name)
}
