//! The distributions that Python sees in a directory, with what each needs here.

use std::path::{Path, PathBuf};

use crate::base::installed;
use crate::base::metadata::Metadata;
use crate::parallel;
use crate::specs::condition::World;
use crate::specs::key;
use crate::specs::need::Need;

/// A distribution as Python sees it.
#[derive(Clone, Debug)]
pub(super) struct Distribution {
    /// As it is written.
    pub(super) name: String,
    /// Its version.
    pub(super) version: String,
    /// What it needs here.
    pub(super) needs: Vec<Need>,
}

impl Distribution {
    /// The name by which packagers compare.
    pub(super) fn key(&self) -> String {
        key(&self.name)
    }
}

/// All distributions in a directory, whoever put them there.
pub(super) fn all(site: &Path, world: &World) -> Vec<Distribution> {
    let infos: Vec<PathBuf> = installed::infos(site);
    let read = parallel::map(parallel::for_cpu(), infos.len(), |at| Ok(read(&infos[at], world)));
    read.unwrap_or_default().into_iter().flatten().collect()
}

fn read(info: &Path, world: &World) -> Option<Distribution> {
    let Metadata { name, version, requires, .. } = Metadata::read(info)?;
    let needs = requires.iter().filter_map(|line| Need::parse(line, world)).collect();
    Some(Distribution { name, version, needs })
}
