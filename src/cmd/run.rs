//! `mlenv run` and `mlenv shell`: a program in an env, in place of this process.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::Context;
use super::activate::{by_marker, session};
use super::container::reenter;
use crate::activation::{self, Place};
use crate::cli;
use crate::error::{Error, Result};
use crate::exec;
use crate::launch::{self, Inside, Interactive, Launch};
use crate::overlay::record::is_env;
use crate::plan::session::{Owner, Session};
use crate::resolve;
use crate::text::Shown;

/// Runs a command; comes back only where that fails.
pub(super) fn run(context: &Context, arguments: &cli::Run) -> Result<()> {
    let session = session(context.host, context.ui)?;
    let place = place(context, &arguments.which, session.as_ref())?;
    if let Some(way) = reenter::way(context, &place.0)? {
        return way.go(context, &reenter::Command::Words(&arguments.command));
    }
    let inside = if arguments.clean {
        let vars = launch::minimal(context.host);
        launch::inside(place, &vars, None, (context.host, &context.dirs))?
    } else {
        let vars = context.host.vars_with_path();
        launch::inside(place, &vars, session.as_ref(), (context.host, &context.dirs))?
    };
    let vars = told(context, inside);
    Err(exec::replace(launch::command(&arguments.command, vars)?))
}

/// Starts the user's shell; comes back only where that fails.
pub(super) fn shell(context: &Context, arguments: &cli::Shell) -> Result<()> {
    let Context { host, dirs, .. } = context;
    let session = session(host, context.ui)?;
    let which = cli::Which { env: arguments.env.clone(), name: None };
    let place = place(context, &which, session.as_ref())?;
    if let Some(way) = reenter::way(context, &place.0)? {
        return way.go(context, &reenter::Command::Shell);
    }
    // Whatever is wrong with the env is said here, and no shell is started.
    let inside =
        launch::inside(place.clone(), &host.vars_with_path(), session.as_ref(), (host, dirs))?;
    let shell = users_shell(context)?;
    let launch =
        if host.answers { interactive(context, &shell, &place.0, session.as_ref())? } else { None };
    let launch = match launch {
        Some(launch) => launch,
        None => Launch {
            program: shell.clone(),
            ..launch::command(&[shell.into()], told(context, inside))?
        },
    };
    Err(exec::replace(launch))
}

fn interactive(
    context: &Context,
    shell: &Path,
    place: &Place,
    session: Option<&Session>,
) -> Result<Option<Launch>> {
    let vars = context.host.vars_with_path();
    // What is active here is left, so that the new shell enters it by itself, with all that is not a variable.
    let outside = match session {
        Some(session) => told(context, launch::outside(&vars, session)),
        None => vars,
    };
    let wanted = Interactive {
        shell: shell.to_owned(),
        program: context.host.program()?,
        env: place.path(),
        outside,
    };
    launch::interactive(wanted, &context.dirs)
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
    Err(Error::no(format!("there is no env called `{}`", Shown(Path::new(name)))).hint(format!(
        "`mlenv list` shows your envs; names are looked up in {}",
        Shown(&context.dirs.envs)
    )))
}

/// The shell that `$SHELL` names, else that of the user database, else `/bin/sh`.
fn users_shell(context: &Context) -> Result<PathBuf> {
    let named = context.host.path_var("SHELL").or_else(crate::host::Host::listed_shell);
    let shell = named.unwrap_or_else(|| PathBuf::from("/bin/sh"));
    launch::command(&[OsString::from(&shell)], context.host.vars_with_path())
        .map(|launch| launch.program)
        .map_err(|error| {
            error.during("starting your shell").hint("set SHELL to a shell that is there")
        })
}
