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
pub(super) fn sweep(dir: &Path, runner: &Runner, state: &State) {
    if runner.has_store() {
        containers(runner, state);
    } else {
        sandboxes(dir, state);
    }
}

fn containers(runner: &Runner, state: &State) {
    let (Some(current), Some(all)) = (
        state.container.as_deref(),
        runner.ask(&store::find(runner.engine, store::LABEL_ID, &state.id)),
    ) else {
        return;
    };
    for container in all.split_whitespace().filter(|container| *container != current) {
        let _ = runner.ask(&store::remove(runner.engine, container));
    }
}

fn sandboxes(dir: &Path, state: &State) {
    let current = state.sandbox(dir);
    for path in id::sandboxes(&dir.join(sandbox::DIR), &state.id) {
        if Some(&path) != current.as_ref() {
            let _ = fs::remove_tree(&path);
        }
    }
}
