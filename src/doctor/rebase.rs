//! Moves an env onto another base: a new env is built aside on it, what the user has is brought there, and the two
//! are swapped. Until then the env is as it was, whatever happens.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use walkdir::WalkDir;

use super::conda::{self, Own};
use super::mixed::pulled::Pulled;
use super::moved::{Move, installed_programs};
use super::snapshot::Snapshot;
use super::{base_state, own_python, pins, repair, wheels};
use crate::base::Base;
use crate::base::conda::is_of_base;
use crate::base::installed::Installed;
use crate::env::content::{BASE_LINK, Content};
use crate::env::pyvenv::Library;
use crate::env::record::{self, Record};
use crate::env::stage::{OnExisting, Stage};
use crate::env::unpack::Job;
use crate::env::{interpreter, kernels, leftover, pip_conf, pyvenv, script, skeleton, threads};
use crate::error::{Attempt, Error, Result};
use crate::foreign;
use crate::fs::{How, Root};

/// What is to be done.
pub(crate) struct Rebasing<'a> {
    /// The env, at the place that its programs know.
    pub(crate) env: &'a Path,
    /// Its record today.
    pub(crate) old: &'a Record,
    /// Its record on the new base.
    pub(crate) new: &'a Record,
    /// The new base.
    pub(crate) base: &'a Base,
    /// What an env of the new base holds.
    pub(crate) plan: Content,
    /// What an env of the old base held, where that is still known.
    pub(crate) old_plan: Option<Content>,
    /// Set when the user or the system asks us to stop.
    pub(crate) stop: &'a AtomicBool,
}

/// What came of it.
pub(crate) struct Outcome {
    /// Files of the user's that were brought along.
    pub(crate) carried: usize,
    /// Packages that were compiled for the old Python and stay behind in its directory.
    pub(crate) left: Vec<Installed>,
}

impl Rebasing<'_> {
    /// Builds the new env and swaps. On any failure the env is as before.
    pub(crate) fn carry_out(mut self) -> Result<Outcome> {
        let snapshot = Snapshot::take(self.env, threads::for_walk(self.env))?;
        let own = conda::own(self.env, &snapshot);
        let library = own_python::library(&own, &snapshot, &self.plan, self.base);
        let taken = conda::replaced(&self.plan, &own, &self.base.prefix);
        for (path, dir) in &mut self.plan.dirs {
            dir.links.retain(|link| !taken.contains(&Path::new(path).join(&link.name)));
            dir.files.retain(|file| !taken.contains(&Path::new(path).join(&file.name)));
        }
        let parent = self.env.parent().unwrap_or(Path::new("/"));
        let stage = Stage::new(parent)?;
        let root = stage.root();
        root.link(Path::new(BASE_LINK), &self.base.prefix)
            .attempt("link", &self.env.join(BASE_LINK))?;
        let threads = threads::for_links(parent, None);
        Job { root, env: self.env, threads, stop: self.stop }.unpack(&self.plan)?;
        let site =
            wheels::Site::look(self.env, (&self.old.base.python_lib, &self.base.python.lib), &own);
        let carried = Carry::new(&self, root, &snapshot, &own, &site).run()?;
        self.finish(root, &snapshot, &own, &library)?;
        stage.commit(self.env, OnExisting::ReplaceHeld)?;
        Ok(Outcome { carried, left: site.left() })
    }

    /// What names the base, and what names Python.
    fn finish(
        &self,
        root: &Root,
        old: &Snapshot,
        own: &BTreeMap<String, Own>,
        library: &Library,
    ) -> Result<()> {
        let text = foreign::read(self.env.join(pyvenv::FILE), foreign::FileKind::Script)
            .unwrap_or_default();
        let text = pyvenv::renewed(&text, self.base, self.env, library);
        root.write_new(Path::new(pyvenv::FILE), &text, How::DATA)
            .attempt("write", &self.env.join(pyvenv::FILE))?;
        let seen = &root.seen();
        let pip =
            foreign::read(seen.join(pip_conf::FILE), foreign::FileKind::Note).unwrap_or_default();
        root.write(Path::new(pip_conf::FILE), &pip_conf::settled(&pip), How::DATA)
            .attempt("write", &self.env.join(pip_conf::FILE))?;
        let snapshot = Snapshot::take(seen, threads::for_walk(seen))?;
        let moved = Move { env: seen, from: self.env, to: self.env, snapshot: &snapshot, own };
        let mut changes = moved.programs().changes;
        changes.extend(pins::carried_over(self.env, &self.plan, own, old));
        repair::apply_in(root, self.env, changes)?;
        let record = self.new.text()?;
        root.write_new(Path::new(record::FILE), record.as_bytes(), How::DATA.synced())
            .attempt("write", &self.env.join(record::FILE))
    }
}

/// Brings what is the user's from the old env into the new one.
struct Carry<'a> {
    order: &'a Rebasing<'a>,
    root: &'a Root,
    /// Programs that packages in the env brought.
    installed: BTreeSet<OsString>,
    /// Files of the env's own conda packages.
    owned: HashSet<PathBuf>,
    site: &'a wheels::Site,
    /// What is the old base's, though it is not a link to it.
    pulled: Pulled,
    /// What an older mlenv let the env carry.
    activation: Vec<(PathBuf, Vec<u8>)>,
}

impl<'a> Carry<'a> {
    fn new(
        order: &'a Rebasing<'a>,
        root: &'a Root,
        snapshot: &Snapshot,
        own: &BTreeMap<String, Own>,
        site: &'a wheels::Site,
    ) -> Self {
        let installed = installed_programs(order.env, snapshot);
        let owned = conda::files(order.env, own);
        let pulled = Pulled::read(order.env).without(&owned);
        let activation = skeleton::old_activation(order.env, order.old).unwrap_or_default();
        Self { order, root, installed, owned, site, pulled, activation }
    }

    fn run(&self) -> Result<usize> {
        let mut carried = 0;
        for entry in WalkDir::new(self.order.env).min_depth(1) {
            let entry = entry.map_err(|cause| Error::io("read", self.order.env, &cause.into()))?;
            if self.order.stop.load(Ordering::Relaxed) {
                return Err(Error::interrupted());
            }
            let path = entry.path().strip_prefix(self.order.env).unwrap_or(entry.path());
            let kind = entry.file_type();
            if self.pulled.owns(self.order.env, path) || path.as_os_str() == leftover::MARK {
                continue;
            }
            let is_file = kind.is_file() && !self.is_our_file(path);
            if kind.is_dir() && !self.is_our_dir(path) && !self.site.is_moving(path) {
                self.make_dir(&self.site.place(path))?;
            } else if is_file || (kind.is_symlink() && !self.is_our_link(path)) {
                self.bring(path, &self.site.place(path))?;
                carried += 1;
            }
        }
        Ok(carried)
    }

    /// Directories of the old base's come with what is in them, if with anything.
    fn is_our_dir(&self, path: &Path) -> bool {
        let plans = [Some(&self.order.plan), self.order.old_plan.as_ref()];
        plans.iter().flatten().any(|plan| plan.dirs.contains_key(path.as_os_str()))
            || self.order.old_plan.is_none()
    }

    fn is_our_link(&self, path: &Path) -> bool {
        let Ok(text) = std::fs::read_link(self.order.env.join(path)) else { return true };
        let text = text.as_os_str();
        let depth = path.components().count() - 1;
        let climb = ["../".repeat(depth).as_bytes(), BASE_LINK.as_bytes()].concat();
        let planned = self.order.old_plan.as_ref().is_some_and(|plan| plan.has_link(path, text));
        let base = base_state::as_recorded(self.order.old);
        let ours = planned || interpreter::is_ours(path, text, &base);
        path.as_os_str() == BASE_LINK
            || text.as_bytes().starts_with(&climb)
            || (ours && !self.owned.contains(path))
    }

    /// Files that an env gets from its base, unchanged; and what is written anew.
    fn is_our_file(&self, path: &Path) -> bool {
        let special = [record::FILE, pyvenv::FILE, "conda-meta/history", "conda-meta/pinned"];
        let is_temporary = |name: &OsStr| name.as_bytes().starts_with(repair::TEMPORARY.as_bytes());
        if special.iter().any(|name| path.as_os_str() == *name)
            || path.file_name().is_some_and(is_temporary)
        {
            return true;
        }
        if path.starts_with("conda-meta") && is_of_base(&self.order.env.join(path)) {
            return true;
        }
        let text = || {
            foreign::read(self.order.env.join(path), foreign::FileKind::Script).unwrap_or_default()
        };
        if self.activation.iter().any(|(file, bytes)| file == path && *bytes == text()) {
            return true;
        }
        let plans = [self.order.old_plan.as_ref(), Some(&self.order.plan)];
        let planned = plans.iter().flatten().filter_map(|plan| plan.file_at(path));
        let mut planned = planned.peekable();
        if planned.peek().is_some() {
            let text = text();
            return planned.any(|file| script::settle(&file.bytes, self.order.env) == text);
        }
        if let Some(plan) = &self.order.old_plan
            && plan.link_at(path).is_some()
            && kernels::is_ours(path, &text())
        {
            return true;
        }
        self.order.old_plan.is_none() && self.is_base_program(path, text)
    }

    /// Where the old base is not known any more: a program that starts the env's Python and that no package of the
    /// env brought was the base's.
    fn is_base_program(&self, path: &Path, text: impl Fn() -> Vec<u8>) -> bool {
        let Some(name) = path.file_name() else { return false };
        path.parent() == Some(Path::new("bin"))
            && !self.installed.contains(name)
            && !self.owned.contains(path)
            && script::interpreter(&text()) == Some(&self.order.env.join("bin/python3"))
    }

    /// What the user has wins over what the new base has.
    fn bring(&self, from: &Path, to: &Path) -> Result<()> {
        if let Some(dir) = to.parent() {
            self.make_dir(dir)?;
        }
        let source = self.order.env.join(from);
        let brought = match std::fs::read_link(&source) {
            Ok(text) => self.root.replace_link(to, text),
            Err(_) => self.root.share(to, &source),
        };
        brought.attempt("bring along", &source)
    }

    /// With its parents, each with the permissions that it has in the old env.
    fn make_dir(&self, path: &Path) -> Result<()> {
        if path.as_os_str().is_empty() || self.root.is_dir(path) {
            return Ok(());
        }
        self.make_dir(path.parent().unwrap_or(Path::new("")))?;
        let old = self.order.env.join(path);
        self.root.remove_file(path).attempt("replace", &old)?;
        self.root.make_dir(path).attempt("make", &old)?;
        if let Ok(meta) = old.metadata() {
            let _ = self.root.set_dir_mode(path, meta.permissions().mode() & 0o7777); // a new one has none to copy
        }
        Ok(())
    }
}
