//! What a project's file asks for, whatever its format. Plain data.

use std::path::PathBuf;

use super::python::PythonWish;
use crate::error::Result;
use crate::packages::explicit::Listed;
use crate::specs::checked;

/// What one file asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// The file.
    pub(crate) from: PathBuf,
    /// Which Pythons it can do with.
    pub(crate) python: Option<PythonWish>,
    /// Channels for conda's packages.
    pub(crate) channels: Vec<String>,
    /// Conda's specs, without the one for Python.
    pub(crate) conda: Vec<String>,
    /// Requirements for pip, and `-e` with a place.
    pub(crate) pip: Vec<String>,
    /// Versions of a lock, for pip: what the base has stays as it is where that will do.
    pub(crate) locked: Vec<String>,
    /// Archives of conda's that a lock names.
    pub(crate) archives: Vec<LockedArchive>,
    /// Variables that an env is to set.
    pub(crate) variables: Vec<(String, String)>,
    /// The project's directory, where only its own code knows what it depends on.
    pub(crate) dynamic: Option<PathBuf>,
    /// Files of requirements, which pip reads itself.
    pub(crate) files: Vec<PathBuf>,
    /// What was passed over, and why: one sentence each.
    pub(crate) passed_over: Vec<String>,
}

impl Wanted {
    /// Refuses what no tool may be given.
    pub(crate) fn check(&self) -> Result<()> {
        self.channels.iter().try_for_each(|channel| checked::channel(channel))?;
        let archives = self.archives.iter().map(|archive| &archive.listed.spec);
        self.conda.iter().chain(archives).try_for_each(|spec| checked::match_spec(spec))?;
        self.pip.iter().chain(&self.locked).try_for_each(|words| checked::request(words))
    }

    /// True where something is wanted of conda.
    pub(crate) fn asks_conda(&self) -> bool {
        !self.conda.is_empty() || !self.archives.is_empty()
    }

    /// True where something is wanted of pip.
    pub(crate) fn asks_pip(&self) -> bool {
        let Self { pip, locked, files, dynamic, .. } = self;
        !pip.is_empty() || !locked.is_empty() || !files.is_empty() || dynamic.is_some()
    }

    /// The channels of all these, each once.
    pub(crate) fn channels(all: &[Self]) -> Vec<String> {
        let mut channels: Vec<String> = Vec::new();
        for channel in all.iter().flat_map(|wanted| &wanted.channels) {
            if !channels.contains(channel) {
                channels.push(channel.clone());
            }
        }
        channels
    }
}

/// conda's archive in a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LockedArchive {
    pub(crate) listed: Listed,
    /// What it needs, in conda's words.
    pub(crate) depends: Vec<String>,
}

/// Which optional parts of a project are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parts {
    /// Extras: `[project.optional-dependencies]`.
    pub(crate) extras: Vec<String>,
    /// Groups: `[dependency-groups]` (PEP 735).
    pub(crate) groups: Vec<String>,
}

impl Parts {
    /// True where none is wanted.
    pub(crate) fn is_empty(&self) -> bool {
        self.extras.is_empty() && self.groups.is_empty()
    }
}
