//! `vars`: the variables that an env sets while it is active.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use crate::activation::{self, Place, standing, variables};
use crate::cli;
use crate::config::Dirs;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::plan::name::Name;
use crate::plan::session::Session;
use crate::text::{Shown, shown};
use crate::ui::Ui;

/// Runs one of the three.
pub(super) fn run(verb: &cli::Vars, host: &Host, ui: Ui) -> Result<()> {
    match verb {
        cli::Vars::List { env, json } => list(&env_of(env.as_deref(), host)?, *json),
        cli::Vars::Set { env, vars } => {
            let changes = vars.iter().map(assignment).collect::<Result<Vec<_>>>()?;
            edit(&env_of(env.as_deref(), host)?, &changes, host, ui)
        }
        cli::Vars::Unset { env, names } => {
            let changes = names
                .iter()
                .map(|text| Ok((variables::name(text)?, None)))
                .collect::<Result<Vec<_>>>()?;
            edit(&env_of(env.as_deref(), host)?, &changes, host, ui)
        }
    }
}

fn list(env: &std::path::Path, json: bool) -> Result<()> {
    let vars = variables::list(env)?;
    if json {
        let text =
            serde_json::to_string_pretty(&vars).map_err(|cause| Error::new(cause.to_string()))?;
        return super::print(format!("{text}\n"));
    }
    let lines = vars.iter().map(|(name, value)| format!("{}={}\n", shown(name), shown(value)));
    super::print(lines.collect::<String>())
}

fn edit(
    env: &std::path::Path,
    changes: &[(Name, Option<String>)],
    host: &Host,
    ui: Ui,
) -> Result<()> {
    variables::edit(env, changes)?;
    let is_active =
        Session::of(host.vars()).ok().flatten().is_some_and(|session| session.prefix == env);
    let when = if is_active {
        "activate it again to see the change here"
    } else {
        "they are set when it is activated"
    };
    ui.say(format!("{} has its variables; {when}", Shown(env)));
    Ok(())
}

/// The named env, else the active one.
fn env_of(named: Option<&OsStr>, host: &Host) -> Result<PathBuf> {
    let Some(named) = named else {
        let session = Session::of(host.vars())?.ok_or_else(|| {
            Error::no("which env? none was named, and none is active")
                .hint("say which: `vars list ENV`, `vars set -p ENV NAME=VALUE`")
        })?;
        standing::record(&session.prefix)?;
        return Ok(session.prefix);
    };
    match activation::locate(named, host, &Dirs::new(host)?)? {
        Place::Env(env) => Ok(env),
        Place::Image(path) | Place::Base(path) => Err(Error::no(format!(
            "{} is no env: only envs have variables of their own",
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
        Error::new(format!("the value of {name} is no UTF-8, which conda's file for it needs"))
    })?;
    Ok((name, Some(value.to_owned())))
}
