//! `mlenv install --reinstall`: packages of the env are put in place again, as they are recorded: after another tool
//! removed them by halves, they still count as installed.

use std::ffi::{OsStr, OsString};

use super::client;
use super::conda::Errand;
use super::opened::Opened;
use super::pip::Ask;
use super::run::Task;
use super::{Manner, job};
use crate::base::installed::{self, Installed, Manager};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::specs::Direct;
use crate::specs::key;
use crate::text::{Shown, shown};

/// Each with the tool that put it there, from where it came, in its version; what it needs is left alone.
pub(crate) fn all(
    context: &Context,
    site: &Opened,
    (words, client): (&[String], Option<&OsStr>),
    manner: &Manner,
) -> Result<()> {
    let found = words.iter().map(|word| find(site, word));
    let found: Vec<&Installed> = found.collect::<Result<_>>()?;
    let (conda, pip): (Vec<&Installed>, Vec<&Installed>) =
        found.into_iter().partition(|package| package.by == Manager::Conda);
    if !conda.is_empty() {
        let exact = |package: &&Installed| {
            let build = package.build.as_deref().unwrap_or_default();
            format!("{}={}={build}", package.name, package.version)
        };
        let specs = conda.iter().map(exact).collect();
        let channels = site.record.requests.channels.clone();
        let errand = Errand::Again { channels, specs };
        let task = site.conda(context, client, errand)?;
        carry_out(context, site, &task, manner)?;
    }
    for package in pip {
        let uv = client::uv(context.host, &site.vars, &site.env);
        carry_out(context, site, &Task::Pip(again(site, package)?, uv), manner)?;
    }
    Ok(())
}

fn find<'a>(site: &'a Opened, word: &str) -> Result<&'a Installed> {
    let key = key(word);
    if let Some(own) = site.own.iter().find(|package| package.key() == key) {
        return Ok(own);
    }
    let (word, env) = (shown(word), Shown(&site.env));
    Err(match site.of_base(&word) {
        Some(_) => Error::no(format!("{word} belongs to the base: nothing of it is in {env}"))
            .hint("ask whoever keeps the base; another version can be installed on top of it"),
        None => Error::no(format!("{word} is not installed in {env}"))
            .hint("install it without --reinstall; with it, leave versions out"),
    })
}

/// pip cannot take away what does not list its files: that is written over.
fn again(site: &Opened, package: &Installed) -> Result<Ask> {
    let lib = &site.record.base.python_lib;
    let option = if installed::lists_files(&site.env, lib, &package.key()) {
        "--force-reinstall"
    } else {
        "--ignore-installed"
    };
    let ask = match installed::direct(&site.env, lib).remove(&package.key()) {
        Some(direct) => Ask::again(&direct).ok_or_else(|| unknown(&direct))?,
        None => {
            Ask { specs: vec![format!("{}=={}", package.name, package.version)], ..Ask::default() }
        }
    };
    Ok(Ask { alone: true, rest: vec![OsString::from(option)], ..ask })
}

fn unknown(direct: &Direct) -> Error {
    let name = shown(&direct.name);
    Error::no(format!("{name} does not say where it came from")).hint(
        "install it from its directory or address; an index may have another package of that name",
    )
}

fn carry_out(context: &Context, site: &Opened, task: &Task, manner: &Manner) -> Result<()> {
    context.ui.say(format!("{} does the work", task.tool()));
    job::carry_out(context, site, task, manner).map(drop)
}
