//! What a new env is made from: an export, a project's file, or nothing.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use super::super::install::parts;
use super::super::project::{self, Spot};
use super::super::{export, site};
use crate::base::{Base, installed};
use crate::cli::Create;
use crate::context::Context;
use crate::error::{Attempt, Error, Result};
use crate::foreign::{self, FileKind};
use crate::hint::command;
use crate::packages::Manner;
use crate::packages::demand::Means;
use crate::packages::export::Export;
use crate::packages::follow::Aim;
use crate::packages::fulfil;
use crate::packages::lock::{Lock, keep, obey};
use crate::packages::pins;
use crate::packages::project::kind::{ProjectFile, kind};
use crate::packages::project::{Parts, Wanted};
use crate::text::Shown;

/// What a new env is made from.
pub(super) enum Source {
    Nothing,
    Export(Box<Export>),
    Project { file: PathBuf, parts: Parts, wanted: Vec<Wanted> },
}

impl Source {
    pub(super) fn export(&self) -> Option<&Export> {
        if let Self::Export(export) = self { Some(export) } else { None }
    }
}

/// The file that was named, else the project's.
pub(super) fn source(
    context: &Context,
    arguments: &Create,
    spot: &Spot,
    held: &mut Vec<OwnedFd>,
) -> Result<Source> {
    let is_locked = arguments.locked.pair() != (false, false);
    let file = match &arguments.file {
        Some(file) => Some(context.host.absolute(file)?),
        None => match spot.dir.as_deref().filter(|_| spot.is_project) {
            Some(dir) => project::file(context, dir)?,
            // A place was named, and with a lock the project here can only be meant.
            None if is_locked => project::file(context, &context.host.cwd()?)?,
            None => None,
        },
    };
    let Some(file) = file else {
        if !is_locked {
            return Ok(Source::Nothing);
        }
        return Err(Error::new("a lock is of a project's file, and there is none here")
            .hint("name it with -f FILE"));
    };
    let bytes = foreign::read(&file, FileKind::PackageData).attempt("read", &file)?;
    let sort = kind(&file, &bytes)
        .map_err(|error| error.during(format_args!("could not use {}", Shown(&file))))?;
    if matches!(sort, ProjectFile::Export | ProjectFile::Unknown) {
        return Ok(Source::Export(Box::new(export::read(&file, &bytes)?)));
    }
    let parts = parts(&arguments.parts);
    let wanted = fulfil::read(context, std::slice::from_ref(&file), &parts, held)?;
    fulfil::tell(context, &wanted);
    Ok(Source::Project { file, parts, wanted })
}

/// What a new env gets, fitted to its base.
pub(super) enum NewContent {
    Nothing,
    Export(Box<Export>),
    Project(Box<Aim>, Option<Box<Lock>>),
}

pub(super) fn content(
    context: &Context,
    arguments: &Create,
    source: Source,
    base: &Base,
) -> Result<NewContent> {
    Ok(match source {
        Source::Nothing => NewContent::Nothing,
        Source::Export(export) => NewContent::Export(export),
        Source::Project { file, parts, wanted } => {
            let below = installed::of_base(base)?;
            let demand =
                fulfil::fit(context, &wanted, (base, &below), (&parts, arguments.kept.exact))?;
            let aim = Aim { file, parts, demand };
            let lock = keep::wanted(context, arguments.locked.pair(), &aim, base)?;
            NewContent::Project(Box::new(aim), lock.map(Box::new))
        }
    })
}

/// Installs what the new env is to have. Whatever fails here, the env is there, and its record says what was asked for.
pub(super) fn fill(
    context: &Context,
    arguments: &Create,
    env: &Path,
    filling: &NewContent,
) -> Result<()> {
    let (aim, lock) = match filling {
        NewContent::Nothing => return Ok(()),
        NewContent::Export(export) => return export::fill(context, env, export),
        NewContent::Project(aim, lock) => (aim, lock),
    };
    let opened = site::open(context, Some(env.as_os_str()))?;
    let (frozen_base, no_repair) = (arguments.kept.frozen_base, arguments.kept.no_repair);
    let means = Means { frozen_base, no_repair, ..Means::default() };
    let done = Manner::unasked(context, |manner| {
        if let Some(lock) = lock {
            return obey::install(context, opened, (&aim.demand, lock, aim.dir()), manner);
        }
        pins::lift(&opened.env, &aim.demand.shadowing(&opened))?;
        fulfil::install(context, opened, &aim.demand, (means, manner))
    });
    let followed = done.and_then(|opened| aim.remember(context, &opened, &[]));
    followed.map_err(|error| {
        let what = format!("{} was made, but not all of its packages", Shown(env));
        let again = command("mlenv sync -p {}", &[&env]);
        let cure = error.cure().map(str::to_owned);
        error.during(what).hint(cure.unwrap_or(format!("{again} tries that again")))
    })
}
