//! What `install` and `uninstall` share: the env that is meant, and the question to the user.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use serde::Serialize;

use super::{print_json, print_words};
use crate::cli::{self, AnEnv, OfEnv};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::packages::Manner;
use crate::packages::opened::{self, Opened};
use crate::packages::run::Task;
use crate::packages::transaction::Outlook;
use crate::resolve;
use crate::ui::{Ui, Unsaid};

/// Opens the env that is named, or the active one.
pub(super) fn open(context: &Context, word: Option<&OsStr>) -> Result<Opened> {
    opened::open(context, super::env_here(context, word)?)
}

/// What names the env, if anything does.
pub(super) fn word(context: &Context, of: &OfEnv) -> Result<Option<OsString>> {
    match &of.name {
        Some(name) => Ok(Some(resolve::new_by_name(&context.dirs, name)?.into_os_string())),
        None => Ok(of.env.clone()),
    }
}

/// With the paths of directories made absolute: the record outlives the working directory.
pub(super) fn channels(context: &Context, named: &[String]) -> Result<Vec<String>> {
    let absolute = |word: &String| {
        if !word.starts_with('.') {
            return Ok(word.clone());
        }
        let path = context.host.absolute(Path::new(word))?;
        Ok(path.to_str().map_or_else(|| word.clone(), str::to_owned))
    };
    named.iter().map(absolute).collect()
}

/// The same, for verbs whose first word may be the env.
pub(super) fn of(context: &Context, of: &AnEnv) -> Result<Option<OsString>> {
    match (&of.name, of.prefix.as_ref().or(of.env.as_ref())) {
        (Some(name), _) => Ok(Some(resolve::new_by_name(&context.dirs, name)?.into_os_string())),
        (None, word) => Ok(word.cloned()),
    }
}

/// What `--dry-run --json` prints.
#[derive(Serialize)]
struct OutlookReport<'a> {
    tool: &'a str,
    #[serde(flatten)]
    outlook: &'a Outlook,
}

/// Lets `job` be done as the user wants it: shown, asked about, done.
pub(super) fn with<T>(
    context: &Context,
    manner: &cli::Manner,
    job: impl FnOnce(&Manner) -> Result<T>,
) -> Result<T> {
    let agree = |task: &Task, outlook: &Outlook| agree(context, (task, outlook), manner);
    job(&Manner { dry_run: manner.dry_run, agree: &agree })
}

/// Shows what would be done; true where it is to be done.
fn agree(
    context: &Context,
    (task, outlook): (&Task, &Outlook),
    manner: &cli::Manner,
) -> Result<bool> {
    if manner.json {
        print_json(&OutlookReport { tool: &task.tool(), outlook })?;
    } else if manner.dry_run {
        print_words(outlook.text())?;
    } else {
        outlook.lines().iter().for_each(|line| context.ui.say(line));
    }
    if manner.dry_run {
        return Ok(false);
    }
    let asks = context.host.answers && context.ui.is_heard() && !outlook.is_empty();
    if asks && !manner.yes && !Ui::ask("go on?", Unsaid::Yes) {
        return Err(Error::no("nothing was changed"));
    }
    Ok(true)
}
