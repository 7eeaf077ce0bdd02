//! Makes an env: built beside its place, its record written last, renamed into it.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::plan::{BASE_LINK, Count, Plan};
use super::record::{self, Record};
use super::stage::{OnExisting, Stage};
use super::unpack::Job;
use super::{pyvenv, skeleton};
use crate::base::Base;
use crate::error::{Attempt, Error, Result};
use crate::fs;
use crate::text::Shown;

/// What is to be made.
pub(crate) struct Order<'a> {
    /// The env's final, absolute path.
    pub(crate) env: &'a Path,
    /// What it stands on.
    pub(crate) base: &'a Base,
    /// What it links: checked.
    pub(crate) plan: Plan,
    /// Its record.
    pub(crate) record: &'a Record,
    /// What may be replaced.
    pub(crate) on_existing: OnExisting,
    /// How many threads make links.
    pub(crate) threads: usize,
    /// Set when the user or the system asks us to stop.
    pub(crate) stop: &'a AtomicBool,
}

impl Order<'_> {
    /// Makes the env. On any failure nothing is left of it.
    pub(crate) fn carry_out(mut self) -> Result<Count> {
        let parent = self.env.parent().unwrap_or(Path::new("/"));
        let new_top = parent.ancestors().take_while(|dir| !dir.exists()).last().map(Path::to_owned);
        fs::make_dirs(parent, 0o777).attempt("make", parent)?;
        let made = self.build(parent);
        if let (Err(_), Some(top)) = (&made, new_top) {
            fs::remove_empty_dirs(parent, &top);
        }
        made
    }

    fn build(&mut self, parent: &Path) -> Result<Count> {
        refuse_inside_base(parent, &self.base.prefix)?;
        skeleton::add(&mut self.plan, self.base, self.record.user_site());
        let stage = Stage::new(parent)?;
        let root = stage.path();
        fs::make_link(&self.base.prefix, &root.join(BASE_LINK))
            .attempt("link", &self.env.join(BASE_LINK))?;
        Job { root, env: self.env, threads: self.threads, stop: self.stop }.unpack(&self.plan)?;
        self.write(root, "pyvenv.cfg", &pyvenv::text(self.base, self.env))?;
        self.write(root, record::FILE, self.record.text()?.as_bytes())?;
        stage.commit(self.env, self.on_existing)?;
        Ok(self.plan.count())
    }

    fn write(&self, root: &Path, name: &str, bytes: &[u8]) -> Result<()> {
        fs::write_new(&root.join(name), bytes).attempt("write", &self.env.join(name))
    }
}

/// Looks at the place before any work is done. Fails unless it is free, empty, or may be replaced; tells what
/// the commit has to do.
pub(crate) fn check_place(env: &Path, wanted: OnExisting) -> Result<OnExisting> {
    check_path(env)?;
    let Ok(meta) = env.symlink_metadata() else { return Ok(OnExisting::Fail) };
    let refuse = |what: &str, hint: &str| {
        Err(Error::new(format!("could not make {}: {what}", Shown(env))).hint(hint))
    };
    if meta.is_symlink() {
        return refuse("there is a link of that name", "remove the link, or name another place");
    }
    if !meta.is_dir() {
        return refuse("there is a file of that name", "name another place");
    }
    if Record::read(env).is_ok_and(|record| record.is_some()) {
        return match wanted {
            OnExisting::ReplaceEnv => Ok(wanted),
            OnExisting::Fail => refuse(
                "there is an env already",
                "`--force` replaces it, with all that was installed in it",
            ),
        };
    }
    let empty = std::fs::read_dir(env).attempt("read", env)?.next().is_none();
    if empty {
        Ok(OnExisting::Fail)
    } else {
        refuse("the directory is not empty, and it is no env", "name another place")
    }
}

/// `:` would split PATH, and a newline pyvenv.cfg: such an env could never work.
fn check_path(env: &Path) -> Result<()> {
    use std::os::unix::ffi::OsStrExt;
    let holds = |byte| env.as_os_str().as_bytes().contains(&byte);
    let odd = if holds(b':') {
        "a `:`, which separates the directories in PATH"
    } else if holds(b'\n') || holds(b'\r') {
        "a line break, which ends a line in pyvenv.cfg"
    } else {
        return Ok(());
    };
    Err(Error::new(format!("could not make {}: its path holds {odd}", Shown(env)))
        .hint("name a place without it"))
}

/// An env in its own base would be found by the base's next index, and a base is never written to.
pub(crate) fn refuse_inside_base(parent: &Path, base: &Path) -> Result<()> {
    let real: PathBuf = parent.canonicalize().attempt("resolve", parent)?;
    if real.starts_with(base) {
        return Err(Error::new(format!(
            "could not make an env in {}: that is inside its base {}",
            Shown(parent),
            Shown(base)
        ))
        .hint("name a place outside the base, such as your work directory"));
    }
    Ok(())
}
