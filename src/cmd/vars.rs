//! `vars`: the variables that an env sets while it is active.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::activate::{self, ShellReader};
use super::site;
use crate::activation::{self, Place, unchanged, variables};
use crate::cli::{self, VarsVerb};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::plan::name::Name;
use crate::plan::session::Session;
use crate::shell::Dialect;
use crate::text::{Shown, shown};

/// Lists them, or changes them.
pub(super) fn run(context: &Context, arguments: &cli::Vars) -> Result<()> {
    let (env, changes) = match &arguments.verb {
        None => return list(&env_of(context, None)?, false),
        Some(VarsVerb::List { of, json }) => {
            return list(&env_of(context, site::of(context, of)?.as_deref())?, *json);
        }
        Some(VarsVerb::Set { of, vars }) => {
            let changes = vars.iter().map(assignment).collect::<Result<Vec<_>>>()?;
            (env_of(context, site::word(context, of)?.as_deref())?, changes)
        }
        Some(VarsVerb::Unset { of, names }) => {
            let change = |text: &OsString| Ok((variables::name(text)?, None));
            let changes = names.iter().map(change).collect::<Result<Vec<_>>>()?;
            (env_of(context, site::word(context, of)?.as_deref())?, changes)
        }
    };
    edit(context, arguments, &env, &changes)
}

fn list(env: &Path, json: bool) -> Result<()> {
    let vars = variables::list(env)?;
    if json {
        return super::print_json(&vars);
    }
    let lines = vars.iter().map(|(name, value)| format!("{}={}\n", shown(name), shown(value)));
    super::print_words(lines.collect::<String>())
}

/// Changes them; in the shell that has the env active they take effect at once, where its hook evaluates what is printed.
fn edit(
    context: &Context,
    arguments: &cli::Vars,
    env: &Path,
    changes: &[(Name, Option<String>)],
) -> Result<()> {
    variables::edit(env, changes)?;
    let session = Session::of(context.host.vars()).ok().flatten();
    let session = session.filter(|session| session.prefix == env);
    let (Some(session), Some(shell)) = (&session, &arguments.shell) else {
        let when = match session {
            Some(_) => "activate it again to see the change here",
            None => "they are set when it is activated",
        };
        context.ui.say(format!("{} has its variables; {when}", Shown(env)));
        return Ok(());
    };
    let reader = ShellReader { dialect: Dialect::new(shell)?, hooked: arguments.hooked };
    activate::enter(context, Place::Env(env.to_owned()), session.owner.clone(), reader)
}

/// The named env, else the active one, else that of the nearest marker.
fn env_of(context: &Context, named: Option<&OsStr>) -> Result<PathBuf> {
    let Some(named) = named else {
        if let Some(session) = Session::of(context.host.vars())? {
            unchanged::record(&session.prefix)?;
            return Ok(session.prefix);
        }
        return super::env_of(context, None).map(|env| env.path);
    };
    match activation::locate(named, context.host, &context.dirs)? {
        Place::Env(env) => Ok(env),
        Place::Image(path) | Place::Base(path) => Err(Error::no(format!(
            "{} is not an env: only envs have variables of their own",
            Shown(&path)
        ))),
    }
}

fn assignment(text: &OsString) -> Result<(Name, Option<String>)> {
    let bytes = text.as_bytes();
    let equals = bytes.iter().position(|byte| *byte == b'=').ok_or_else(|| {
        Error::new(format!("`{}` sets nothing", Shown(text.as_ref()))).hint("write NAME=VALUE")
    })?;
    let name = variables::name(OsStr::from_bytes(&bytes[..equals]))?;
    let value = std::str::from_utf8(&bytes[equals + 1..]).map_err(|_| {
        Error::new(format!("the value of {name} is not UTF-8, which conda's file for it needs"))
    })?;
    Ok((name, Some(value.to_owned())))
}
