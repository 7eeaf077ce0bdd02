//! `mlenv requirements`: what a project's sources import, as requirements.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{print_json, print_words, project, site};
use crate::cli::Requirements;
use crate::context::Context;
use crate::error::{Attempt, Error, Result};
use crate::foreign::{self, FileKind};
use crate::fs;
use crate::packages::fulfil;
use crate::packages::imports::{self, Imports};
use crate::packages::project::Parts;
use crate::packages::requirements::{self as lines, Line};
use crate::specs::{key, name_of};
use crate::text::{Shown, shown};

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    requirements: &'a [String],
    #[serde(flatten)]
    found: &'a Imports,
}

pub(super) fn run(context: &Context, arguments: &Requirements) -> Result<()> {
    let dir = match &arguments.dir {
        Some(dir) => context.host.absolute(dir)?,
        None => context.host.cwd()?,
    };
    if !dir.is_dir() {
        return Err(Error::no(format!("there is no directory {}", Shown(&dir))));
    }
    let env = super::env_only_here(context, site::word(context, &arguments.of)?.as_deref())?;
    let found = imports::of(context, &env.path, &dir)?;
    for reason in &found.unread {
        context.ui.warn(format!("not read: {}", shown(reason)));
    }
    for (module, place) in &found.unknown {
        context.ui.warn(format!(
            "nothing here brings the module {} ({})",
            shown(module),
            shown(place)
        ));
    }
    if arguments.check {
        return check(context, &found, (&dir, arguments.file.as_deref()));
    }
    let all = match &arguments.freeze {
        Some(file) => found.kept(&frozen(&context.host.absolute(file)?)?),
        None => found.lines(),
    };
    if arguments.json {
        return print_json(&Report { requirements: &all, found: &found });
    }
    let text = all.iter().fold(String::new(), |text, line| text + line + "\n");
    match &arguments.output {
        Some(file) => {
            let file = context.host.absolute(file)?;
            fs::write_atomic(&file, text.as_bytes()).attempt("write", &file)?;
            context.ui.say(format!("wrote {}", Shown(&file)));
            Ok(())
        }
        None => print_words(text),
    }
}

/// The lines of a file of requirements that name packages.
fn frozen(file: &Path) -> Result<Vec<String>> {
    let bytes = foreign::read(file, FileKind::PackageData).attempt("read", file)?;
    let all = lines::lines(&lines::decoded(&bytes));
    Ok(all
        .into_iter()
        .filter_map(|line| match line {
            Line::Need(need) => Some(need),
            _ => None,
        })
        .collect())
}

/// Says how the project's file and its sources differ.
fn check(context: &Context, found: &Imports, (dir, file): (&Path, Option<&Path>)) -> Result<()> {
    let file: PathBuf = match file {
        Some(file) => context.host.absolute(file)?,
        None => project::file(context, dir)?.ok_or_else(|| {
            Error::no(format!("{} has no file that says what it needs", Shown(dir)))
                .hint("name one with -f")
        })?,
    };
    let wanted =
        fulfil::read(context, std::slice::from_ref(&file), &Parts::default(), &mut Vec::new())?;
    let mut named: BTreeSet<String> = BTreeSet::new();
    for one in &wanted {
        let mut specs: Vec<String> =
            one.conda.iter().chain(&one.pip).chain(&one.locked).cloned().collect();
        for path in &one.files {
            specs.extend(frozen(path)?);
        }
        named.extend(specs.iter().filter_map(|spec| name_of(spec)).map(key));
    }
    // What is not imported, and needed all the same.
    for tool in ["pip", "python", "setuptools", "wheel"] {
        named.remove(tool);
    }
    let (lacking, surplus) = found.differences(&named);
    let name = fulfil::short(&file);
    if lacking.is_empty() && surplus.is_empty() && found.unknown.is_empty() {
        context.ui.say(format!("{name} names what is imported"));
        return Ok(());
    }
    let mut told = Vec::new();
    if !lacking.is_empty() {
        told.push(format!("lacks {}", lacking.join(", ")));
    }
    if !surplus.is_empty() {
        told.push(format!("names {}, which nothing imports", surplus.join(", ")));
    }
    if !found.unknown.is_empty() {
        let modules: Vec<&str> = found.unknown.keys().map(String::as_str).collect();
        told.push(format!("cannot be judged on {}, which nothing here brings", modules.join(", ")));
    }
    Err(Error::no(format!("{name} {}", shown(&told.join("; "))))
        .hint("`mlenv requirements` prints what is imported"))
}
