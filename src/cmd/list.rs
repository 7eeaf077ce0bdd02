//! `mlenv list`: the envs that mlenv made for this user.

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use super::{Context, print, print_json};
use crate::cli::List;
use crate::config::Dirs;
use crate::container::Place;
use crate::error::Result;
use crate::overlay::record::{BaseState, Record};
use crate::overlay::registry;
use crate::resolve;
use crate::text::{PathText, Shown};

/// One env, for people and programs.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Row {
    path: PathText,
    base: PathText,
    base_name: Option<String>,
    base_state: BaseState,
    update: Option<PathText>,
    python: String,
    layout: &'static str,
    /// What it lives in, where that is a container.
    container: Option<String>,
}

pub(super) fn run(context: &Context, arguments: &List) -> Result<()> {
    let mut rows = Vec::new();
    for env in registry::all(&context.dirs) {
        match Record::read(&env) {
            Ok(Some(record)) => rows.push(row(&env, record, &context.dirs)),
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
    print(table(&rows))
}

fn row(env: &Path, record: Record, dirs: &Dirs) -> Row {
    Row {
        path: PathText(env.to_owned()),
        base_state: record.base_state(env),
        update: resolve::update(&record, dirs).map(PathText),
        container: record.container.as_ref().map(Place::label),
        base: record.base.path,
        base_name: record.base.name,
        python: record.base.python,
        layout: record.layout.name(),
    }
}

/// Path, Python, base and, where it is not as it was, the base's state.
fn table(rows: &[Row]) -> String {
    let width =
        rows.iter().map(|row| Shown(&row.path.0).to_string().chars().count()).max().unwrap_or(0);
    rows.iter().fold(String::new(), |mut text, row| {
        let path = Shown(&row.path.0).to_string();
        let base = row.base_name.clone().unwrap_or_else(|| Shown(&row.base.0).to_string());
        let state = match (&row.container, row.base_state) {
            (_, BaseState::Same) => String::new(),
            (Some(container), _) => format!("  (in {container})"),
            (None, BaseState::Changed) => "  (base changed)".to_owned(),
            (None, BaseState::Gone) => "  (base gone)".to_owned(),
        };
        let update = if row.update.is_some() { "  (newer: `mlenv rebase --update`)" } else { "" };
        let _ = writeln!(text, "{path:width$}  {:8} {base}{state}{update}", row.python);
        text
    })
}
