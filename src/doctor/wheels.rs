//! What pip installed for one version of Python, and where it goes when an env gets another one.
//!
//! A package without compiled parts works under any version and moves along. One with compiled parts, or one that a
//! conda client recorded file by file, stays behind in the old directory, where neither Python nor pip sees it, and
//! is named.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use super::conda::{self, Own};
use crate::base::installed::{self, Installed, Manager};

use crate::foreign;

/// The env's packages, sorted for the move.
pub(crate) struct Site {
    /// Site-packages of the old and of the new Python, relative to the env.
    old: PathBuf,
    new: PathBuf,
    /// Files that stay behind, relative to the env.
    stay: HashSet<PathBuf>,
    /// What they belong to.
    packages: Vec<Installed>,
}

impl Site {
    /// Looks into the env's site-packages; `libs` are the library directories of the old and the new Python.
    pub(crate) fn look(env: &Path, libs: (&str, &str), own: &BTreeMap<String, Own>) -> Self {
        let site = |lib: &str| Path::new("lib").join(lib).join("site-packages");
        let mut found = Self {
            old: site(libs.0),
            new: site(libs.1),
            stay: HashSet::new(),
            packages: Vec::new(),
        };
        if libs.0 == libs.1 {
            return found;
        }
        for (name, package) in own {
            let one = BTreeMap::from([(name.clone(), package.clone())]);
            let files = conda::files(env, &one);
            if files.iter().any(|file| file.starts_with(&found.old)) {
                found.packages.push(Installed {
                    name: name.clone(),
                    version: package.package.version.clone(),
                    build: Some(package.package.build.clone()),
                    by: Manager::Conda,
                });
                found.stay.extend(files.into_iter().filter(|file| file.starts_with(&found.old)));
            }
        }
        for info in installed::infos(&env.join(&found.old)) {
            if is_compiled(&info)
                && let Some(package) = installed::distribution(&info)
            {
                let files = crate::base::conda::wheel_rows(&info.join("RECORD"));
                found.stay.extend(files.into_iter().map(|file| found.old.join(file)));
                found.packages.push(package);
            }
        }
        found.packages.sort();
        found
    }

    /// Where a path of the old env is in the new one.
    pub(crate) fn place(&self, path: &Path) -> PathBuf {
        match path.strip_prefix(&self.old) {
            Ok(inside) if !self.stay.contains(path) => self.new.join(inside),
            _ => path.to_owned(),
        }
    }

    /// True for what is below the old site-packages, of which some stays and some goes.
    pub(crate) fn is_moving(&self, path: &Path) -> bool {
        self.old != self.new && path.starts_with(&self.old)
    }

    /// The packages that stay behind.
    pub(crate) fn left(self) -> Vec<Installed> {
        self.packages
    }
}

/// True for a wheel that fits one version of Python only: `cp311-cp311-...`, but not `py3-none-...` or `cp38-abi3-...`.
fn is_compiled(info: &Path) -> bool {
    let text =
        foreign::read_text(info.join("WHEEL"), foreign::FileKind::PackageData).unwrap_or_default();
    text.lines().filter_map(|line| line.strip_prefix("Tag:")).any(|tag| {
        let mut parts = tag.trim().split('-');
        let (python, abi) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        python.starts_with("cp3") && abi.starts_with("cp3")
    })
}
