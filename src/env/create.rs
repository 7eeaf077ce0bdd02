//! Makes an env: built beside its place, its record written last, renamed into it.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::content::{BASE_LINK, Content, Count};
use super::layout::Layout;
use super::record::{self, BaseRecord, Record, SCHEMA};
use super::requests::Requests;
use super::stage::{OnExisting, Stage};
use super::unpack::Job;
use super::{ignored, pip_conf, pyvenv, skeleton};
use crate::base::Base;
use crate::error::{Attempt, Error, Result};
use crate::fs::{self, How, Root};
use crate::text::{PathText, Shown};

/// What is to be made.
pub(crate) struct NewEnv<'a> {
    /// The env's final, absolute path.
    pub(crate) env: &'a Path,
    /// What it stands on.
    pub(crate) base: &'a Base,
    /// What it links: checked.
    pub(crate) plan: Content,
    /// Its record.
    pub(crate) record: &'a Record,
    /// What may be replaced.
    pub(crate) on_existing: OnExisting,
    /// How many threads make links.
    pub(crate) threads: usize,
    /// Set when the user or the system asks us to stop.
    pub(crate) stop: &'a AtomicBool,
}

impl NewEnv<'_> {
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
        let root = stage.root();
        root.link(Path::new(BASE_LINK), &self.base.prefix)
            .attempt("link", &self.env.join(BASE_LINK))?;
        Job { root, env: self.env, threads: self.threads, stop: self.stop }.unpack(&self.plan)?;
        let how = How::DATA;
        self.write(root, "pyvenv.cfg", &pyvenv::text(self.base, self.env), how)?;
        self.write(root, pip_conf::FILE, &pip_conf::settled(b""), how)?;
        ignored::add(root, self.env)?;
        self.write(root, record::FILE, self.record.text()?.as_bytes(), how.synced())?;
        stage.commit(self.env, self.on_existing)?;
        Ok(self.plan.count())
    }

    fn write(&self, root: &Root, name: &str, bytes: &[u8], how: How) -> Result<()> {
        root.write_new(Path::new(name), bytes, how).attempt("write", &self.env.join(name))
    }
}

impl Record {
    /// What a new env at `env` is, on a base that was asked for by a name or not.
    pub(crate) fn new(
        env: &Path,
        (base, name): (&Base, Option<&str>),
        layout: Layout,
        user_site: bool,
    ) -> Self {
        Self {
            schema: SCHEMA,
            mlenv: env!("CARGO_PKG_VERSION").to_owned(),
            created: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            layout,
            user_site,
            prefix: PathText(env.to_owned()),
            parcel: None,
            base: BaseRecord::new(base, name),
            container: None,
            requests: Requests::default(),
            project: None,
        }
    }
}

/// Looks at the place before any work is done. Fails unless it is free, empty, or may be replaced; tells what
/// the commit has to do.
pub(crate) fn check_place(env: &Path, wanted: OnExisting) -> Result<OnExisting> {
    check_path(env)?;
    let refuse = |what: &str, hint: &str| {
        Err(Error::new(format!("could not make {}: {what}", Shown(env))).hint(hint))
    };
    let Ok(meta) = env.symlink_metadata() else {
        let mut above = env.ancestors().skip(1);
        let above = above.find(|path| path.symlink_metadata().is_ok()).unwrap_or(Path::new("/"));
        return if above.is_dir() {
            Ok(OnExisting::Fail)
        } else {
            refuse(&format!("{} is not a directory", Shown(above)), "name another place")
        };
    };
    if meta.is_symlink() {
        return refuse("there is a link of that name", "remove the link, or name another place");
    }
    if !meta.is_dir() {
        return refuse("there is a file of that name", "name another place");
    }
    if let Some(newer) = record::of_newer(env) {
        return Err(newer);
    }
    if Record::read(env).is_ok_and(|record| record.is_some()) {
        return match wanted {
            OnExisting::ReplaceEnv | OnExisting::ReplaceHeld => Ok(wanted),
            OnExisting::Fail => refuse(
                "there is already an env",
                "`--force` replaces it, with all that was installed in it",
            ),
        };
    }
    let empty = std::fs::read_dir(env).attempt("read", env)?.next().is_none();
    if empty {
        Ok(OnExisting::Fail)
    } else {
        refuse("the directory is not empty, and it is not an env", "name another place")
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

/// The env's own parent may not be there yet.
pub(crate) fn nearest_dir(env: &Path) -> &Path {
    env.ancestors().skip(1).find(|dir| dir.is_dir()).unwrap_or(Path::new("/"))
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
