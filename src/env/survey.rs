//! Looks through a base and decides what an env of it holds. Reads only.

use std::collections::HashSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::content::{Content, File, FileMode};
use super::layout::{Fate, Layout, fate};
use super::script::{self, Program};
use super::{conda_files, conda_records, kernels, owned};
use crate::base::{Base, BaseKind, conda};
use crate::error::{Error, Result};
use crate::foreign;
use crate::parallel;

/// The plan, and what could not become part of it.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// What an env holds.
    pub(crate) plan: Content,
    /// Links of the base that lead nowhere.
    pub(crate) dangling: usize,
    /// Directories that could not be read.
    pub(crate) unreadable: usize,
}

/// Walks the base for one layout. `step` is called for every directory entered, for a progress bar.
pub(crate) fn survey(
    base: &Base,
    layout: Layout,
    threads: usize,
    step: &dyn Fn(),
) -> Result<Survey> {
    let mut found = Survey::default();
    if layout != Layout::Sparse && base.kind != BaseKind::System {
        let owned = conda::owned(&base.prefix, &base.python.lib, threads)?;
        let walk = Walk { base, layout, owned: &owned };
        walk.run(&mut found, step)?;
        programs(base, &mut found.plan, threads)?;
    }
    if base.kind == BaseKind::Conda && layout != Layout::Sparse {
        conda_files::add(&mut found.plan, &base.prefix)?;
        conda_records::settle(&mut found.plan, &base.prefix, threads)?;
        owned::keep_owned(&mut found.plan);
    }
    found.plan.sort();
    Ok(found)
}

/// Turns links to Python scripts into real files.
pub(crate) fn programs(base: &Base, plan: &mut Content, threads: usize) -> Result<()> {
    helpers(base, plan, threads)?;
    let bin = plan.dir(Path::new("bin"));
    let links = std::mem::take(&mut bin.links);
    let dir = base.prefix.join("bin");
    let texts =
        parallel::map(threads, links.len(), |at| Ok(script_text(&dir.join(&links[at].name))))?;
    for (link, text) in links.into_iter().zip(texts) {
        match text {
            Some(bytes) => bin.files.push(File { name: link.name, bytes, mode: FileMode::Program }),
            None => bin.links.push(link),
        }
    }
    Ok(())
}

/// Those outside of `bin`.
pub(crate) fn helpers(base: &Base, plan: &mut Content, threads: usize) -> Result<()> {
    let paths = kernels::scripts(plan);
    let texts = parallel::map(threads, paths.len(), |at| {
        let path = base.prefix.join(&paths[at]);
        let runs = path.metadata().is_ok_and(|meta| meta.permissions().mode() & 0o111 != 0);
        let dir = paths[at].parent().unwrap_or(Path::new(""));
        Ok(runs
            .then(|| script_parts(&path))
            .flatten()
            .map(|(options, body)| script::portable_in(dir, &options, &body)))
    })?;
    for (path, text) in paths.into_iter().zip(texts) {
        if let Some(bytes) = text {
            plan.file_instead(&path, bytes, FileMode::Program);
        }
    }
    Ok(())
}

fn script_parts(path: &Path) -> Option<(Vec<u8>, Vec<u8>)> {
    match script::classify(&small(path)?) {
        Program::Python { options, body } => Some((options, body)),
        Program::Other | Program::Beside => None,
    }
}

/// What an env writes for a program of the base; `None` for what is linked. Sizes are looked at first: on CVMFS
/// opening a file fetches all of it.
fn script_text(path: &Path) -> Option<Vec<u8>> {
    let text = small(path)?;
    match script::classify(&text) {
        Program::Other => None,
        Program::Python { options, body } => Some(script::portable(&options, &body)),
        Program::Beside => Some(text),
    }
}

fn small(path: &Path) -> Option<Vec<u8>> {
    path.metadata().ok().filter(|meta| meta.is_file() && meta.len() <= script::MAX_SIZE)?;
    foreign::read(path, foreign::FileKind::Script).ok()
}

struct Walk<'a> {
    base: &'a Base,
    layout: Layout,
    owned: &'a HashSet<PathBuf>,
}

impl Walk<'_> {
    fn run(&self, found: &mut Survey, step: &dyn Fn()) -> Result<()> {
        let root = &self.base.prefix;
        let entries = WalkDir::new(root).min_depth(1).sort_by_file_name().into_iter();
        for entry in entries.filter_entry(|entry| self.fate(entry) != Fate::Leave) {
            let entry = match entry {
                Ok(entry) => entry,
                Err(cause) if cause.depth() > 0 => {
                    found.unreadable += 1;
                    continue;
                }
                Err(cause) => return Err(Error::io("read the base", root, &cause.into())),
            };
            if entry.file_type().is_dir() {
                step();
            } else {
                self.take(&entry, found);
            }
        }
        Ok(())
    }

    fn fate(&self, entry: &DirEntry) -> Fate {
        fate(self.layout, &self.base.python.lib, self.relative(entry))
    }

    fn relative<'e>(&self, entry: &'e DirEntry) -> &'e Path {
        entry.path().strip_prefix(&self.base.prefix).unwrap_or(entry.path())
    }

    /// Adds one file or link of the base to the plan, where its fate allows.
    fn take(&self, entry: &DirEntry, found: &mut Survey) {
        let path = self.relative(entry);
        let kind = entry.file_type();
        if !(kind.is_file() || kind.is_symlink()) {
            return; // sockets, pipes and devices
        }
        let fate = self.fate(entry);
        let owned = fate == Fate::LinkAny || self.owned.contains(path);
        if !owned {
            if fate == Fate::LinkOrCarry
                && kind.is_file()
                && let Some(bytes) = carried(entry.path())
            {
                found.plan.file(path, bytes, FileMode::Data);
            }
            return;
        }
        if kind.is_symlink() {
            match entry.path().metadata() {
                Err(_) => return found.dangling += 1,
                Ok(meta) if meta.is_dir() => return self.take_directory_link(entry, path, found),
                Ok(_) => {}
            }
        }
        found.plan.link_to_base(path);
    }

    /// A package's link to a directory keeps its own text where that leads to a directory of the env. It is never
    /// led into the base: whoever wrote through it would write there.
    fn take_directory_link(&self, entry: &DirEntry, path: &Path, found: &mut Survey) {
        let Ok(target) = std::fs::read_link(entry.path()) else { return };
        let Ok(real) = entry.path().canonicalize() else { return };
        let inside = real.strip_prefix(&self.base.prefix).ok();
        let kept = inside
            .is_some_and(|inside| fate(self.layout, &self.base.python.lib, inside) != Fate::Leave);
        if kept && target.is_relative() && stays_inside(path, &target) {
            inside.map(|inside| found.plan.dir(inside));
            found.plan.link(path, target.into_os_string());
        }
    }
}

/// True where `target`, read from the directory of `path`, never climbs out of the env.
fn stays_inside(path: &Path, target: &Path) -> bool {
    use std::path::Component;
    let mut depth = path.components().count() - 1;
    target.components().all(|part| match part {
        Component::Normal(_) => {
            depth += 1;
            true
        }
        Component::ParentDir if depth > 0 => {
            depth -= 1;
            true
        }
        Component::CurDir => true,
        _ => false,
    })
}

/// The text of a file that an image added where files take effect by being there. Large ones are no
/// configuration.
fn carried(from: &Path) -> Option<Vec<u8>> {
    from.metadata().ok().filter(|meta| meta.len() <= script::MAX_SIZE)?;
    foreign::read(from, foreign::FileKind::Script).ok()
}
