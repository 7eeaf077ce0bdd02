//! Changes the files of a base and undoes it. Every file is replaced in one step and keeps its permissions and owner;
//! other hard links to it keep the old text. How to undo it is written down first.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use sha2::{Digest, Sha256};

use super::edit::Edit;
use super::finding::BaseFault;
use super::record::{Done, Prepared, Written};
use crate::error::{Attempt, Error, Result};
use crate::foreign;
use crate::fs;
use crate::text::{PathText, Shown, hex};

/// Carries out `edits` in the base at `prefix`.
pub(crate) fn edit(prefix: &Path, built: &Path, edits: &[(BaseFault, Edit)]) -> Result<()> {
    if edits.is_empty() {
        return Ok(());
    }
    let mut record = Prepared::read(prefix)?.unwrap_or_else(|| Prepared::new(built));
    let mut all = Vec::new();
    for (kind, edit) in edits {
        let (old, new) = hashes(prefix, edit).attempt("read", &prefix.join(&edit.path))?;
        all.push(Done::new(*kind, edit, old, new));
    }
    for done in &all {
        if !record.edits.contains(done) {
            record.edits.push(done.clone());
        }
    }
    record.write(prefix)?;
    for ((_, edit), done) in edits.iter().zip(&all) {
        replace(prefix, edit, &done.new_sha256)?;
    }
    Ok(())
}

/// Adds a file to the base; `path` is relative to it. Noted first: a run that is killed in between can be undone.
pub(crate) fn add(prefix: &Path, built: &Path, path: &Path, bytes: &[u8]) -> Result<()> {
    let mut record = Prepared::read(prefix)?.unwrap_or_else(|| Prepared::new(built));
    record.written.retain(|written| written.path.0 != path);
    let sha256 = hex(&Sha256::digest(bytes));
    record.written.push(Written { path: PathText(path.to_owned()), sha256 });
    record.write(prefix)?;
    let path = prefix.join(path);
    fs::write_atomic(&path, bytes).attempt("write", &path)
}

/// Removes temporary files that were left behind.
pub(crate) fn sweep(prefix: &Path, leftovers: &[PathBuf]) -> Result<()> {
    let paths = leftovers.iter().map(|path| prefix.join(path));
    paths.into_iter().try_for_each(|path| fs::remove_file(&path).attempt("remove", &path))
}

/// What `undo` did.
#[derive(Debug, Default)]
pub(crate) struct Undone {
    /// Files that are as they were.
    pub(crate) undone: Vec<PathBuf>,
    /// Files that somebody changed since; they are left as they are.
    pub(crate) changed: Vec<PathBuf>,
}

/// Undoes everything that the record tells of, the last first. Without `act` it only tells.
pub(crate) fn undo(prefix: &Path, record: &Prepared, act: Act) -> Result<Undone> {
    let mut done = Undone::default();
    let mut left = record.clone();
    let root = fs::Root::open(prefix).attempt("open", prefix)?;
    for edit in record.edits.iter().rev() {
        let path = prefix.join(&edit.path.0);
        match sha256_below(&root, &edit.path.0) {
            Ok(now) if now == edit.new_sha256 => {
                if act == Act::Do {
                    replace(prefix, &edit.edit().inverse(), &edit.old_sha256)?;
                }
                done.undone.push(edit.path.0.clone());
            }
            // It was never done, or undone by a run that was killed.
            Ok(now) if now == edit.old_sha256 => {}
            Err(cause) if cause.kind() == ErrorKind::NotFound => {}
            Ok(_) => {
                done.changed.push(edit.path.0.clone());
                continue;
            }
            Err(cause) if leads_elsewhere(&cause) => {
                done.changed.push(edit.path.0.clone());
                continue;
            }
            Err(cause) => return Err(Error::io("read", &path, &cause)),
        }
        left.edits.retain(|other| other != edit);
    }
    for file in &record.written {
        if sha256_below(&root, &file.path.0).is_ok_and(|now| now == file.sha256) {
            if act == Act::Do {
                root.remove_file(&file.path.0).attempt("remove", &prefix.join(&file.path.0))?;
            }
            done.undone.push(file.path.0.clone());
        }
        left.written.retain(|other| other != file);
    }
    if act == Act::Do {
        left.write(prefix)?;
        sweep_beside(prefix, record);
    }
    Ok(done)
}

/// Takes away what killed runs left where the record says that they were at work.
fn sweep_beside(prefix: &Path, record: &Prepared) {
    let written = record.written.iter().map(|written| &written.path.0);
    let paths = record.edits.iter().map(|edit| &edit.path.0).chain(written);
    let dirs: BTreeSet<&Path> = paths.filter_map(|path| path.parent()).collect();
    for dir in dirs.into_iter().filter_map(|dir| fs::Root::open(&prefix.join(dir)).ok()) {
        fs::sweep(&dir);
    }
}

/// Whether something is done or only told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Done.
    Do,
    /// Told.
    Tell,
}

fn replace(prefix: &Path, edit: &Edit, expected: &str) -> Result<()> {
    let path = prefix.join(&edit.path);
    let done = fs::rewrite(&path, |old, new| {
        let mut new = Hashing::new(new);
        splice(old, edit, &mut new)?;
        if new.sum() == expected {
            Ok(())
        } else {
            Err(io::Error::new(ErrorKind::InvalidData, "it changed while it was looked at"))
        }
    });
    done.map_err(|cause| {
        let error = Error::io("change", &path, &cause);
        match cause.kind() {
            ErrorKind::InvalidData => {
                error.hint(format!("see that nobody works on {}, then run it again", Shown(prefix)))
            }
            _ => error,
        }
    })
}

/// The sums of a file before and after.
fn hashes(prefix: &Path, edit: &Edit) -> io::Result<(String, String)> {
    let path = prefix.join(&edit.path);
    let mut new = Hashing::new(io::sink());
    splice(&mut foreign::open(&path)?, edit, &mut new)?;
    Ok((sha256(&path)?, new.sum()))
}

fn sha256(path: &Path) -> io::Result<String> {
    let mut sum = Hashing::new(io::sink());
    io::copy(&mut foreign::open(path)?, &mut sum)?;
    Ok(sum.sum())
}

/// The sum of a file of the base itself: what a link leads to, on the way or at the end, is not the base's to change.
fn sha256_below(root: &fs::Root, path: &Path) -> io::Result<String> {
    let above = root.below(path.parent().unwrap_or(Path::new("")))?;
    let name = path.file_name().unwrap_or_default();
    let mut sum = Hashing::new(io::sink());
    io::copy(&mut foreign::open_unfollowed(&above.seen().join(name))?, &mut sum)?;
    Ok(sum.sum())
}

/// True where a link lies on the way.
fn leads_elsewhere(cause: &io::Error) -> bool {
    matches!(cause.raw_os_error().map(Errno::from_raw), Some(Errno::ELOOP | Errno::ENOTDIR))
}

/// Copies `old` with the edit's bytes replaced; fails where others are there than the edit says.
fn splice(old: &mut impl Read, edit: &Edit, new: &mut impl Write) -> io::Result<()> {
    let mut at = 0;
    for splice in &edit.splices {
        let front = splice.offset.saturating_sub(at);
        io::copy(&mut old.take(front), new)?;
        let mut there = Vec::new();
        old.take(splice.old.len() as u64).read_to_end(&mut there)?;
        if there != splice.old {
            return Err(io::Error::new(
                ErrorKind::InvalidData,
                "it changed while it was looked at",
            ));
        }
        new.write_all(&splice.new)?;
        at = splice.offset + splice.old.len() as u64;
    }
    io::copy(old, new)?;
    Ok(())
}

/// Sums what is written through it.
struct Hashing<W> {
    inner: W,
    sum: Sha256,
}

impl<W: Write> Hashing<W> {
    fn new(inner: W) -> Self {
        Self { inner, sum: Sha256::new() }
    }

    fn sum(self) -> String {
        hex(&self.sum.finalize())
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.sum.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
