//! An env that an older script made in a container: it gets a record, and the files that activate it.

use std::path::Path;

use crate::container::files::source;
use crate::container::legacy::LegacyScript;
use crate::container::{Engine, Family, Mount, Residence};
use crate::context::Context;
use crate::env::record::{FILE, Record};
use crate::env::{adopt, registry, skeleton};
use crate::error::{Attempt, Result};
use crate::fs;
use crate::hint::command;
use crate::shell::activators::IN_CONTAINER_FILE;
use crate::text::{PathText, Shown};

/// The record of the env at `env`, with where it lives.
pub(crate) fn record(context: &Context, env: &Path, old: &LegacyScript) -> Result<Record> {
    let place = place(context, env, old)?;
    Ok(match Record::read(env)? {
        Some(record) => Record { container: Some(place), ..record },
        None => Record { container: Some(place), ..adopt::record(env)? },
    })
}

/// Gives the env at `env` its record, and the files that activate it.
pub(crate) fn take_over(context: &Context, env: &Path, record: &Record) -> Result<()> {
    let text = record.text()?;
    for (path, bytes) in skeleton::activation(env, record)? {
        let file = env.join(&path);
        if path == Path::new(IN_CONTAINER_FILE) {
            keep_last(&file)?;
        }
        if file.symlink_metadata().is_err() {
            fs::write_new(&file, &bytes).attempt("write", &file)?;
        }
    }
    let file = env.join(FILE);
    fs::write_atomic(&file, text.as_bytes()).attempt("write", &file)?;
    if let Err(cause) = registry::remember(&context.dirs, env) {
        context.ui.warn(format!("the env works, but `mlenv list` will not know it: {cause}"));
    }
    let label = record.container.as_ref().map(Residence::label).unwrap_or_default();
    let shell = command("mlenv shell {}", &[&env]);
    context.ui.say(format!("{} lives in {label}: {shell} enters it", Shown(env)));
    Ok(())
}

/// The older script stays beside ours, as it used to keep its own last one.
fn keep_last(file: &Path) -> Result<()> {
    if file.is_file() {
        let last = file.with_extension("sh.last");
        fs::share_file(file, &last)
            .or_else(|_| fs::remove_file(&last).and_then(|()| fs::share_file(file, &last)))
            .attempt("keep", &last)?;
        fs::remove_file(file).attempt("replace", file)?;
    }
    Ok(())
}

/// Older scripts know singularity alone; either program of the family runs it.
fn place(context: &Context, env: &Path, old: &LegacyScript) -> Result<Residence> {
    let image = old.image()?;
    let is_there = |engine: &Engine| context.host.find_program(engine.name()).is_some();
    let files = Engine::ALL.into_iter().filter(|engine| engine.family() == Family::Files);
    let mut place = Residence::new(files.clone().find(is_there).unwrap_or(Engine::Singularity));
    let path = Path::new(&image);
    let image = if path.exists() { env.join(path) } else { source(path.as_os_str()).into() };
    place.image = Some(PathText(image));
    place.home = context.host.home().ok().map(PathText);
    place.bind = old.binds(|path| Ok(env.join(path)))?;
    // The script binds the env itself at its own path.
    if !place.bind.iter().any(|mount| env.starts_with(&mount.target.0)) {
        place.bind.push(Mount::same(env));
    }
    Ok(place)
}
