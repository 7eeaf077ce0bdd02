//! Takes back what was pulled up into the env and is no longer needed: copies become links again, links go.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::pulled::{self, Pulled, PulledCopy, is_ours};
use super::reach::Reach;
use crate::base::Base;
use crate::doctor::change::{Change, Over};
use crate::doctor::facts::Facts;
use crate::doctor::finding::{EnvFault, Finding};
use crate::env::content::into_base;
use crate::text::Shown;
use crate::text::count;

/// A finding where something is there that `reached` does not ask for.
pub(super) fn finding(
    facts: &Facts,
    base: &Base,
    pulled: &Pulled,
    reached: &Reach,
) -> Option<Finding> {
    let mut back = Back { facts, changes: Vec::new(), names: Vec::new() };
    for copy in pulled.programs.iter().filter(|copy| !reached.programs.contains(&copy.path.0)) {
        back.program(copy);
    }
    let copies_stay = |path: &Path| {
        let text = std::fs::read_link(facts.env.join(path)).ok();
        text.is_some_and(|text| reached.programs.contains(&path.with_file_name(text)))
    };
    for alias in pulled.aliases.iter().filter(|alias| !copies_stay(&alias.0)) {
        back.alias(&alias.0);
    }
    for package in pulled.packages.iter().filter(|name| !reached.packages.contains(&name.0)) {
        back.package(&package.0);
    }
    let modules = super::modules_in_env(base);
    let asked = |path: &PathBuf| {
        let module = path.strip_prefix(&modules).map(|name| super::modules(base).join(name));
        module.is_ok_and(|module| reached.modules.contains(&module))
            || reached.libraries.contains(path)
            || (*path == super::path_file(base) && !reached.modules.is_empty())
    };
    for link in pulled.links.iter().filter(|link| !asked(&link.0)) {
        back.link(&link.0);
    }
    if reached.modules.is_empty() && facts.snapshot.dirs.contains_key(modules.as_os_str()) {
        back.changes.push(Change::RemoveDir(modules));
    }
    let is_all = *reached == Reach::default();
    back.finding(is_all)
}

struct Back<'a> {
    facts: &'a Facts<'a>,
    changes: Vec<Change>,
    names: Vec<String>,
}

impl Back<'_> {
    fn finding(mut self, is_all: bool) -> Option<Finding> {
        if is_all && self.facts.env.join(pulled::FILE).symlink_metadata().is_ok() {
            self.changes.push(Change::Remove(pulled::FILE.into()));
        }
        if self.changes.is_empty() {
            return None;
        }
        let what = format!(
            "{} of the base {} pulled up into the env for a library that is no longer there",
            count(self.names.len(), "program or package", "programs or packages"),
            if self.names.len() == 1 { "was" } else { "were" },
        );
        let breaks = "nothing; they take space, and do not follow the base";
        Some(Finding::mended(EnvFault::PulledUp, what, breaks, self.changes).about(self.names))
    }

    fn program(&mut self, copy: &PulledCopy) {
        let path = &copy.path.0;
        if PulledCopy::look(self.facts.env, path).as_ref() == Some(copy) {
            self.relink(path);
            self.names.push(Shown(path).to_string());
        }
    }

    /// Only while it is the link that was made: to a name beside it.
    fn alias(&mut self, path: &Path) {
        let text = std::fs::read_link(self.facts.env.join(path)).ok();
        if text.is_some_and(|text| text.components().count() == 1) {
            self.relink(path);
        }
    }

    fn relink(&mut self, path: &Path) {
        let planned = self.facts.plan.link_at(path).map(|link| link.target.clone());
        let target = planned.unwrap_or_else(|| into_base(path));
        self.changes.push(Change::Link { path: path.to_owned(), target, over: Over::Seen });
    }

    /// Our links, and what Python compiled beside them; then directories that are empty.
    fn package(&mut self, package: &Path) {
        let env = self.facts.env;
        let before = self.changes.len();
        for entry in WalkDir::new(env.join(package)).contents_first(true).into_iter().flatten() {
            let Ok(path) = entry.path().strip_prefix(env) else { continue };
            let is_compiled = path.parent().is_some_and(|dir| dir.ends_with("__pycache__"));
            if entry.file_type().is_dir() {
                self.changes.push(Change::RemoveDir(path.to_owned()));
            } else if is_ours(env, path) || (is_compiled && entry.file_type().is_file()) {
                self.changes.push(Change::Remove(path.to_owned()));
            }
        }
        let removes = |change: &Change| matches!(change, Change::Remove(_));
        if self.changes[before..].iter().any(removes) {
            self.names.push(Shown(package).to_string());
        } else {
            self.changes.truncate(before); // somebody else's by now
        }
    }

    /// Links that the env has anyway stay.
    fn link(&mut self, path: &Path) {
        let there = self.facts.env.join(path).symlink_metadata();
        let is_planned = self.facts.plan.link_at(path).is_some();
        let is_path_file = path.extension().is_some_and(|end| end == "pth");
        if there.is_ok_and(|meta| meta.is_symlink() || is_path_file) && !is_planned {
            self.changes.push(Change::Remove(path.to_owned()));
        }
    }
}
