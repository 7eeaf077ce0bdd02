//! Carries changes out: below one open directory, every file and link put in place in one step.

use std::collections::HashSet;
use std::io;
use std::path::Path;

use nix::libc::S_IRWXU;

use super::change::{Change, Over};
use crate::env::{record, unpack};
use crate::error::{Attempt, Error, Result};
use crate::foreign;
use crate::fs::{self, How, Lock, Root};
use crate::text::Shown;

/// Temporary files begin like those of every other atomic write here, so that a later look finds them.
pub(crate) const TEMPORARY: &str = ".mlenv-";

/// Carries out `changes` in the env at `env`, while no other mlenv does.
pub(crate) fn repair(env: &Path, changes: Vec<Change>) -> Result<()> {
    let root = Root::open(env).attempt("open", env)?;
    let _lock = match root.try_lock().attempt("open", env)? {
        Lock::Held => return Err(fs::at_work(Shown(env))),
        lock => lock,
    };
    apply_in(&root, env, changes)
}

/// Carries out `changes` below the directory `env`, which may be named by a link, in their order of turns. Stops at the
/// first that fails; what was done is done, and the next look finds the rest.
pub(crate) fn apply(env: &Path, changes: Vec<Change>) -> Result<()> {
    apply_in(&Root::open(env).attempt("open", env)?, env, changes)
}

/// As `apply`, in an open directory. `env` is its name for words.
pub(crate) fn apply_in(root: &Root, env: &Path, mut changes: Vec<Change>) -> Result<()> {
    changes.sort_by_key(Change::turn);
    let mut swept = HashSet::new();
    for change in &changes {
        let (path, verb) = (change.path(), verb(change));
        let failed = |cause| Error::io(verb, &env.join(path), &cause);
        let dir = path.parent().unwrap_or(Path::new(""));
        let open = root.make_dirs(dir).map_err(failed)?;
        if swept.insert(dir) {
            fs::sweep(&open);
        }
        carry_out(&open, change).map_err(failed)?;
    }
    Ok(())
}

fn verb(change: &Change) -> &'static str {
    match change {
        Change::Open(_) => "open up",
        Change::Link { .. } => "link",
        Change::File { .. } => "write",
        Change::Copy { .. } => "copy the base's file to",
        Change::Remove(_) | Change::RemoveDir(_) => "remove",
    }
}

/// Carries out one change in the directory that it is about.
fn carry_out(dir: &Root, change: &Change) -> io::Result<()> {
    let name = change.path().file_name().map_or(Path::new(""), Path::new);
    match change {
        Change::Open(_) => open_up(dir, name),
        Change::Link { target, over: Over::Nothing, .. } => dir.link_if_free(name, target),
        Change::Link { target, over: Over::Seen, .. } => {
            let is_so = dir.read_link(name).is_ok_and(|text| text == *target);
            if is_so { Ok(()) } else { dir.replace_link(name, target) }
        }
        Change::File { path, bytes, mode, over } => {
            let is_record = path.as_os_str() == record::FILE;
            let how = unpack::how(*mode).as_before();
            let how = if is_record { how.synced() } else { how };
            match over {
                Over::Nothing => dir.write_if_free(name, bytes, how),
                Over::Seen if holds(dir, name, bytes) => Ok(()),
                Over::Seen => dir.write(name, bytes, how),
            }
        }
        Change::Copy { from, .. } => put_copy(dir, name, from),
        Change::Remove(_) => dir.remove_file(name),
        Change::RemoveDir(_) => dir.remove_if_empty(name),
    }
}

/// True for a real file with these bytes: it stays as it is, with its time.
fn holds(dir: &Root, name: &Path, bytes: &[u8]) -> bool {
    let there = foreign::open_unfollowed(&dir.seen().join(name));
    there
        .and_then(|file| foreign::head_open(file, bytes.len() as u64 + 1))
        .is_ok_and(|there| there == bytes)
}

fn open_up(dir: &Root, name: &Path) -> io::Result<()> {
    let mode = dir.stat(name)?.st_mode & 0o7777;
    dir.set_dir_mode(name, mode | S_IRWXU)
}

/// Copies with the permissions for a program and the time of its source, by which a copy is known.
fn put_copy(dir: &Root, name: &Path, from: &Path) -> io::Result<()> {
    let mut source = foreign::open(from)?;
    dir.fill(name, How::PROGRAM, |file| {
        io::copy(&mut source, file)?;
        file.set_modified(source.metadata()?.modified()?)
    })
}
