//! `mlenv list`: the envs that mlenv made for this user.

use std::path::Path;

use serde::Serialize;
use walkdir::WalkDir;

use super::{print_json, print_words};
use crate::cli::List;
use crate::container::Residence;
use crate::context::Context;
use crate::env::record::{BaseChange, Record};
use crate::env::registry;
use crate::error::Result;
use crate::plan::session::Session;
use crate::resolve;
use crate::text::table::table;
use crate::text::{self, PathText, Shown, shown};

/// One env, for people and programs.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct EnvRow {
    /// By which it can be named, where that is not its path alone.
    name: Option<String>,
    active: bool,
    path: PathText,
    base: PathText,
    base_name: Option<String>,
    base_state: BaseChange,
    update: Option<PathText>,
    python: String,
    layout: &'static str,
    /// What it lives in, where that is a container.
    container: Option<String>,
    /// Bytes of the env's own files, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
}

pub(super) fn run(context: &Context, arguments: &List) -> Result<()> {
    let mut rows = Vec::new();
    for env in registry::all(&context.dirs) {
        match Record::read(&env) {
            Ok(Some(record)) => rows.push(row(&env, record, context, arguments.size)),
            Ok(None) => {}
            Err(error) => context.ui.warn(error.to_string()), // one broken env does not hide the others
        }
    }
    if arguments.json {
        return print_json(&rows);
    }
    if rows.is_empty() {
        context.ui.hint("no envs yet: `mlenv create -p myEnv` makes one");
    }
    print_words(lines(&rows, arguments.size, context.host.columns))
}

fn row(env: &Path, record: Record, context: &Context, sized: bool) -> EnvRow {
    let dirs = &context.dirs;
    let is_named = env.parent() == Some(&dirs.envs);
    let active = Session::of(context.host.vars()).ok().flatten();
    EnvRow {
        name: is_named.then(|| env.file_name()?.to_str().map(str::to_owned)).flatten(),
        active: active.is_some_and(|session| session.prefix == env),
        size: sized.then(|| size(env)),
        path: PathText(env.to_owned()),
        base_state: record.base_concern(env),
        update: resolve::update(&record, dirs).map(PathText),
        container: record.container.as_ref().map(Residence::label),
        base: record.base.path,
        base_name: record.base.name,
        python: record.base.python,
        layout: record.layout.name(),
    }
}

/// What the env's own files hold. Links count nothing: what they lead to is the base's.
fn size(env: &Path) -> u64 {
    let files = WalkDir::new(env).into_iter().flatten();
    let files = files.filter(|entry| entry.file_type().is_file());
    files.filter_map(|entry| entry.metadata().ok()).map(|meta| meta.len()).sum()
}

/// Name, Python, base, perhaps the size, path, and, where it is not as it was, the base's state.
fn lines(rows: &[EnvRow], sized: bool, columns: Option<usize>) -> String {
    let mut header = vec!["NAME", "PYTHON", "BASE", "PATH", ""];
    if sized {
        header.insert(3, "SIZE");
    }
    let rows: Vec<(bool, Vec<String>)> = rows
        .iter()
        .map(|row| {
            let name = row.name.as_deref().map(shown);
            let base = row.base_name.as_deref().map(shown);
            let base = base.unwrap_or_else(|| Shown(&row.base.0).to_string());
            let name = name.unwrap_or_else(|| "-".to_owned());
            let path = Shown(&row.path.0).to_string();
            let mut cells = vec![name, row.python.clone(), base, path, state(row)];
            if let Some(size) = row.size {
                cells.insert(3, text::size(size));
            }
            (row.active, cells)
        })
        .collect();
    table(&header, &rows, columns)
}

fn state(row: &EnvRow) -> String {
    let state = match (&row.container, row.base_state) {
        (_, BaseChange::Same) => String::new(),
        (Some(container), _) => format!("(in {container})"),
        (None, BaseChange::Changed) => "(base changed)".to_owned(),
        (None, BaseChange::Gone) => "(base gone)".to_owned(),
    };
    let update = if row.update.is_some() { "(newer: `mlenv rebase ENV --update`)" } else { "" };
    format!("{state}  {update}").trim().to_owned()
}
