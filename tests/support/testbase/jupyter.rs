//! The base with Jupyter's kernel and client in it, from a package index. Made once, as the base itself.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::{MAKING, aside, base, put};
use crate::support::machine;
use crate::support::sandbox::Sandbox;

/// Its prefix; `None`, with the reason printed, where no package index can be reached.
pub(crate) fn with_ipykernel() -> Option<&'static Path> {
    static PREFIX: OnceLock<Option<PathBuf>> = OnceLock::new();
    PREFIX.get_or_init(make).as_deref()
}

fn make() -> Option<PathBuf> {
    let prefix = base()
        .prefix
        .with_file_name(format!("jupyter-{}", base().prefix.file_name()?.to_string_lossy()));
    let _one_at_a_time = MAKING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if prefix.is_dir() {
        return Some(prefix);
    }
    let aside = aside(&prefix);
    base().twin(&aside);
    let sandbox = Sandbox::new();
    let words =
        ["-m", "pip", "install", "-q", "--no-warn-script-location", "ipykernel", "jupyter_client"];
    let told = sandbox.run(aside.join("bin/python3")).args(words).with_network().end();
    if !told.status.success() {
        std::fs::remove_dir_all(&aside).unwrap();
        machine::lacks(&format!("a package index with ipykernel and jupyter_client: {told}"));
        return None;
    }
    put(&aside, &prefix);
    Some(prefix)
}
