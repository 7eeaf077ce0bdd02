//! What in an env names the place where the env is: programs in `bin`, kernels, text of conda packages.
//!
//! All else is relative. Used where an env was moved, and where one is copied or renamed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::change::Change;
use super::conda::{self, Own, Prefixed};
use super::snapshot::{Snapshot, Thing};
use crate::env::script;
use crate::foreign;
use crate::kernel;

/// Enough of a program to know its interpreter.
const HEAD: u64 = 1024;

/// Programs that have to be written anew.
#[derive(Debug, Default)]
pub(crate) struct Programs {
    /// With the env's own interpreter.
    pub(crate) changes: Vec<Change>,
    /// Programs of ours, or of packages, that nobody may run.
    pub(crate) closed: Vec<PathBuf>,
}

/// An env, and where it was and is.
pub(crate) struct Move<'a> {
    /// The directory to look into.
    pub(crate) env: &'a Path,
    /// The path that its files name.
    pub(crate) from: &'a Path,
    /// The path that they are to name.
    pub(crate) to: &'a Path,
    /// What is in it.
    pub(crate) snapshot: &'a Snapshot,
    /// Its own conda packages.
    pub(crate) own: &'a BTreeMap<String, Own>,
}

impl Move<'_> {
    /// Python scripts in `bin` that start an interpreter below `from`, or one that is not there.
    ///
    /// The second only where a package of the env brought them: a script of the user's is the user's.
    pub(crate) fn programs(&self) -> Programs {
        let mut found = Programs::default();
        let (mut there, mut installed) = (HashMap::new(), None);
        for (name, _) in self.snapshot.things("bin").filter(|(_, thing)| **thing == Thing::File) {
            let path = Path::new("bin").join(name);
            let Ok(head) = self.head(&path) else {
                found.closed.push(path);
                continue;
            };
            let Some(program) = script::interpreter(&head.text) else { continue };
            if !head.may_run {
                found.closed.push(path.clone());
            }
            let moved = self.from != self.to && program.starts_with(self.from);
            let there = *there.entry(program.to_owned()).or_insert_with(|| self.is_there(program));
            let mut is_installed = || {
                let installed =
                    installed.get_or_insert_with(|| installed_programs(self.env, self.snapshot));
                installed.contains(name)
            };
            let lost = !there || script::is_misquoted(&head.text);
            if moved || (lost && (program.starts_with(self.to) || is_installed())) {
                found.changes.extend(self.program(path));
            }
        }
        found
    }

    /// Asked of the directory that is looked into, which may get its name later.
    fn is_there(&self, program: &Path) -> bool {
        match program.strip_prefix(self.to) {
            Ok(inside) => self.env.join(inside).exists(),
            Err(_) => program.exists(),
        }
    }

    fn head(&self, path: &Path) -> std::io::Result<Head> {
        let file = foreign::open_unfollowed(&self.env.join(path))?;
        let may_run = file.metadata()?.permissions().mode() & 0o100 != 0;
        Ok(Head { text: foreign::head_open(file, HEAD)?, may_run })
    }

    /// One file that names the old place, if it does.
    pub(crate) fn text(&self, path: PathBuf) -> Option<Change> {
        let text = foreign::read(self.env.join(&path), foreign::FileKind::Script).ok()?;
        let ours = kernel::moved(&text, self.from, self.to); // its text is JSON, in which a path may look otherwise
        Some(Change::rewrite(path, ours.or_else(|| self.renamed(&text))?))
    }

    fn program(&self, path: PathBuf) -> Option<Change> {
        let text = foreign::read(self.env.join(&path), foreign::FileKind::Script).ok()?;
        let bytes = script::for_env(&text, self.to).or_else(|| self.renamed(&text))?;
        (bytes != text).then(|| Change::rewrite(path, bytes))
    }

    /// Other text that names the old place: kernels, and what the env's conda packages put their prefix into.
    pub(crate) fn texts(&self) -> (Vec<Change>, Vec<String>) {
        if self.from == self.to {
            return (Vec::new(), Vec::new());
        }
        let Prefixed { text, compiled } = conda::prefixed(self.env, self.own);
        let kernels = self.kernels();
        let paths: BTreeSet<PathBuf> = text.into_iter().chain(kernels).collect();
        let changes = paths.into_iter().filter_map(|path| {
            let dir = path.parent().unwrap_or(Path::new("")).as_os_str();
            if self.snapshot.thing(dir, path.file_name()?) != Some(&Thing::File)
                && !is_in_site(&path)
            {
                return None;
            }
            self.text(path)
        });
        (changes.collect(), compiled)
    }

    /// Kernels are started by a path.
    fn kernels(&self) -> Vec<PathBuf> {
        let kernels = Path::new("share/jupyter/kernels");
        let dirs =
            self.snapshot.things("share/jupyter/kernels").map(|(name, _)| kernels.join(name));
        dirs.map(|dir| dir.join("kernel.json")).collect()
    }

    /// `text` with the old place replaced by the new one; `None` where it does not name it.
    fn renamed(&self, text: &[u8]) -> Option<Vec<u8>> {
        replace_path(text, self.from.as_os_str().as_bytes(), self.to.as_os_str().as_bytes())
    }
}

struct Head {
    text: Vec<u8>,
    may_run: bool,
}

/// Site-packages is not looked into, so a record's word is taken for what is there.
fn is_in_site(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "site-packages")
}

/// The names in `bin` that packages in the env's site-packages say are theirs.
pub(crate) fn installed_programs(env: &Path, snapshot: &Snapshot) -> BTreeSet<OsString> {
    let is_info = |name: &OsStr| name.as_bytes().ends_with(b".dist-info");
    let sites = snapshot.dirs.iter().filter(|(dir, _)| Path::new(dir).ends_with("site-packages"));
    let infos = sites.flat_map(|(dir, seen)| {
        let names = seen.things.keys().filter(|name| is_info(name));
        names.map(move |name| env.join(dir).join(name).join("RECORD"))
    });
    infos
        .flat_map(|record| crate::base::conda::wheel_files(&record))
        .filter(|path| path.starts_with("bin"))
        .filter_map(|path| path.file_name().map(OsStr::to_owned))
        .collect()
}

/// Replaces `from` where it stands as a whole path or in front of a `/`.
fn replace_path(text: &[u8], from: &[u8], to: &[u8]) -> Option<Vec<u8>> {
    let ends = |next: Option<&u8>| {
        next.is_none_or(|byte| {
            !byte.is_ascii_alphanumeric() && !matches!(byte, b'-' | b'_' | b'.' | 0x80..)
        })
    };
    let (mut out, mut at, mut hits) = (Vec::with_capacity(text.len()), 0, 0);
    while at < text.len() {
        if text[at..].starts_with(from) && ends(text.get(at + from.len())) {
            out.extend_from_slice(to);
            at += from.len();
            hits += 1;
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    (hits > 0).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_paths_are_replaced() {
        let replaced = |text: &str| {
            replace_path(text.as_bytes(), b"/a/env", b"/b/new")
                .map(|text| String::from_utf8(text).unwrap())
        };
        assert_eq!(
            replaced("p=/a/env\nq=/a/env/bin:/a/env2/bin").unwrap(),
            "p=/b/new\nq=/b/new/bin:/a/env2/bin"
        );
        assert_eq!(replaced("/a/env-old /a/envs"), None);
        assert_eq!(replaced("\"/a/env\"").unwrap(), "\"/b/new\"");
    }
}
