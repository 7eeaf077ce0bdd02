//! `mlenv base make`: a conda prefix made from channels.

use std::path::Path;

use crate::cli::BaseMake;
use crate::context::Context;
use crate::engine::build;
use crate::env::stage::{OnExisting, Stage};
use crate::error::{Attempt, Error, Result};
use crate::fs;
use crate::hint::command;
use crate::packages::pip::Ask;
use crate::packages::project::{Parts, Wanted};
use crate::packages::{fulfil, prefix};
use crate::process::Command;
use crate::text::{Shown, shown};

pub(super) fn run(context: &Context, arguments: &BaseMake) -> Result<()> {
    let place = context.host.absolute(&arguments.prefix)?;
    refuse_taken(&place)?;
    let mut held = Vec::new();
    let asked = Wanted {
        from: place.clone(),
        channels: arguments.channels.clone(),
        conda: arguments.packages.clone(),
        ..Wanted::default()
    };
    asked.check()?;
    let mut wanted = vec![asked];
    wanted.extend(fulfil::read(context, &arguments.files, &Parts::default(), &mut held)?);
    fulfil::tell(context, &wanted);
    let pip = pip_part(&wanted)?;
    // Where nothing is to come, nothing is made there.
    let parent = place.parent().unwrap_or(Path::new("/"));
    let beside = if arguments.dry_run { &context.dirs.cache } else { parent };
    fs::make_dirs(beside, 0o777).attempt("make", beside)?;
    let stage = Stage::new(beside)?;
    let errands = prefix::errands(&wanted, None)?;
    let to = (Path::new("/"), place.as_path());
    prefix::make(context, stage.root(), to, errands, arguments.dry_run)?;
    if arguments.dry_run {
        return Ok(());
    }
    stage.commit(&place, OnExisting::Fail)?;
    if let Some(ask) = pip {
        by_pip(context, &place, &ask)?;
    }
    context.ui.say(format!("made {}", Shown(&place)));
    context.ui.hint(format!("{} makes an env on it", command("mlenv create --base {}", &[&place])));
    Ok(())
}

fn refuse_taken(place: &Path) -> Result<()> {
    let is_empty = place.read_dir().is_ok_and(|mut entries| entries.next().is_none());
    if place.symlink_metadata().is_err() || is_empty {
        return Ok(());
    }
    Err(Error::no(format!("{} is there already", Shown(place)))
        .hint("name another place; packages on top of a base go into an env: `mlenv create`"))
}

/// What files ask of pip; none where they ask nothing.
fn pip_part(wanted: &[Wanted]) -> Result<Option<Ask>> {
    if let Some(file) = wanted.iter().find(|file| file.dynamic.is_some()) {
        return Err(Error::new(format!(
            "the dependencies of {} are dynamic: only its build backend knows them",
            Shown(&file.from)
        ))
        .hint("make the base without it, and an env for it: `mlenv create -f FILE --base DIR`"));
    }
    let specs = wanted.iter().flat_map(|file| file.pip.iter().chain(&file.locked)).cloned();
    let specs: Vec<String> = specs.collect();
    if let Some(spec) = specs.iter().find(|spec| spec.starts_with('-')) {
        return Err(Error::new(format!("a base cannot hold {}", shown(spec)))
            .hint("what is used in place goes into an env: `mlenv create -f FILE --base DIR`"));
    }
    let files: Vec<_> = wanted.iter().flat_map(|file| file.files.iter().cloned()).collect();
    let is_asked = wanted.iter().any(Wanted::asks_pip);
    Ok(is_asked.then(|| Ask { specs, files, ..Ask::default() }))
}

fn by_pip(context: &Context, place: &Path, ask: &Ask) -> Result<()> {
    let words = ask.arguments(context.cutoff()?.as_ref(), &[]);
    let call = Command::new(place.join("bin/python")).words(words);
    build::watched(context, &call, "pip's part").map_err(|error| {
        error.hint(format!(
            "{} has conda's packages; an env on it can have pip's part: `mlenv create -f FILE --base DIR`",
            Shown(place)
        ))
    })
}
