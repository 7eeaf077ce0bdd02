//! Moves an env onto another base: a new env is built aside on it, what the user has is brought there, and the two
//! are swapped. Until then the env is as it was, whatever happens.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use walkdir::WalkDir;

use super::conda::{self, Own};
use super::installed::Installed;
use super::mixed::pulled::Pulled;
use super::moved::{Move, installed_programs};
use super::sight::Sight;
use super::{mend, own_python, pins, wheels};
use crate::base::Base;
use crate::error::{Attempt, Error, Result};
use crate::fs;
use crate::overlay::plan::{BASE_LINK, Plan};
use crate::overlay::pyvenv::Library;
use crate::overlay::record::{self, Record};
use crate::overlay::stage::{OnExisting, Stage};
use crate::overlay::unpack::Job;
use crate::overlay::{conda_records, pyvenv, script, threads};

/// What is to be done.
pub(crate) struct Order<'a> {
    /// The env, at the place that its programs know.
    pub(crate) env: &'a Path,
    /// Its record today.
    pub(crate) old: &'a Record,
    /// Its record on the new base.
    pub(crate) new: &'a Record,
    /// The new base.
    pub(crate) base: &'a Base,
    /// What an env of the new base holds.
    pub(crate) plan: Plan,
    /// What an env of the old base held, where that is still known.
    pub(crate) old_plan: Option<Plan>,
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

impl Order<'_> {
    /// Builds the new env and swaps. On any failure the env is as before.
    pub(crate) fn carry_out(mut self) -> Result<Outcome> {
        let sight = Sight::take(self.env, threads::for_walk(self.env))?;
        let own = conda::own(self.env, &sight);
        let library = own_python::library(&own, &sight, &self.plan, self.base);
        let taken = conda::replaced(&self.plan, &own, &self.base.prefix);
        for (path, dir) in &mut self.plan.dirs {
            dir.links.retain(|link| !taken.contains(&Path::new(path).join(&link.name)));
            dir.files.retain(|file| !taken.contains(&Path::new(path).join(&file.name)));
        }
        let parent = self.env.parent().unwrap_or(Path::new("/"));
        let stage = Stage::new(parent)?;
        let root = stage.path();
        fs::make_link(&self.base.prefix, &root.join(BASE_LINK)).attempt("link", root)?;
        let threads = threads::for_links(parent, None);
        Job { root, env: self.env, threads, stop: self.stop }.unpack(&self.plan)?;
        let site =
            wheels::Site::look(self.env, (&self.old.base.python_lib, &self.base.python.lib), &own);
        let carried = Carry::new(&self, root, &sight, &own, &site).run()?;
        self.finish(root, &sight, &own, &library)?;
        stage.commit(self.env, OnExisting::ReplaceEnv)?;
        Ok(Outcome { carried, left: site.left() })
    }

    /// What names the base, and what names Python.
    fn finish(
        &self,
        root: &Path,
        old: &Sight,
        own: &BTreeMap<String, Own>,
        library: &Library,
    ) -> Result<()> {
        let text = std::fs::read(self.env.join(pyvenv::FILE)).unwrap_or_default();
        let text = pyvenv::renewed(&text, self.base, self.env, library);
        fs::write_new(&root.join(pyvenv::FILE), &text)
            .attempt("write", &self.env.join(pyvenv::FILE))?;
        let sight = Sight::take(root, threads::for_walk(root))?;
        let moved = Move { env: root, from: self.env, to: self.env, sight: &sight, own };
        let mut changes = moved.programs().changes;
        changes.extend(pins::carried_over(self.env, &self.plan, own, old));
        mend::apply(root, changes)?;
        let record = self.new.text()?;
        fs::write_new(&root.join(record::FILE), record.as_bytes())
            .attempt("write", &self.env.join(record::FILE))
    }
}

/// Brings what is the user's from the old env into the new one.
struct Carry<'a> {
    order: &'a Order<'a>,
    root: &'a Path,
    /// Programs that packages in the env brought.
    installed: BTreeSet<OsString>,
    /// Files of the env's own conda packages.
    owned: HashSet<PathBuf>,
    site: &'a wheels::Site,
    /// What is the old base's, though it is no link to it.
    pulled: Pulled,
}

impl<'a> Carry<'a> {
    fn new(
        order: &'a Order<'a>,
        root: &'a Path,
        sight: &Sight,
        own: &BTreeMap<String, Own>,
        site: &'a wheels::Site,
    ) -> Self {
        let installed = installed_programs(order.env, sight);
        let pulled = Pulled::read(order.env);
        Self { order, root, installed, owned: conda::files(order.env, own), site, pulled }
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
            if self.pulled.owns(self.order.env, path) {
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
        path.as_os_str() == BASE_LINK || text.as_bytes().starts_with(&climb) || planned
    }

    /// Files that an env gets from its base, unchanged; and what is written anew.
    fn is_our_file(&self, path: &Path) -> bool {
        let special = [record::FILE, pyvenv::FILE, "conda-meta/history", "conda-meta/pinned"];
        let is_temporary = |name: &OsStr| name.as_bytes().starts_with(mend::TEMPORARY.as_bytes());
        if special.iter().any(|name| path.as_os_str() == *name)
            || path.file_name().is_some_and(is_temporary)
        {
            return true;
        }
        if path.starts_with("conda-meta") && conda_records::is_of_base(&self.order.env.join(path)) {
            return true;
        }
        let plans = [self.order.old_plan.as_ref(), Some(&self.order.plan)];
        let planned = plans.iter().flatten().filter_map(|plan| plan.file_at(path));
        let text = || std::fs::read(self.order.env.join(path)).unwrap_or_default();
        let mut planned = planned.peekable();
        if planned.peek().is_some() {
            let text = text();
            return planned.any(|file| script::settle(&file.bytes, self.order.env) == text);
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
        let (source, target) = (self.order.env.join(from), self.root.join(to));
        let failed = |cause| Error::io("bring along", &self.order.env.join(from), &cause);
        fs::remove_file(&target).map_err(failed)?;
        match std::fs::read_link(&source) {
            Ok(text) => fs::make_link(&text, &target).map_err(failed),
            Err(_) => fs::share_file(&source, &target).map_err(failed),
        }
    }

    /// With its parents, each with the permissions that it has in the old env.
    fn make_dir(&self, path: &Path) -> Result<()> {
        let target = self.root.join(path);
        if path.as_os_str().is_empty() || target.symlink_metadata().is_ok_and(|meta| meta.is_dir())
        {
            return Ok(());
        }
        self.make_dir(path.parent().unwrap_or(Path::new("")))?;
        fs::remove_file(&target).attempt("replace", &self.order.env.join(path))?;
        fs::make_dir(&target).attempt("make", &self.order.env.join(path))?;
        let _ = fs::copy_mode(&self.order.env.join(path), &target); // a new one has none to copy
        Ok(())
    }
}
