//! `mlenv run` and `mlenv shell`: a program in an env, in place of this process.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::activate::{by_marker, session};
use crate::activation::applied::{self, Inside};
use crate::activation::{self, Place};
use crate::cli;
use crate::context::Context;
use crate::engine::home::Asked;
use crate::engine::reenter;
use crate::env::absent;
use crate::env::followed::Followed;
use crate::env::record::{Record, is_env};
use crate::error::{Error, Result};
use crate::hint::command;
use crate::plan::session::{Owner, Session};
use crate::process::{self, Command, Interactive};
use crate::resolve;
use crate::text::Shown;
use std::os::fd::OwnedFd;

/// Runs a command; comes back only where that fails.
pub(super) fn run(context: &Context, arguments: &cli::Run) -> Result<()> {
    let session = session(context.host, context.ui)?;
    let asked = Asked::of(context.host, &arguments.vars)?;
    let place = place(context, &arguments.which, session.as_ref())?;
    if let Some(way) = reenter::way(context, &place.0)? {
        return way.with(asked).go(context, &reenter::Purpose::Words(&arguments.command));
    }
    tell_changed(context, &place.0);
    let inside = if arguments.clean {
        let vars = process::minimal(context.host);
        applied::inside(place, &vars, None, (context.host, &context.dirs))?
    } else {
        let vars = context.host.vars_with_path();
        applied::inside(place, &vars, session.as_ref(), (context.host, &context.dirs))?
    };
    let vars = with(context, told(context, inside), asked);
    Err(Command::found(&arguments.command, vars)?.replace(Vec::new()))
}

/// Says on a terminal that the file which the env follows looks otherwise than when it was last brought to it. Nothing
/// is read of that file, and nothing installed.
fn tell_changed(context: &Context, place: &Place) {
    let (Place::Env(env), true) = (place, context.host.answers && context.ui.is_heard()) else {
        return;
    };
    let record = Record::read(env).ok().flatten();
    let followed = record.and_then(|record| record.project);
    if let Some(followed) = followed.filter(Followed::looks_changed) {
        context.ui.say(format!(
            "{} changed since the env was brought to it: {} does that again",
            Shown(&followed.file.0),
            command("mlenv sync -p {}", &[env])
        ));
    }
}

/// Starts the user's shell; comes back only where that fails.
pub(super) fn shell(context: &Context, arguments: &cli::Shell) -> Result<()> {
    let Context { host, dirs, .. } = context;
    let session = session(host, context.ui)?;
    let which = cli::Which { env: arguments.env.clone(), name: None };
    let asked = Asked::of(host, &arguments.vars)?;
    let place = place(context, &which, session.as_ref())?;
    if let Some(way) = reenter::way(context, &place.0)? {
        return way.with(asked).go(context, &reenter::Purpose::Shell);
    }
    // Whatever is wrong with the env is said here, and no shell is started.
    let inside =
        applied::inside(place.clone(), &host.vars_with_path(), session.as_ref(), (host, dirs))?;
    let shell = users_shell(context)?;
    let found =
        if host.answers { interactive(context, &shell, &place.0, session.as_ref())? } else { None };
    let (command, vars, held) = match found {
        Some((command, held)) => {
            let vars = command.vars.clone().unwrap_or_default();
            (command, vars, held)
        }
        None => (Command::new(&shell), told(context, inside), Vec::new()),
    };
    Err(command.with(with(context, vars, asked)).replace(held))
}

fn interactive(
    context: &Context,
    shell: &Path,
    place: &Place,
    session: Option<&Session>,
) -> Result<Option<(Command, Vec<OwnedFd>)>> {
    let vars = context.host.vars_with_path();
    // What is active here is left, so that the new shell enters it by itself, with all that is not a variable.
    let outside = match session {
        Some(session) => told(context, applied::outside(&vars, session)),
        None => vars,
    };
    let wanted = Interactive {
        shell: shell.to_owned(),
        program: context.host.program()?,
        env: place.path(),
        outside,
    };
    process::interactive(wanted, &context.dirs)
}

/// `vars` with what was asked for by name on the command line.
fn with(context: &Context, mut vars: crate::plan::Vars, asked: Asked) -> crate::plan::Vars {
    let here = context.host.vars();
    let inherited = asked.inherit.into_iter().map(OsString::from);
    vars.extend(inherited.filter_map(|name| Some((name.clone(), here.get(&name)?.clone()))));
    vars.extend(asked.set.into_iter().map(|(name, value)| (OsString::from(name), value)));
    vars
}

pub(super) fn told(context: &Context, inside: Inside) -> crate::plan::Vars {
    inside.warnings.iter().for_each(|warning| context.ui.warn(warning));
    inside.vars
}

/// What to run in: what is named, else what is active, else what the nearest marker says.
pub(super) fn place(
    context: &Context,
    which: &cli::Which,
    session: Option<&Session>,
) -> Result<(Place, Owner)> {
    let Context { host, dirs, .. } = context;
    if let Some(named) = &which.env {
        return Ok((activation::locate(named, host, dirs)?, Owner::Hand));
    }
    if let Some(name) = &which.name {
        return Ok((by_name(context, name)?, Owner::Hand));
    }
    if let Some(session) = session {
        let place = activation::active(session, dirs).ok_or_else(|| {
            Error::new(format!("{}, which is active here, is gone", Shown(&session.prefix)))
                .hint("name another env with -p, or leave this one: `mlenv deactivate`")
        })?;
        return Ok((place, session.owner.clone()));
    }
    match resolve::env(host, dirs, None) {
        Ok(env) => Ok((Place::Env(env.path), Owner::Hand)),
        Err(_) => {
            by_marker(host, dirs, "name one: `mlenv run -p ./myEnv -- CMD`, `mlenv shell ./myEnv`")
        }
    }
}

fn by_name(context: &Context, name: &OsStr) -> Result<Place> {
    let env = resolve::new_by_name(&context.dirs, name)?;
    if is_env(&env) {
        return Ok(Place::Env(env));
    }
    if let Some(why) = absent::denied(&env).or_else(|| absent::replaced(&env)) {
        return Err(why);
    }
    Err(Error::no(format!("there is no env called `{}`", Shown(Path::new(name)))).hint(format!(
        "`mlenv list` shows your envs; names are looked up in {}",
        Shown(&context.dirs.envs)
    )))
}

/// The shell that `$SHELL` names, else that of the user database, else `/bin/sh`.
fn users_shell(context: &Context) -> Result<PathBuf> {
    let named = context.host.path_var("SHELL").or_else(crate::host::Host::listed_shell);
    let shell = named.unwrap_or_else(|| PathBuf::from("/bin/sh"));
    Command::found(&[OsString::from(&shell)], context.host.vars_with_path())
        .map(|command| command.program.into())
        .map_err(|error| {
            error.during("starting your shell").hint("set SHELL to a shell that is there")
        })
}
