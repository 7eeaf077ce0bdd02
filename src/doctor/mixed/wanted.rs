//! What is missing in an env for its own libraries to be loaded: copies of programs, links to everything else.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::pulled::{self, Pulled, PulledCopy, is_ours};
use super::reach::Reach;
use super::web::Web;
use crate::base::Base;
use crate::doctor::change::{Change, Over};
use crate::doctor::facts::Facts;
use crate::env::content::{BASE_LINK, FileMode, into_base};
use crate::error::{Error, Result};
use crate::foreign;
use crate::text::PathText;

/// The changes, and how much they are.
pub(super) struct Wanted {
    /// None where everything is there.
    pub(super) changes: Vec<Change>,
    /// Bytes that are copied.
    pub(super) bytes: u64,
    /// Links that are made.
    pub(super) links: usize,
}

/// Compares what `reached` asks for with what the env has.
pub(super) fn wanted(
    facts: &Facts,
    base: &Base,
    web: &Web,
    reached: &Reach,
    pulled: &Pulled,
) -> Result<Wanted> {
    let mut work =
        Work { env: facts.env, base, changes: Vec::new(), bytes: 0, new: Pulled::default() };
    for program in &reached.programs {
        work.program(web, program, pulled);
    }
    for package in &reached.packages {
        work.package(package)?;
    }
    for module in &reached.modules {
        let name = module.file_name().unwrap_or_default();
        let path = super::modules_in_env(base).join(name);
        work.link(&path, across(&path, module));
        work.new.links.insert(PathText(path));
    }
    if !reached.modules.is_empty() {
        work.path_file();
    }
    for library in &reached.libraries {
        if work.is_free(library) {
            work.link(library, into_base(library));
            if facts.plan.link_at(library).is_none() {
                work.new.links.insert(PathText(library.clone()));
            }
        }
    }
    let links = work.changes.iter().filter(|change| matches!(change, Change::Link { .. })).count();
    if !work.changes.is_empty() {
        let bytes = pulled.clone().joined(&work.new).text()?;
        work.changes.push(Change::rewrite(pulled::FILE, bytes));
    }
    Ok(Wanted { changes: work.changes, bytes: work.bytes, links })
}

/// The link text that leads from `path` in an env to another path in the base.
fn across(path: &Path, there: &Path) -> OsString {
    let climb = path.parent().into_iter().flat_map(Path::components).map(|_| "..");
    let up: PathBuf = climb.collect();
    up.join(BASE_LINK).join(there).into_os_string()
}

struct Work<'a> {
    env: &'a Path,
    base: &'a Base,
    changes: Vec<Change>,
    bytes: u64,
    new: Pulled,
}

impl Work<'_> {
    /// A copy, unless there is one; a file of somebody else's stays. Other names of the program lead to the copy.
    fn program(&mut self, web: &Web, path: &Path, pulled: &Pulled) {
        let Some(theirs) = PulledCopy::look(&self.base.prefix, path) else { return };
        let ours = PulledCopy::look(self.env, path);
        let is_ours = ours.is_none() || ours.as_ref() == Some(&theirs);
        if !is_ours && !pulled.programs.iter().any(|copy| Some(copy) == ours.as_ref()) {
            return;
        }
        if ours.as_ref() != Some(&theirs) {
            self.bytes += theirs.size;
            let from = self.base.prefix.join(path);
            self.changes.push(Change::Copy { path: path.to_owned(), from });
        }
        self.new.programs.push(theirs);
        for (alias, _) in web.aliases.iter().filter(|(_, real)| real.0 == path) {
            let Ok(text) = std::fs::read_link(self.env.join(&alias.0)) else { continue };
            let name = Path::new(path.file_name().unwrap_or_default());
            if text != name {
                self.put(&alias.0, name.as_os_str().to_owned(), Over::Seen);
            }
            self.new.aliases.insert(alias.clone());
        }
    }

    /// Every file of a package as a link, so that the package is whole in the env and is found there first.
    fn package(&mut self, package: &Path) -> Result<()> {
        let whole = self.base.prefix.join(package);
        let walk = WalkDir::new(&whole).sort_by_file_name().into_iter();
        for entry in walk.filter_entry(|entry| entry.file_name() != "__pycache__") {
            let entry = entry.map_err(|cause| Error::io("read", &whole, &cause.into()))?;
            let path = entry.path().strip_prefix(&self.base.prefix).unwrap_or(entry.path());
            if !entry.file_type().is_dir() && self.is_free(path) {
                self.link(path, into_base(path));
            }
        }
        self.new.packages.insert(PathText(package.to_owned()));
        Ok(())
    }

    /// Python puts the directory in front of the standard library's own. The line names no place.
    fn path_file(&mut self) {
        let path = super::path_file(self.base);
        let dir = super::modules_in_env(self.base);
        let parts: Vec<String> = dir.iter().map(|part| format!("'{}'", part.display())).collect();
        let line = format!(
            "import os, sys; sys.path.insert(0, os.path.join(sys.prefix, {}))\n",
            parts.join(", ")
        );
        if foreign::read(self.env.join(&path), foreign::FileKind::Settings)
            .is_ok_and(|text| text == line.as_bytes())
        {
            self.new.links.insert(PathText(path));
            return;
        }
        let bytes = line.into_bytes();
        self.new.links.insert(PathText(path.clone()));
        self.changes.push(Change::File { path, bytes, mode: FileMode::Data, over: Over::Seen });
    }

    /// True where nothing lies, or a link of ours.
    fn is_free(&self, path: &Path) -> bool {
        self.env.join(path).symlink_metadata().is_err() || is_ours(self.env, path)
    }

    fn link(&mut self, path: &Path, text: OsString) {
        if std::fs::read_link(self.env.join(path)).is_ok_and(|there| there.as_os_str() == text) {
            return;
        }
        self.put(path, text, Over::Nothing);
    }

    fn put(&mut self, path: &Path, target: OsString, over: Over) {
        self.changes.push(Change::Link { path: path.to_owned(), target, over });
    }
}
