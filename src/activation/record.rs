//! What activation needs of an env's record, and whether env and base are still where they were.

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::config::read_toml;
use crate::error::{Error, Result};
use crate::overlay::layout::Layout;
use crate::text::{PathText, Shown};

/// The record's number that this program reads.
const SCHEMA: u32 = 1;
/// The env's link to its base.
pub(super) const BASE_LINK: &str = "baseEnv_dir";

/// An env's record, as far as activation looks at it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Record {
    schema: u32,
    /// What is linked.
    pub(crate) layout: Layout,
    /// Whether packages in `~/.local` are seen.
    #[serde(default)]
    pub(crate) user_site: bool,
    prefix: PathText,
    /// What it stands on.
    pub(crate) base: BaseRecord,
}

/// The record's part about the base.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct BaseRecord {
    /// As the user named it.
    path: PathText,
    /// `conda`, `python` or `system`.
    pub(crate) kind: String,
    python: String,
    python_lib: String,
    #[serde(default)]
    fingerprint: Fingerprint,
}

#[derive(Debug, Default, Deserialize)]
struct Fingerprint {
    root: Option<String>,
}

impl Record {
    /// Reads the record of the env at `env`.
    pub(crate) fn read(env: &Path) -> Result<Self> {
        let path = env.join("mlenv.toml");
        let record: Self = read_toml(&path)?.ok_or_else(|| {
            Error::no(format!("{} is no env: it has no mlenv.toml", Shown(env)))
                .hint("`mlenv list` shows your envs")
        })?;
        if record.schema != SCHEMA {
            return Err(Error::new(format!("{} was written by a newer mlenv", Shown(&path)))
                .hint("update mlenv"));
        }
        Ok(record)
    }

    /// The env's path as every variable will name it, once env and base were found to be in place: the one that
    /// it was made at, which its programs know, where that is the same directory as `env`.
    pub(crate) fn checked_prefix(&self, env: &Path) -> Result<PathBuf> {
        let prefix = &self.prefix.0;
        if prefix != env && !is_same(prefix, env) {
            return Err(Error::new(format!(
                "{} was moved: it was made at {}",
                Shown(env),
                Shown(prefix)
            ))
            .hint(format!("run `mlenv doctor --fix {}`", Shown(env))));
        }
        if prefix.as_os_str().as_bytes().iter().any(|byte| matches!(byte, b':' | b'\n')) {
            return Err(Error::new(format!(
                "{} cannot be on PATH: there is a `:` or a newline in it",
                Shown(prefix)
            ))
            .hint("make the env at another path"));
        }
        self.check_base(prefix)?;
        Ok(prefix.clone())
    }

    /// One stat where the base is as it was; a second one tells whether it is another Python.
    ///
    /// Device and inode differ from machine to machine, so a difference alone is no change.
    fn check_base(&self, env: &Path) -> Result<()> {
        let link = env.join(BASE_LINK);
        let Ok(meta) = link.metadata() else {
            return Err(Error::new(format!(
                "the base of {} is gone: {}",
                Shown(env),
                Shown(&self.base.path.0)
            ))
            .hint(format!("mount it again, or run `mlenv rebase {} --base BASE`", Shown(env))));
        };
        let stamp = format!("{}:{}", meta.dev(), meta.ino());
        if self.base.fingerprint.root.as_deref() == Some(&stamp)
            || link.join("lib").join(&self.base.python_lib).is_dir()
        {
            return Ok(());
        }
        Err(Error::new(format!(
            "the base of {} has changed: {} holds no Python {} any more",
            Shown(env),
            Shown(&self.base.path.0),
            self.base.python
        ))
        .hint(format!("run `mlenv rebase {} --base BASE`", Shown(env))))
    }
}

fn is_same(left: &Path, right: &Path) -> bool {
    match (left.metadata(), right.metadata()) {
        (Ok(left), Ok(right)) => (left.dev(), left.ino()) == (right.dev(), right.ino()),
        _ => false,
    }
}
