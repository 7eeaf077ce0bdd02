//! What mlenv left outside of envs and no longer needs: indexes and answers in the cache, unfinished envs, memories of
//! envs that are gone. Finding it is separate from taking it away.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::base::{Base, known, python};
use crate::config::Dirs;
use crate::env::record::Record;
use crate::env::{leftover, registry, stage};
use crate::error::{Attempt, Result};
use crate::fs;
use crate::kernel;

/// The sorts of litter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LitterKind {
    /// The index of a base that no env stands on and that has no name; made again when it is needed.
    Index,
    /// What the Python of such a base said about itself.
    Python,
    /// An unfinished env of a process that was killed.
    Stage,
    /// A file of a process that was killed before it had its name.
    Temporary,
    /// The note of an env that is gone.
    Memory,
    /// A Jupyter kernel of one.
    Kernel,
    /// An env whose base is gone for good; only where that was asked for.
    Env,
    /// Packages that conda clients unpacked; only where that was asked for.
    Packages,
}

impl LitterKind {
    /// The words for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Index => "index of a base that nothing uses",
            Self::Python => "facts about a Python that nothing uses",
            Self::Stage => "unfinished env",
            Self::Temporary => "temporary file of a process that was killed",
            Self::Memory => "note of an env that is gone",
            Self::Kernel => "kernel of an env that is gone",
            Self::Env => "env whose base is gone",
            Self::Packages => "cache of conda packages",
        }
    }
}

/// One thing that can go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Litter {
    /// Its sort.
    pub(crate) kind: LitterKind,
    /// What is removed.
    pub(crate) path: PathBuf,
    /// What people know it by.
    pub(crate) shown: PathBuf,
}

/// Looks for it; removes nothing.
pub(crate) fn find(dirs: &Dirs) -> Vec<Litter> {
    let mut found = Vec::new();
    let mut envs: BTreeSet<PathBuf> = names_in(&dirs.envs).into_iter().collect();
    for (link, env) in registry::entries(dirs) {
        if registry::is_gone(&env) {
            found.push(Litter { kind: LitterKind::Memory, path: link, shown: env.clone() });
        }
        envs.insert(env);
    }
    let kernels = kernel::stale(dirs).into_iter();
    found.extend(kernels.map(|dir| Litter {
        kind: LitterKind::Kernel,
        shown: dir.clone(),
        path: dir,
    }));
    let used = Used::look(dirs, &envs);
    let litter = |kind, path: PathBuf| Litter { kind, shown: path.clone(), path };
    let indexes = names_in(&dirs.cache.join("indexes")).into_iter();
    found.extend(
        indexes.filter(|path| !used.index(path)).map(|path| litter(LitterKind::Index, path)),
    );
    let pythons = names_in(&python::memory(&dirs.cache)).into_iter();
    found.extend(
        pythons.filter(|path| !used.python(path)).map(|path| litter(LitterKind::Python, path)),
    );
    let places: BTreeSet<&Path> =
        envs.iter().filter_map(|env| env.parent()).chain([dirs.envs.as_path()]).collect();
    let stages = places.iter().copied().flat_map(leftover::leftovers);
    found.extend(stages.map(|path| litter(LitterKind::Stage, path)));
    let temporaries = places.into_iter().map(Path::to_owned).chain(own_places(dirs));
    let temporaries = temporaries.flat_map(|dir| fs::litter(&dir));
    found.extend(temporaries.map(|path| litter(LitterKind::Temporary, path)));
    found
}

/// Envs of this user whose base was removed, with nothing else in its place. What is only out of reach is not gone, and
/// where the base's name or path leads elsewhere `rebase` is the cure.
pub(crate) fn orphans(dirs: &Dirs) -> Vec<Litter> {
    let names = known::all(dirs).unwrap_or_default();
    let is_orphan = |env: &PathBuf| {
        let Ok(Some(record)) = Record::read(env) else { return false };
        let base = &record.base;
        let lives_elsewhere = record.container.is_some();
        !lives_elsewhere
            && is_removed(&base.prefix.0)
            && !base.path.0.exists()
            && !base.name.as_ref().is_some_and(|name| names.contains_key(name))
    };
    let known = registry::entries(dirs).into_iter().map(|(_, env)| env);
    let envs: BTreeSet<PathBuf> = known.chain(names_in(&dirs.envs)).collect();
    envs.into_iter()
        .filter(is_orphan)
        .map(|env| Litter { kind: LitterKind::Env, shown: env.clone(), path: env })
        .collect()
}

/// The caches of conda packages: of clients in envs on a base that can be written, and of mlenv's own installer.
pub(crate) fn packages(dirs: &Dirs) -> Vec<Litter> {
    let places = ["pkgs", "conda"].map(|name| dirs.cache.join(name)).into_iter();
    let litter = |path: PathBuf| Litter { kind: LitterKind::Packages, shown: path.clone(), path };
    places.filter(|path| path.is_dir()).map(litter).collect()
}

/// Takes one thing away.
pub(crate) fn remove(litter: &Litter) -> Result<()> {
    match litter.kind {
        LitterKind::Env => return stage::discard(&litter.path),
        LitterKind::Packages => fs::remove_tree(&litter.path),
        LitterKind::Kernel => return kernel::discard(&litter.path),
        LitterKind::Stage => leftover::remove(&litter.path),
        LitterKind::Index | LitterKind::Python | LitterKind::Memory | LitterKind::Temporary => {
            fs::remove_file(&litter.path)
        }
    }
    .attempt("remove", &litter.path)
}

/// The directories in which mlenv writes for this user alone.
fn own_places(dirs: &Dirs) -> Vec<PathBuf> {
    let tops = [&dirs.config, &dirs.state, &dirs.cache].map(Clone::clone);
    let kernels = dirs.jupyter.join("kernels");
    let below = tops.iter().chain([&kernels]).flat_map(|top| names_in(top));
    let below: Vec<PathBuf> = below
        .filter(|dir| dir.is_dir() && !dir.ends_with("pkgs") && !dir.ends_with("conda"))
        .collect();
    tops.into_iter().chain(below).collect()
}

/// What bases with a name, and those of envs, need in the cache.
struct Used {
    /// Content fingerprints.
    packages: BTreeSet<String>,
    /// Files with answers.
    pythons: BTreeSet<PathBuf>,
    /// True where a base is out of reach, so that nobody knows what it needs.
    has_unknown: bool,
}

impl Used {
    fn look(dirs: &Dirs, envs: &BTreeSet<PathBuf>) -> Self {
        let mut used =
            Self { packages: BTreeSet::new(), pythons: BTreeSet::new(), has_unknown: false };
        let records: Vec<Record> =
            envs.iter().filter_map(|env| Record::read(env).ok().flatten()).collect();
        let names = known::all(dirs).unwrap_or_default();
        let bases = records.iter().map(|record| &record.base.prefix.0);
        for prefix in bases.chain(names.values().map(|(entry, _)| &entry.path.0)) {
            match Base::open(prefix, &dirs.cache) {
                Ok(base) => {
                    used.packages.insert(base.fingerprint.packages);
                    used.pythons.extend(python::remembered(&base.prefix, &dirs.cache));
                }
                Err(_) if is_gone(prefix) => {}
                Err(_) => used.has_unknown = true,
            }
        }
        // `rebase` wants to know what a base was, whatever became of it.
        used.packages.extend(records.into_iter().map(|record| record.base.fingerprint.packages));
        used
    }

    fn python(&self, path: &Path) -> bool {
        self.has_unknown || self.pythons.contains(path)
    }

    /// An index is called after the content that it is of: `PACKAGES-LAYOUT.tar.zst`.
    fn index(&self, path: &Path) -> bool {
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        self.has_unknown
            || name.split('-').next().is_some_and(|packages| self.packages.contains(packages))
    }
}

/// As `index`, but for a prefix in an image, which is removed as a whole.
fn is_removed(prefix: &Path) -> bool {
    let image = if prefix.ends_with("opt/conda") { prefix.ancestors().nth(2) } else { None };
    is_gone(image.unwrap_or(prefix)) || is_gone(prefix)
}

/// True for a directory that was removed, and not merely unmounted: the one above it is reachable.
fn is_gone(prefix: &Path) -> bool {
    prefix.symlink_metadata().is_err() && prefix.parent().is_some_and(Path::is_dir)
}

fn names_in(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let mut names: Vec<OsString> = entries.map(|entry| entry.file_name()).collect();
    names.sort();
    names.into_iter().map(|name| dir.join(name)).collect()
}
