//! `mlenv container record`: what was added to the container, in the project's file.

use std::path::{Path, PathBuf};

use super::super::print_file;
use super::here;
use crate::cli::ContainerRecord;
use crate::container::additions::Additions;
use crate::context::Context;
use crate::engine::entrance::Entrance;
use crate::engine::own_env;
use crate::engine::runner::Runner;
use crate::engine::wake::wake;
use crate::error::{Attempt, Error, Result};
use crate::foreign::{self, FileKind};
use crate::fs;
use crate::packages::project::rewrite;
use crate::text::{Shown, shown};

/// conda's file, by either of its names, and pip's.
const ENVIRONMENT: [&str; 2] = ["environment.yml", "environment.yaml"];
const REQUIREMENTS: &str = "requirements.txt";

pub(super) fn run(context: &Context, arguments: &ContainerRecord) -> Result<()> {
    let (dir, state) = here(context)?;
    let runner = Runner::known(context.host, context.ui, state.engine, state.powers)?;
    let entrance = Entrance::new(context, &runner, &dir, &state);
    own_env::refuse_sif(&entrance, "mlenv export -p {}")?;
    wake(&runner, &dir, &state)?;
    entrance.prepare()?;
    let listing = entrance.listing()?;
    let added = listing.since(&state.start);
    if added.conda.is_empty() && added.pip.is_empty() {
        tell(context, &added);
        context.ui.say("nothing was added that could be written down");
        return Ok(());
    }
    let conda: Vec<String> = added.conda.iter().map(|spec| listing.pinned(spec)).collect();
    let file = match &arguments.output {
        Some(file) => context.host.absolute(file)?,
        None => own_file(&dir, &conda),
    };
    let is_environment = file.extension().is_some_and(|end| end == "yml" || end == "yaml");
    if !is_environment && !conda.is_empty() {
        return Err(Error::new(format!(
            "{} cannot name conda's packages: {}",
            Shown(&file),
            shown(&conda.join(", "))
        ))
        .hint("name an environment file with -o: `-o environment.yml`"));
    }
    let before = foreign::read_if_there(&file, FileKind::PackageData)?.unwrap_or_default();
    let before = String::from_utf8(before)
        .map_err(|_| Error::new(format!("{} is not UTF-8 text", Shown(&file))))?;
    let text = if is_environment {
        rewrite::environment(&before, &conda, &added.pip, &added.channels)
            .map_err(|error| error.during(format_args!("could not write into {}", Shown(&file))))?
    } else {
        rewrite::requirements(&before, &added.pip)
    };
    tell(context, &added);
    if arguments.dry_run {
        return print_file(context.host, &text);
    }
    fs::write_atomic(&file, text.as_bytes()).attempt("write", &file)?;
    let names = [conda, added.pip].concat().join(", ");
    context.ui.say(format!("wrote into {}: {}", Shown(&file), shown(&names)));
    Ok(())
}

/// The project's file: conda's where it is there or something of conda's was added.
fn own_file(dir: &Path, conda: &[String]) -> PathBuf {
    let there = ENVIRONMENT.iter().map(|name| dir.join(name)).find(|file| file.is_file());
    match there {
        Some(file) => file,
        None if conda.is_empty() => dir.join(REQUIREMENTS),
        None => dir.join(ENVIRONMENT[0]),
    }
}

/// What no file can name for others.
fn tell(context: &Context, added: &Additions) {
    for (what, names) in [
        ("installed in place, and not written", &added.editable),
        ("from a place that it does not name, and not written", &added.unknown),
        ("taken out of the image, which no such file can say", &added.removed),
    ] {
        if !names.is_empty() {
            context.ui.say(format!("{what}: {}", shown(&names.join(", "))));
        }
    }
}
