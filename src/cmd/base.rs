//! `mlenv base ...`: names for bases, facts about them, their indexes.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;

use super::create::default_layout;
use super::{print_json, print_words};
use crate::base::{Base, BaseKind, Fingerprint, known};
use crate::cli;
use crate::context::Context;
use crate::env::index;
use crate::env::layout::Layout;
use crate::error::{Attempt, Error, Result};
use crate::fs;
use crate::resolve;
use crate::text::table::table;
use crate::text::{PathText, Shown, shown};

pub(super) fn run(context: &Context, command: &cli::Base) -> Result<()> {
    match command {
        cli::Base::List { json } => list(context, *json),
        cli::Base::Add { path, name, force } => {
            let on_existing =
                if *force { known::OnExisting::Replace } else { known::OnExisting::Fail };
            add(context, path, name.clone(), on_existing)
        }
        cli::Base::Forget { name } => {
            known::forget(&context.dirs, name)?;
            context.ui.say(format!("forgot the name {name}; the base is untouched"));
            Ok(())
        }
        cli::Base::Info { base, json } => info(context, base.as_deref(), *json),
        cli::Base::Packages { base, json } => {
            super::packages::of_base(context, base.as_deref(), *json)
        }
        cli::Base::Make(arguments) => super::base_make::run(context, arguments),
        cli::Base::Match(arguments) => super::base_match::run(context, arguments),
        cli::Base::Check(arguments) => super::prepare::check(context, arguments),
        cli::Base::Prepare(arguments) => super::prepare::prepare(context, arguments),
        cli::Base::Index { base, layout, output } => {
            make_index(context, base.as_deref(), *layout, output.clone())
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct BaseRow {
    name: String,
    path: PathText,
    from: known::Owner,
    there: bool,
    /// Its Python, where it is there and can be used.
    python: Option<String>,
}

fn list(context: &Context, json: bool) -> Result<()> {
    let rows: Vec<BaseRow> = known::all(&context.dirs)?
        .into_iter()
        .map(|(name, (entry, from))| BaseRow {
            there: entry.path.0.is_dir(),
            python: resolve::at(&entry.path.0, &context.dirs).ok().map(|base| base.python.version),
            name,
            path: entry.path,
            from,
        })
        .collect();
    if json {
        return print_json(&rows);
    }
    if rows.is_empty() {
        context.ui.hint("no base has a name yet: `mlenv base add DIR --name NAME`");
    }
    let rows: Vec<(bool, Vec<String>)> = rows
        .iter()
        .map(|row| {
            let state = match (row.there, &row.python) {
                (false, _) => "  (not there)",
                (true, None) => "  (cannot be used: `mlenv base info` says why)",
                _ => "",
            };
            let python = row.python.clone().unwrap_or_else(|| "-".to_owned());
            (false, vec![shown(&row.name), python, format!("{}{state}", Shown(&row.path.0))])
        })
        .collect();
    print_words(table(&["NAME", "PYTHON", "PATH"], &rows, context.host.columns))
}

fn add(
    context: &Context,
    path: &Path,
    name: Option<String>,
    on_existing: known::OnExisting,
) -> Result<()> {
    let path = context.host.absolute(path)?;
    let base = resolve::at(&path, &context.dirs)?;
    let name = match name {
        Some(name) => name,
        None => path.file_name().and_then(OsStr::to_str).map(str::to_owned).ok_or_else(|| {
            Error::new(format!("{} has no name that can be typed", Shown(&path)))
                .hint("give one with --name")
        })?,
    };
    known::add(&context.dirs, &name, &path, on_existing)?;
    context.ui.say(format!(
        "{name} is {} ({}, Python {})",
        Shown(&base.named),
        base.kind.name(),
        base.python.version
    ));
    Ok(())
}

/// What `base info` tells.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct BaseFacts {
    path: PathText,
    prefix: PathText,
    kind: BaseKind,
    python: String,
    pip: bool,
    fingerprint: Fingerprint,
    index: Vec<PathText>,
}

fn info(context: &Context, asked: Option<&OsStr>, json: bool) -> Result<()> {
    let choice = resolve::base(context.host, &context.dirs, asked)?;
    let base = &choice.base;
    let places =
        |layout| [index::in_base(base, layout), index::in_cache(&context.dirs.cache, base, layout)];
    let facts = BaseFacts {
        path: PathText(base.named.clone()),
        prefix: PathText(base.prefix.clone()),
        kind: base.kind,
        python: base.python.version.clone(),
        pip: base.python.has_pip(&base.prefix),
        fingerprint: base.fingerprint.clone(),
        index: [Layout::Standard, Layout::Full]
            .into_iter()
            .flat_map(places)
            .filter(|path| path.exists())
            .map(PathText)
            .collect(),
    };
    if json { print_json(&facts) } else { print_words(text(&facts, &choice.source)) }
}

fn text(facts: &BaseFacts, source: &resolve::ChosenBy) -> String {
    let mut text = String::new();
    let mut line = |label: &str, value: String| {
        let _ = writeln!(text, "{label:<12} {value}");
    };
    line("base", format!("{} ({source})", Shown(&facts.path.0)));
    if facts.prefix != facts.path {
        line("", format!("resolved to {}", Shown(&facts.prefix.0)));
    }
    line("kind", facts.kind.name().to_owned());
    line("python", facts.python.clone());
    line("pip", if facts.pip { "yes" } else { "no" }.to_owned());
    line("state", facts.fingerprint.packages.clone());
    if let Some(image) = &facts.fingerprint.image {
        line("image", shown(image));
    }
    for path in &facts.index {
        line("index", Shown(&path.0).to_string());
    }
    text
}

fn make_index(
    context: &Context,
    asked: Option<&OsStr>,
    layout: Option<Layout>,
    output: Option<PathBuf>,
) -> Result<()> {
    let began = Instant::now();
    let base = resolve::base(context.host, &context.dirs, asked)?.base;
    let layout = layout.unwrap_or(match default_layout(base.kind) {
        Layout::Sparse if base.kind == BaseKind::Python => Layout::Standard,
        other => other,
    });
    if layout == Layout::Sparse || base.kind == BaseKind::System {
        return Err(Error::no(format!(
            "a {} env of a {} base links nothing that an index could hold",
            layout.name(),
            base.kind.name()
        ))
        .hint("`mlenv create` is fast without one"));
    }
    let survey = index::look_through(&base, layout, context.ui)?;
    let bytes = index::pack(&survey.plan, &base, layout)?;
    let path = store(context, &base, layout, output, &bytes)?;
    let count = survey.plan.count();
    context.ui.say(format!(
        "{} links, {} files and {} directories of {} in {} KB, in {} ms",
        count.links,
        count.files,
        count.dirs,
        Shown(&base.named),
        bytes.len().div_ceil(1000),
        began.elapsed().as_millis()
    ));
    context.ui.say(format!("wrote {}", Shown(&path)));
    Ok(())
}

/// Into the named file; else into the base; else, where that cannot be written, into the cache.
fn store(
    context: &Context,
    base: &Base,
    layout: Layout,
    output: Option<PathBuf>,
    bytes: &[u8],
) -> Result<PathBuf> {
    if let Some(output) = output {
        let path = context.host.absolute(&output)?;
        fs::write_atomic(&path, bytes).attempt("write", &path)?;
        return Ok(path);
    }
    let path = index::in_base(base, layout);
    match fs::write_atomic(&path, bytes) {
        Err(cause)
            if matches!(
                cause.kind(),
                std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem
            ) => {}
        other => return other.attempt("write", &path).map(|()| path),
    }
    context.ui.say("the base cannot be written: the index goes into your cache");
    let path = index::in_cache(&context.dirs.cache, base, layout);
    let dir = path.parent().unwrap_or(Path::new("/"));
    fs::make_dirs(dir, 0o700).attempt("make", dir)?;
    fs::write_atomic(&path, bytes).attempt("write", &path)?;
    Ok(path)
}
