//! `mlenv export`, and what makes an env again from its file: `mlenv create -f FILE`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use super::print_file;
use super::site;
use crate::base::installed;
use crate::base::known;
use crate::cli;
use crate::context::Context;
use crate::error::{Attempt, Error, Result};
use crate::fs;
use crate::hint::command;
use crate::packages::again::{self, Wanted};
use crate::packages::export::{Container, Export};
use crate::packages::pins;
use crate::resolve::Env;
use crate::specs::Direct;
use crate::text::{Shown, shown};

pub(super) fn run(context: &Context, arguments: &cli::Export) -> Result<()> {
    let Env { path, record } =
        super::env_of(context, site::of(context, &arguments.of)?.as_deref())?;
    let own = installed::of_env(&path, &record.base.python_lib)?;
    let places = installed::direct(&path, &record.base.python_lib);
    let export = Export::new(&record, &own, &places);
    tell_places(context, &places);
    let text = export.text()?;
    let Some(file) = &arguments.output else {
        return print_file(context.host, &text);
    };
    let file = context.host.absolute(file)?;
    fs::write_atomic(&file, text.as_bytes()).attempt("write", &file)?;
    context.ui.say(format!(
        "wrote {}: {} makes the env again",
        Shown(&file),
        command("mlenv create -n NAME -f {}", &[&file])
    ));
    Ok(())
}

/// What the file's reader may not be able to have again is told by name.
fn tell_places(context: &Context, places: &BTreeMap<String, Direct>) {
    for direct in places.values() {
        let name = shown(&direct.name);
        if direct.words.is_empty() {
            context.ui.warn(format!("{name} does not say where it came from: it will be left out"));
        } else if let Some(place) = direct.local() {
            context.ui.say(format!(
                "{name} came from {}: it can be installed again only where that is",
                Shown(&place)
            ));
        }
    }
}

/// ` in the image IMAGE (DIGEST)`, for a base in a container.
fn of(export: &Export) -> String {
    let Some(Container { image: Some(image), digest, .. }) = &export.base.container else {
        return String::new();
    };
    let digest = digest.as_ref().map_or(String::new(), |digest| format!(" ({})", shown(digest)));
    format!(" in the image {}{digest}", Shown(&image.0))
}

/// Understands the bytes of the file at `path`.
pub(super) fn read(path: &Path, bytes: &[u8]) -> Result<Export> {
    Export::parse(bytes)
        .map_err(|error| error.during(format_args!("could not use {}", Shown(path))))
}

/// The base that it was exported from, by its name where that is known here, else by its path.
pub(super) fn base(context: &Context, export: &Export) -> Result<OsString> {
    let names = known::all(&context.dirs)?;
    let path = &export.base.path.0;
    match &export.base.name {
        Some(name) if names.contains_key(name) => Ok(name.into()),
        _ if path.is_dir() => Ok(path.clone().into_os_string()),
        _ => Err(Error::no(format!("the base of that env is not here: {}{}", Shown(path), of(export)))
            .hint(match &export.base.container {
                Some(Container { image: Some(image), .. }) => format!(
                    "{} makes a container of that image, to create it in; or name another base with --base",
                    command("mlenv container setup {}", &[&image.0])
                ),
                _ => "name another one with --base".to_owned(),
            })),
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
    pins::lift(&opened.env, &needs.lifted)?;
    let wanted = Wanted {
        channels: &export.requests.channels,
        conda: needs.conda,
        pip: needs.pip,
        direct: needs.direct,
    };
    let done = again::put(context, &opened, wanted);
    let own = installed::of_env(env, &opened.record.base.python_lib)?;
    for line in export.differences(&own, &needs.met) {
        context.ui.say(line);
    }
    done.map_err(|error| {
        let add = command("mlenv install -p {} PACKAGE==VERSION", &[&env]);
        error
            .during(format_args!("{} was made, but not all of its packages", Shown(env)))
            .hint(format!("what is missing is listed above: {add} adds it"))
    })
}
