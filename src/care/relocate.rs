//! What has to be written anew in an env that gets another path: by a copy, or by a rename.

use std::path::{Path, PathBuf};

use super::change::Change;
use super::moved::Move;
use super::sight::Sight;
use super::{carried, conda, mend};
use crate::error::{Error, Result};
use crate::overlay::record::{self, Record};
use crate::overlay::{pyvenv, threads};
use crate::text::{PathText, Shown};

/// Fails for an env whose programs do not know where it is: they would be carried along as they are.
pub(crate) fn check_settled(env: &Path, record: &Record) -> Result<()> {
    let real = |path: &Path| path.canonicalize().ok();
    if real(env).is_some() && real(env) == real(&record.prefix.0) {
        return Ok(());
    }
    Err(Error::new(format!("{} was moved here from {}", Shown(env), Shown(&record.prefix.0)))
        .hint(format!("run `mlenv doctor --fix {}` first", Shown(env))))
}

/// Makes the env in the directory `dir` one that is at `to`. Its record comes last. Gives the conda packages that
/// hold the old path in compiled files.
pub(crate) fn settle(dir: &Path, record: &Record, to: &Path) -> Result<Vec<String>> {
    let sight = Sight::take(dir, threads::for_walk(dir))?;
    let own = conda::own(dir, &sight);
    let from = &record.prefix.0;
    let moved = Move { env: dir, from, to, sight: &sight, own: &own };
    let (texts, compiled) = moved.texts();
    let new = Record { prefix: PathText(to.to_owned()), ..record.clone() };
    let mut changes = [moved.programs().changes, texts].concat();
    changes.extend(moved.text(PathBuf::from(pyvenv::FILE)));
    changes.extend(carried::changes(dir, record, &new)?);
    changes.push(Change::rewrite(record::FILE, new.text()?.into_bytes()));
    mend::apply(dir, changes)?; // a stage is locked already
    Ok(compiled)
}
