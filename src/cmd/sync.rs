//! `mlenv sync`: an env brought to what its project's file asks for by now.

use std::path::{Path, PathBuf};

use super::install::parts;
use super::{activate, project, site};
use crate::cli::{OfEnv, PartsOf, Sync};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::hint::command;
use crate::packages::Manner;
use crate::packages::demand::Means;
use crate::packages::follow::Aim;
use crate::packages::fulfil::{self, short};
use crate::packages::lock::{Lock, keep, obey};
use crate::packages::opened::{self, Opened};
use crate::packages::pins;
use crate::packages::project::Parts;
use crate::packages::uninstall::{self, Wanted};
use crate::resolve::{self, Env};
use crate::text::{Shown, shown};

pub(super) fn run(context: &Context, arguments: &Sync) -> Result<()> {
    let env = env(context, &arguments.of)?;
    let (file, parts) = file(context, (arguments.file.as_deref(), &arguments.parts), Some(&env))?;
    let opened = opened::open(context, env)?;
    let mut held = Vec::new();
    let wanted = fulfil::read(context, std::slice::from_ref(&file), &parts, &mut held)?;
    let demand = fulfil::fit(
        context,
        &wanted,
        (&opened.base, &opened.below),
        (&parts, arguments.kept.exact),
    )?;
    let aim = Aim { file, parts, demand };
    let dropped = aim.dropped(context, &opened)?;
    let lock = keep::wanted(context, arguments.locked.pair(), &aim, &opened.base)?;
    if lock.is_none() && aim.is_reached(context, &opened)? && dropped.is_empty() {
        context.ui.say(format!("{} has what {} asks for", Shown(&opened.env), short(&aim.file)));
        return Ok(());
    }
    fulfil::tell(context, &wanted);
    site::with(context, &arguments.manner, |manner| {
        bring(context, (opened, (&aim, lock.as_ref()), &dropped), arguments, manner)
    })
}

/// The env that is named, else the one of the nearest trusted marker, else the active one.
pub(super) fn env(context: &Context, of: &OfEnv) -> Result<Env> {
    if let Some(word) = site::word(context, of)? {
        return super::env_here(context, Some(&word));
    }
    match activate::by_marker(context.host, &context.dirs, "or name one with -p") {
        Ok((place, _)) => super::env_here(context, Some(place.path().as_os_str())),
        Err(refused) => match resolve::env(context.host, &context.dirs, None) {
            Ok(active) if active.record.project.is_some() => super::env_here(context, None),
            _ if project::has_marker(context)? => Err(refused),
            _ => Err(Error::no("there is no env of a project here")
                .hint("`mlenv create` makes one with what the project's file asks for")),
        },
    }
}

/// The file that is named, else the one that the env follows, else the one of the project here.
pub(super) fn file(
    context: &Context,
    (file, optional): (Option<&Path>, &PartsOf),
    env: Option<&Env>,
) -> Result<(PathBuf, Parts)> {
    let named = parts(optional);
    if let Some(file) = file {
        return Ok((context.host.absolute(file)?, named));
    }
    let followed = env.and_then(|env| env.record.project.as_ref());
    if let Some(followed) = followed.filter(|it| it.file.0.is_file()) {
        let then = Parts { extras: followed.extras.clone(), groups: followed.groups.clone() };
        return Ok((followed.file.0.clone(), if named.is_empty() { then } else { named }));
    }
    let dir = project::here(context)?;
    let file = project::file(context, &dir)?;
    file.map(|file| (file, named)).ok_or_else(|| {
        let what = env.map_or(Shown(&dir).to_string(), |env| Shown(&env.path).to_string());
        Error::no(format!("nothing says what {what} should have"))
            .hint("name a project's file with -f FILE")
    })
}

/// Installs what is lacking or does not fit any more; what is not asked for any more is named, or goes.
fn bring(
    context: &Context,
    (opened, (aim, lock), dropped): (Opened, (&Aim, Option<&Lock>), &[String]),
    arguments: &Sync,
    manner: &Manner,
) -> Result<()> {
    let means = Means {
        client: arguments.client.as_deref(),
        json: arguments.manner.json,
        frozen_base: arguments.kept.frozen_base,
        no_repair: arguments.kept.no_repair,
        ..Means::default()
    };
    let opened = if let Some(lock) = lock {
        obey::install(context, opened, (&aim.demand, lock, aim.dir()), manner)?
    } else {
        if !manner.dry_run {
            pins::lift(&opened.env, &aim.demand.shadowing(&opened))?;
        }
        fulfil::install(context, opened, &aim.demand, (means, manner))?
    };
    let is_own = |name: &&String| opened.own.iter().any(|package| package.key() == **name);
    let left: Vec<String> = dropped.iter().filter(is_own).cloned().collect();
    if !left.is_empty() && arguments.prune {
        let client = arguments.client.as_deref();
        let wanted = Wanted { packages: &left, pip: false, conda: false, client };
        uninstall::all(context, &opened, &wanted, manner)?;
    } else if !left.is_empty() {
        context.ui.say(format!("no longer asked for: {}", shown(&left.join(", "))));
        let prune = command("mlenv sync -p {} --prune", &[&opened.env]);
        context.ui.hint(format!("{prune} removes what is no longer asked for"));
    }
    if manner.dry_run {
        return Ok(());
    }
    aim.remember(context, &opened, if arguments.prune { &[] } else { &left })
}
