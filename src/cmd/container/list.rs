//! `mlenv container list`: the containers of this user's directories.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;

use super::super::{print_json, print_words};
use crate::cli::ContainerList;
use crate::container::engine::Engine;
use crate::container::state::{self, ContainerState};
use crate::context::Context;
use crate::engine::known;
use crate::engine::runner::Runner;
use crate::error::Result;
use crate::text::table::table;
use crate::text::{PathText, Shown, shown};

/// One container, for people and programs.
#[derive(Serialize)]
struct ContainerRow {
    /// True for the one that `mlenv container` enters here.
    here: bool,
    directory: PathText,
    /// None for a sandbox.
    name: Option<String>,
    image: PathText,
    engine: Engine,
    state: Condition,
}

/// What became of it.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Condition {
    Running,
    Stopped,
    /// A sandbox, which nothing has to start.
    Ready,
    Gone,
    /// The state came with a copy of a directory: the container is that one's.
    Copy,
    /// The engine is not here, or does not answer.
    Unknown,
}

impl Condition {
    fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Ready => "ready",
            Self::Gone => "gone",
            Self::Copy => "copy",
            Self::Unknown => "unknown",
        }
    }
}

pub(super) fn run(context: &Context, arguments: &ContainerList) -> Result<()> {
    let here = context.host.cwd().ok().and_then(|cwd| state::nearest(&cwd));
    let mut dirs = known::all(&context.dirs);
    dirs.extend(here.clone());
    let rows: Vec<ContainerRow> =
        dirs.into_iter().filter_map(|dir| row(context, dir, here.as_deref())).collect();
    if arguments.json {
        return print_json(&rows);
    }
    if rows.is_empty() {
        context.ui.hint("no containers yet: `mlenv container setup IMAGE` makes one");
    }
    print_words(lines(&rows, context.host.columns))
}

/// What cannot be read is said, and does not hide the others.
fn row(context: &Context, dir: PathBuf, here: Option<&Path>) -> Option<ContainerRow> {
    let state = match ContainerState::read(&dir) {
        Ok(state) => state?,
        Err(error) => {
            context.ui.warn(error.to_string());
            return None;
        }
    };
    Some(ContainerRow {
        here: here == Some(&dir),
        state: condition(context, &dir, &state),
        name: state.name,
        image: state.image,
        engine: state.engine,
        directory: PathText(dir),
    })
}

fn condition(context: &Context, dir: &Path, state: &ContainerState) -> Condition {
    if state.original(dir).is_some() {
        return Condition::Copy;
    }
    if let Some(sandbox) = state.sandbox(dir) {
        return if state.has_its_image(&sandbox) { Condition::Ready } else { Condition::Gone };
    }
    let runner = Runner::known(context.host, context.ui, state.engine, state.powers);
    match runner.and_then(|runner| runner.look(state.handle())) {
        Ok(None) => Condition::Gone,
        Ok(Some(facts)) => match facts.pointer("/State/Running").and_then(Value::as_bool) {
            Some(true) => Condition::Running,
            Some(false) => Condition::Stopped,
            None => Condition::Unknown,
        },
        Err(_) => Condition::Unknown,
    }
}

fn lines(rows: &[ContainerRow], columns: Option<usize>) -> String {
    let rows: Vec<(bool, Vec<String>)> = rows
        .iter()
        .map(|row| {
            let cells = vec![
                row.name.as_deref().map_or_else(|| "-".to_owned(), shown),
                row.engine.name().to_owned(),
                row.state.word().to_owned(),
                Shown(&row.image.0).to_string(),
                Shown(&row.directory.0).to_string(),
            ];
            (row.here, cells)
        })
        .collect();
    table(&["NAME", "ENGINE", "STATE", "IMAGE", "DIRECTORY"], &rows, columns)
}
