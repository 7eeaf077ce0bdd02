//! What killed setups and updates left of a directory's container: containers or sandboxes that the directory's state
//! does not name, though they carry its id. The caller has the directory's lock.

use std::path::Path;

use super::runner::Runner;
use super::sandbox;
use crate::container::id;
use crate::container::state::State;
use crate::container::store;
use crate::fs;

/// Removes it. What cannot be removed now is found again.
pub(super) fn sweep(dir: &Path, runner: &Runner, state: Option<&State>) {
    if runner.has_store() {
        containers(dir, runner, state);
    } else {
        sandboxes(dir, state);
    }
}

/// Those that never became the directory's, by their names, and those that were it before, by its id.
fn containers(dir: &Path, runner: &Runner, state: Option<&State>) {
    let ask = |label: &str, value: &str| {
        let listed = runner.ask(&store::list(runner.engine, label, value)).unwrap_or_default();
        let lines = listed.lines().filter_map(|line| line.split_once(' '));
        lines.map(|(id, name)| (id.to_owned(), name.to_owned())).collect::<Vec<_>>()
    };
    let mut found = ask(store::LABEL_PLACE, &id::of_place(dir));
    found.retain(|(_, name)| name.starts_with(id::UNFINISHED));
    if let Some(state) = state {
        found.extend(ask(store::LABEL_ID, &state.id));
    }
    let current = state.and_then(|state| state.container.as_deref());
    for (container, _) in found.iter().filter(|(id, _)| Some(id.as_str()) != current) {
        let _ = runner.ask(&store::remove(runner.engine, container));
    }
}

fn sandboxes(dir: &Path, state: Option<&State>) {
    let current = state.and_then(|state| state.sandbox(dir));
    for path in id::sandboxes(&dir.join(sandbox::DIR), state.map(|state| state.id.as_str())) {
        if Some(&path) != current.as_ref() {
            let _ = fs::remove_tree(&path);
        }
    }
}
