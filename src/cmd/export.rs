//! `mlenv export`, and what makes an env again from its file: `mlenv create --from FILE`.

use std::ffi::OsString;
use std::path::Path;

use super::site::{self, Opened};
use super::{Context, install, print};
use crate::additions::export::{Export, Needs};
use crate::additions::pip::Ask;
use crate::additions::work::{self, Task};
use crate::additions::{client, conda::Errand};
use crate::base::known;
use crate::care::installed;
use crate::cli::{self, Manner};
use crate::error::{Attempt, Error, Result};
use crate::fs;
use crate::resolve::{self, Env};
use crate::text::Shown;

pub(super) fn run(context: &Context, arguments: &cli::Export) -> Result<()> {
    let Env { path, record } = resolve::env(context.host, &context.dirs, arguments.env.as_deref())?;
    let own = installed::of_env(&path, &record.base.python_lib)?;
    let text = Export::new(&record, &own).text()?;
    let Some(file) = &arguments.output else { return print(text) };
    let file = context.host.absolute(file)?;
    fs::write_atomic(&file, text.as_bytes()).attempt("write", &file)?;
    context.ui.say(format!("wrote {}: `mlenv create --from` makes the env again", Shown(&file)));
    Ok(())
}

/// Reads the file at `path`.
pub(super) fn read(context: &Context, path: &Path) -> Result<Export> {
    let path = context.host.absolute(path)?;
    Export::parse(&work::read(&path)?)
        .map_err(|error| error.during(format_args!("could not use {}", Shown(&path))))
}

/// The base that it was exported from, by its name where that is known here, else by its path.
pub(super) fn base(context: &Context, export: &Export) -> Result<OsString> {
    let names = known::all(&context.dirs)?;
    let path = &export.base.path.0;
    match &export.base.name {
        Some(name) if names.contains_key(name) => Ok(name.into()),
        _ if path.is_dir() => Ok(path.clone().into_os_string()),
        _ => Err(Error::no(format!("the base of that env is not here: {}", Shown(path)))
            .hint("name another one with --base")),
    }
}

/// Installs into the new env at `env` what the exported one had, and tells what differs. The env is whole before:
/// whatever fails here, it is there with what was asked for in its record, and what is missing is told.
pub(super) fn fill(context: &Context, env: &Path, export: &Export) -> Result<()> {
    let opened = site::open(context, Some(env.as_os_str()))?;
    if let Some(words) = export.base_difference(&opened.base) {
        context.ui.say(format!("the base differs from the one of the export: {words}"));
    }
    let needs = export.needs(&opened.base, &opened.below);
    if !needs.met.is_empty() {
        context.ui.say(format!("the base has now: {}", needs.met.join(", ")));
    }
    let done = install_all(context, &opened, export, &needs);
    let own = installed::of_env(env, &opened.record.base.python_lib)?;
    for line in export.differences(&own, &needs.met) {
        context.ui.say(line);
    }
    done.map_err(|error| {
        let env = Shown(env);
        error.during(format_args!("{env} was made, but not all of its packages")).hint(format!(
            "what is missing is told above: `mlenv install -p {env} PACKAGE==VERSION` adds it"
        ))
    })
}

fn install_all(context: &Context, opened: &Opened, export: &Export, needs: &Needs) -> Result<()> {
    super::pin::lift(&opened.env, &needs.lifted)?;
    put(context, opened, (&export.requests.channels, &needs.conda), &needs.pip)
}

/// Installs exactly these again into the env at `env`: specs for a conda client, and for pip. What is recorded as asked
/// for stays as it is.
pub(super) fn reinstall(
    context: &Context,
    env: &Path,
    (conda, pip): (Vec<String>, Vec<String>),
) -> Result<()> {
    let opened = site::open(context, Some(env.as_os_str()))?;
    let channels = &opened.record.requests.channels;
    put(context, &opened, (channels, &conda), &Ask { specs: pip, ..Ask::default() })
}

fn put(
    context: &Context,
    opened: &Opened,
    (channels, specs): (&[String], &[String]),
    pip: &Ask,
) -> Result<()> {
    let manner = Manner { dry_run: false, yes: true, json: false };
    if !specs.is_empty() {
        let client = opened.conda(context)?;
        let errand = Errand::Install { channels: channels.to_vec(), specs: specs.to_vec() };
        install::carry_out(context, opened, &Task::Conda(client, errand), &manner)?;
    }
    if !(pip.specs.is_empty() && pip.editables.is_empty()) {
        let uv = client::uv(context.host, &opened.vars, &opened.env);
        install::carry_out(context, opened, &Task::Pip(pip.clone(), uv), &manner)?;
    }
    Ok(())
}
