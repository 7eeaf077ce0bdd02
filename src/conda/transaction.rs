//! Packages put into an env and taken out of it, all or none: what comes lies ready in the env's own `.mlenv-txn`, and a
//! journal there says what is to be done. Then everything has its place by renames, what was there is set aside, and the
//! records of packages come last.
//!
//! Killed before the journal is written, nothing has happened; killed later, the next run finishes it from the journal
//! (`settle`). What fails is taken back by the same journal.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Attempt, Error, Result};
use crate::foreign::{self, FileKind};
use crate::fs::{How, Root};
use crate::hint::command;
use crate::text::{Shown, typed_path};

/// Where a change is prepared, below the env.
pub(crate) const DIR: &str = ".mlenv-txn";

/// What is to come lies here as it will lie in the env; what was there goes to the other.
const NEW: &str = ".mlenv-txn/new";
const OLD: &str = ".mlenv-txn/old";
const JOURNAL: &str = ".mlenv-txn/journal";

/// What is to be done, in paths relative to the env.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Journal {
    /// Files and links that go.
    pub(crate) go: Vec<PathBuf>,
    /// What comes: files, links, or whole directories where the env has none of that name.
    pub(crate) come: Vec<PathBuf>,
    /// Records of packages that go.
    pub(crate) records_go: Vec<PathBuf>,
    /// Records that come, and the history.
    pub(crate) records_come: Vec<PathBuf>,
}

/// What became of a change that was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settled {
    /// It was carried out to its end.
    Finished,
    /// It had not begun to show, and is gone.
    Undone,
}

/// Makes room for what is to come. What another process left there must be settled before.
pub(crate) fn begin(env: &Root) -> Result<Root> {
    let new = env.make_dir(Path::new(DIR)).and_then(|()| env.make_dirs(Path::new(NEW)));
    new.attempt("make", &env.path().join(DIR))
}

/// Takes back what was only prepared.
pub(crate) fn abandon(env: &Root) {
    let _ = env.remove_tree(Path::new(DIR)); // the next run finds the rest
}

/// Carries out what was prepared. What fails is taken back.
pub(crate) fn commit(env: &Root, journal: &Journal) -> Result<()> {
    let place = env.path().join(JOURNAL);
    let text = serde_json::to_vec(journal).map_err(io::Error::from).attempt("write", &place)?;
    let written = env.write(Path::new(JOURNAL), &text, How::DATA.synced());
    written.and_then(|()| env.below(Path::new(DIR))?.sync()).attempt("write", &place)?;
    match journal.forward(env) {
        Ok(()) => finish(env, journal),
        Err(error) => match journal.back(env) {
            Ok(()) => {
                abandon(env);
                Err(error)
            }
            Err(_) => Err(error.hint(format!(
                "the env is between before and after: once the cause is gone, {} finishes it",
                command("mlenv doctor --fix {}", &[&env.path()])
            ))),
        },
    }
}

/// True where a process began to change the env's packages and did not come to its end.
pub(crate) fn is_unfinished(env: &Path) -> bool {
    env.join(DIR).is_dir()
}

/// `settle` by path.
pub(crate) fn settle_at(env: &Path) -> Result<Option<Settled>> {
    if !is_unfinished(env) {
        return Ok(None);
    }
    settle(&Root::open(env).attempt("open", env)?)
}

/// Ends what a process that is gone had begun in the env; none where there is nothing. The caller holds the env's lock.
pub(crate) fn settle(env: &Root) -> Result<Option<Settled>> {
    if !env.is_dir(Path::new(DIR)) {
        return Ok(None);
    }
    let path = env.seen().join(JOURNAL);
    let Some(text) = foreign::read_if_there(&path, FileKind::PackageData)? else {
        env.remove_tree(Path::new(DIR)).attempt("remove", &env.path().join(DIR))?;
        return Ok(Some(Settled::Undone));
    };
    let journal: Journal = serde_json::from_slice(&text).map_err(|cause| {
        let place = env.path().join(JOURNAL);
        Error::new(format!("could not understand {}: {cause}", Shown(&place))).hint(format!(
            "no mlenv wrote that: look at it, then remove {}",
            typed_path(&env.path().join(DIR))
        ))
    })?;
    journal.forward(env)?;
    finish(env, &journal)?;
    Ok(Some(Settled::Finished))
}

/// Directories that are empty now go, then the journal, then what was set aside.
fn finish(env: &Root, journal: &Journal) -> Result<()> {
    for path in &journal.go {
        for dir in path.ancestors().skip(1).filter(|dir| !dir.as_os_str().is_empty()) {
            if env.remove_if_empty(dir).is_err() || env.is_dir(dir) {
                break;
            }
        }
    }
    env.remove_file(Path::new(JOURNAL)).attempt("remove", &env.path().join(JOURNAL))?;
    abandon(env);
    Ok(())
}

impl Journal {
    /// Each step looks at what is there, so that it can be taken again.
    fn forward(&self, env: &Root) -> Result<()> {
        let each = |paths: &[PathBuf], step: fn(&Root, &Path) -> io::Result<()>| {
            paths.iter().try_for_each(|path| {
                step(env, path).attempt("put in place", &env.path().join(path))
            })
        };
        each(&self.go, aside)?;
        each(&self.come, put)?;
        each(&self.records_go, aside)?;
        each(&self.records_come, put)
    }

    fn back(&self, env: &Root) -> io::Result<()> {
        for path in self.records_come.iter().rev().chain(self.come.iter().rev()) {
            if !is_there(env, &new(path)) && is_there(env, path) {
                if is_there(env, &old(path)) {
                    keep(env, path, &new(path))?;
                    rename(env, &old(path), path)?;
                } else {
                    rename(env, path, &new(path))?;
                }
            }
        }
        let all = [&self.records_come, &self.records_go, &self.come, &self.go];
        for path in all.into_iter().flatten() {
            if is_there(env, &old(path)) && !is_there(env, path) {
                rename(env, &old(path), path)?;
            }
        }
        Ok(())
    }
}

/// Sets aside what is there, once.
fn aside(env: &Root, path: &Path) -> io::Result<()> {
    if is_there(env, &old(path)) || !is_there(env, path) {
        return Ok(());
    }
    rename(env, path, &old(path))
}

/// Puts in place what lies ready, in one step over what is there: that is kept before.
fn put(env: &Root, path: &Path) -> io::Result<()> {
    if !is_there(env, &new(path)) {
        return Ok(());
    }
    if is_there(env, path) && !is_there(env, &old(path)) {
        keep(env, path, &old(path))?;
    }
    rename(env, &new(path), path)
}

/// Gives a file a second name, or where the file system has none, or for a directory, another one.
fn keep(env: &Root, path: &Path, at: &Path) -> io::Result<()> {
    env.make_dirs(at.parent().unwrap_or(Path::new("")))?;
    env.tie(at, env, path).or_else(|_| env.rename(path, at))
}

fn rename(env: &Root, from: &Path, to: &Path) -> io::Result<()> {
    match env.rename(from, to) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            env.make_dirs(to.parent().unwrap_or(Path::new("")))?;
            env.rename(from, to)
        }
        other => other,
    }
}

fn new(path: &Path) -> PathBuf {
    Path::new(NEW).join(path)
}

fn old(path: &Path) -> PathBuf {
    Path::new(OLD).join(path)
}

fn is_there(env: &Root, path: &Path) -> bool {
    env.stat(path).is_ok()
}

#[cfg(test)]
mod tests;
