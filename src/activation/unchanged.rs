//! Whether an env and its base are still where they were, and what they were: a few stats at each activation.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::env::absent;
use crate::env::content::BASE_LINK;
use crate::env::pyvenv;
use crate::env::record::{BaseChange, Record};
use crate::error::{Error, Result};
use crate::hint::command;
use crate::host::same_place;
use crate::text::Shown;

/// Reads the record of the env at `env`; a directory without one is refused.
pub(crate) fn record(env: &Path) -> Result<Record> {
    Record::read(env)?.ok_or_else(|| absent::refusal(env))
}

/// The env's path as every variable will name it, once env and base were found to be in place: the one that it
/// was made at, which its programs know, where that is the same directory as `env`.
pub(super) fn checked_prefix(record: &Record, env: &Path) -> Result<PathBuf> {
    let prefix = &record.prefix.0;
    if prefix != env && !same_place(prefix, env) {
        return Err(Error::new(format!(
            "{} was moved: it was made at {}",
            Shown(env),
            Shown(prefix)
        ))
        .hint(format!("run {}", command("mlenv doctor --fix {}", &[&env]))));
    }
    if prefix.as_os_str().as_bytes().iter().any(|byte| matches!(byte, b':' | b'\n')) {
        return Err(Error::new(format!(
            "{} cannot be on PATH: there is a `:` or a newline in it",
            Shown(prefix)
        ))
        .hint("make the env at another path"));
    }
    check_base(record, prefix)?;
    Ok(prefix.clone())
}

/// A base that is gone, or has another Python, cannot be activated: some other Python would run silently.
fn check_base(record: &Record, env: &Path) -> Result<()> {
    let rebase = format!("run {}", command("mlenv rebase {} --base BASE", &[&env]));
    let link = env.join(BASE_LINK);
    let base = Shown(&record.base.path.0);
    if link.metadata().is_err() && record.base.path.0.join("bin").is_dir() {
        let now = record.base.path.0.canonicalize().unwrap_or_default();
        return Err(Error::new(format!(
            "the base of {} was replaced: {base} leads to {} now, and what it led to is gone",
            Shown(env),
            Shown(&now)
        ))
        .hint(format!("run {}", command("mlenv rebase {} --update", &[&env]))));
    }
    if link.metadata().is_err() {
        return Err(Error::new(format!("the base of {} is gone: {base}", Shown(env)))
            .hint(format!("mount it again, or {rebase}")));
    }
    if link.join("lib").join(&record.base.python_lib).is_dir() {
        return Ok(());
    }
    let python = &record.base.python;
    Err(Error::new(format!(
        "the base of {} has changed: {base} no longer holds Python {python}",
        Shown(env)
    ))
    .hint(rebase))
}

/// What is to be said about an env that can be activated, but whose Python will not start as the env's, or whose base is
/// not what it was made on. Two stats; what they cannot tell, `doctor` does.
pub(super) fn remark(record: &Record, env: &Path) -> Option<String> {
    let needed = [pyvenv::FILE, "bin/python3"];
    if let Some(lost) = needed.iter().find(|name| env.join(name).metadata().is_err()) {
        let fix = command("mlenv doctor --fix {}", &[&env]);
        return Some(format!(
            "{} is damaged, {lost} is missing from it: {fix} mends what can be mended",
            Shown(env)
        ));
    }
    let changed = !record.base_is_unchanged(env) && record.base_state(env) == BaseChange::Changed;
    let changed = changed && record.lost_something(env);
    changed.then(|| {
        format!(
            "packages of the base changed since {} was made: {} says what that means",
            Shown(env),
            command("mlenv doctor {}", &[&env])
        )
    })
}
