//! What has to be written anew in an env that gets another path: by a copy, or by a rename.

use std::path::{Path, PathBuf};

use super::change::Change;
use super::moved::Move;
use super::snapshot::Snapshot;
use super::{activators, conda, repair};
use crate::env::record::{self, Record};
use crate::env::{ignored, pyvenv, threads};
use crate::error::{Error, Result};
use crate::fs::Root;
use crate::hint::command;
use crate::text::{PathText, Shown};

/// Fails for an env whose programs do not know where it is: they would be carried along as they are.
pub(crate) fn check_settled(env: &Path, record: &Record) -> Result<()> {
    let real = |path: &Path| path.canonicalize().ok();
    if real(env).is_some() && real(env) == real(&record.prefix.0) {
        return Ok(());
    }
    Err(Error::new(format!("{} was moved here from {}", Shown(env), Shown(&record.prefix.0)))
        .hint(format!("run {} first", command("mlenv doctor --fix {}", &[&env]))))
}

/// Makes the env in the open directory `root` one that is at `to`. Its record comes last. Gives the conda packages that
/// hold the old path in compiled files.
pub(crate) fn settle(root: &Root, record: &Record, to: &Path) -> Result<Vec<String>> {
    let dir = &root.seen();
    ignored::add(root, to)?;
    let snapshot = Snapshot::take(dir, threads::for_walk(dir))?;
    let own = conda::own(dir, &snapshot);
    let from = &record.prefix.0;
    let moved = Move { env: dir, from, to, snapshot: &snapshot, own: &own };
    let (texts, compiled) = moved.texts();
    let new = Record { prefix: PathText(to.to_owned()), ..record.clone() };
    let mut changes = [moved.programs().changes, texts].concat();
    changes.extend(moved.text(PathBuf::from(pyvenv::FILE)));
    changes.extend(activators::changes(dir, record, &new)?);
    changes.push(Change::rewrite(record::FILE, new.text()?.into_bytes()));
    repair::apply_in(root, to, changes)?; // a stage is locked already
    Ok(compiled)
}
