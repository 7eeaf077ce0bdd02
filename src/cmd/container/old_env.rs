//! An env that an older script made in a container: it gets a record, and the files that activate it.

use std::path::Path;

use super::super::Context;
use crate::additions::requests::Requests;
use crate::base::{Fingerprint, Kind};
use crate::container::files::source;
use crate::container::old::Old;
use crate::container::{Engine, Family, Mount, Place};
use crate::error::{Attempt, Error, Result};
use crate::fs;
use crate::overlay::layout::Layout;
use crate::overlay::plan::BASE_LINK;
use crate::overlay::record::{BaseRecord, FILE, Record, SCHEMA};
use crate::overlay::{registry, skeleton};
use crate::shell::carried::IN_CONTAINER_FILE;
use crate::text::{PathText, Shown};

/// Writes down where the env at `env` lives.
pub(super) fn take_over(context: &Context, env: &Path, old: &Old, dry_run: bool) -> Result<()> {
    let place = place(context, env, old)?;
    let record = match Record::read(env)? {
        Some(record) => Record { container: Some(place), ..record },
        None => Record { container: Some(place), ..found(env)? },
    };
    let text = record.text()?;
    if dry_run {
        return super::super::print(text);
    }
    for (path, bytes) in skeleton::activation(env, &record)? {
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
    let label = record.container.as_ref().map(Place::label).unwrap_or_default();
    context.ui.say(format!("{} lives in {label}: `mlenv shell` enters it", Shown(env)));
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
fn place(context: &Context, env: &Path, old: &Old) -> Result<Place> {
    let image = old.image()?;
    let is_there = |engine: &Engine| context.host.find_program(engine.name()).is_some();
    let files = Engine::ALL.into_iter().filter(|engine| engine.family() == Family::Files);
    let mut place = Place::new(files.clone().find(is_there).unwrap_or(Engine::Singularity));
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

/// What an env without a record tells of itself. Its base is not seen from here, so nobody knows what was in it.
fn found(env: &Path) -> Result<Record> {
    let link = env.join(BASE_LINK);
    let base = std::fs::read_link(&link).map_err(|_| {
        Error::no(format!("{} is no env: it has neither mlenv.toml nor {BASE_LINK}", Shown(env)))
            .hint("name the script of an env that `create-newEnv-on-base.sh` or mlenv made")
    })?;
    let lib = library(env)?;
    let is_conda = env.join("conda-meta").is_dir();
    Ok(Record {
        schema: SCHEMA,
        mlenv: env!("CARGO_PKG_VERSION").to_owned(),
        created: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        layout: Layout::Standard,
        user_site: false,
        prefix: PathText(env.to_owned()),
        base: BaseRecord {
            name: None,
            path: PathText(base.clone()),
            prefix: PathText(base),
            kind: if is_conda { Kind::Conda } else { Kind::Python },
            python: lib.trim_start_matches("python").to_owned(),
            python_lib: lib,
            fingerprint: Fingerprint::unknown(),
        },
        requests: Requests::default(),
        container: None,
    })
}

fn library(env: &Path) -> Result<String> {
    let lib = env.join("lib");
    let entries = lib.read_dir().attempt("read", &lib)?;
    let mut names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    names
        .find(|name| name.starts_with("python3."))
        .ok_or_else(|| Error::no(format!("{} is no env: there is no python3.* in it", Shown(&lib))))
}
