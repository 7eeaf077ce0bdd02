//! Installs what a lock says, and just that.

use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use super::Lock;
use super::entry::PipWords;
use crate::base::Base;
use crate::base::installed::Installed;
use crate::context::Context;
use crate::error::{Attempt, Error, Result};
use crate::foreign::{self, FileKind};
use crate::fs;
use crate::hint::command;
use crate::packages::demand::Demand;
use crate::packages::explicit::Listed;
use crate::packages::fulfil::{reopened, set_variables};
use crate::packages::opened::Opened;
use crate::packages::pip::Ask;
use crate::packages::run::Task;
use crate::packages::{Manner, asked, explicit, job, pins};
use crate::text::Shown;

/// Reads the lock beside a project's `file`, and refuses one that is for another base, or for other requests than
/// `asked` (a hash).
pub(crate) fn read(file: &Path, base: &Base, asked: &str) -> Result<Lock> {
    let path = Lock::beside(file);
    let write = command("mlenv lock -f {}", &[&file]);
    let Some(lock) = Lock::read(&path)? else {
        return Err(Error::no(format!("there is no lock {}", Shown(&path)))
            .hint(format!("{write} writes it")));
    };
    if !lock.is_for(base) {
        return Err(Error::no(format!(
            "{} was made for another base than {}",
            Shown(&path),
            Shown(&base.prefix)
        ))
        .hint("name that base with --base, or make the lock anew for this one with --relock"));
    }
    if !lock.answers(asked) {
        return Err(Error::no(format!(
            "{} asks for something else than when {} was made",
            Shown(file),
            Shown(&path)
        ))
        .hint(format!("{write} brings it up to date")));
    }
    Ok(lock)
}

/// True for a file that another tool wrote.
pub(crate) fn is_others(path: &Path) -> bool {
    let text = foreign::read_text(path, FileKind::PackageData).unwrap_or_default();
    !text.contains("[tool.mlenv]")
}

/// Installs exactly what the `lock` in the directory `dir` says, and remembers what was asked for.
pub(crate) fn install(
    context: &Context,
    mut site: Opened,
    (demand, lock, dir): (&Demand, &Lock, &Path),
    manner: &Manner,
) -> Result<Opened> {
    let lacking = lacking_conda(&site, lock)?;
    let is_same = lacking.is_empty();
    if !lacking.is_empty() {
        if !manner.dry_run {
            pins::lift(&site.env, &explicit::shadowing(&site, &lacking))?;
        }
        let task = site.conda(context, None, explicit::errand(lacking))?;
        job::carry_out(context, &site, &task, manner)?;
        site = reopened(context, site)?;
    }
    let mut held = Vec::new();
    let asks = asks(&site, (demand, lock, dir), &mut held)?;
    for ask in &asks {
        job::carry_out(context, &site, &Task::Pip(ask.clone(), None), manner)?;
    }
    if asks.is_empty() && is_same {
        context.ui.say("everything is already there");
    }
    if !asks.is_empty() {
        site = reopened(context, site)?;
    }
    if !manner.dry_run {
        set_variables(context, &site, &demand.variables)?;
        let asked = demand.requests(context)?;
        site.request(|requests| requests.join(asked))?;
    }
    Ok(site)
}

/// conda's packages of the lock that neither the env nor its base has just so.
fn lacking_conda(site: &Opened, lock: &Lock) -> Result<Vec<Listed>> {
    let Some(text) = lock.explicit() else { return Ok(Vec::new()) };
    let mut all = explicit::listed(&text)?.unwrap_or_default();
    all.retain(|listed| !listed.is_among(&site.own) && !listed.is_among(&site.below));
    Ok(all)
}

/// pip's part: versions by a file of requirements with hashes, which pip compares; then what is from a place of its own.
/// Nothing that these need is looked for: the lock has it.
fn asks(
    site: &Opened,
    (demand, lock, dir): (&Demand, &Lock, &Path),
    held: &mut Vec<OwnedFd>,
) -> Result<Vec<Ask>> {
    let (mut hashed, mut others) = (Vec::new(), Ask { alone: true, ..Ask::default() });
    for package in lock.packages.iter().filter(|package| !package.is_there(&site.own)) {
        match package.words(dir)? {
            PipWords::Hashed(line) => hashed.push(line),
            PipWords::Plain(words) => others.specs.push(words),
            PipWords::Editable(path) => others.editables.push(path),
        }
    }
    let mut asks = Vec::new();
    if !hashed.is_empty() {
        let mut lines = asked::options(&demand.files)?;
        lines.append(&mut hashed);
        let text = lines.join("\n") + "\n";
        let copy = fs::held(text.as_bytes()).attempt("hold the lock's requirements of", dir)?;
        let file = PathBuf::from(format!("/proc/self/fd/{}", copy.as_raw_fd()));
        held.push(copy);
        asks.push(Ask { files: vec![file], alone: true, ..Ask::default() });
    }
    if !others.specs.is_empty() || !others.editables.is_empty() {
        asks.push(others);
    }
    Ok(asks)
}

impl super::entry::Entry {
    /// True where the env has this very version. What has no version is put in place again.
    fn is_there(&self, own: &[Installed]) -> bool {
        let key = crate::specs::key(&self.name);
        self.version()
            .is_some_and(|version| own.iter().any(|one| one.key() == key && one.version == version))
    }
}
