//! Packages' scripts in `etc/conda/activate.d` and `deactivate.d`.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::activation::ground::Ground;
use crate::plan::Script;
use crate::shell::Dialect;

/// What is to be sourced, and what this shell cannot source.
pub(super) struct Scripts {
    /// On entering, sorted by name.
    pub(super) enter: Vec<Script>,
    /// On leaving, in reverse.
    pub(super) leave: Vec<PathBuf>,
    /// `.sh` scripts of packages that ship nothing for this shell.
    pub(super) foreign: Vec<Script>,
}

/// The scripts of every layer. Of two with one name the upper layer's counts.
pub(super) fn of_layers(ground: &Ground, dialect: Dialect) -> Scripts {
    let suffix = dialect.script_suffix();
    let enter = all(ground, "activate.d");
    let leave = all(ground, "deactivate.d");
    let own = |name: &OsStr| Path::new(name).extension() == Some(OsStr::new(suffix));
    let is_foreign = |name: &OsStr| {
        let name = Path::new(name);
        suffix != "sh"
            && name.extension() == Some(OsStr::new("sh"))
            && !enter.contains_key(name.with_extension(suffix).as_os_str())
    };
    let of = |wanted: &dyn Fn(&OsStr) -> bool| {
        enter.iter().filter(|(name, _)| wanted(name)).map(|(_, script)| script.clone()).collect()
    };
    Scripts {
        enter: of(&own),
        leave: leave
            .iter()
            .rev()
            .filter(|(name, _)| own(name))
            .map(|(_, script)| script.path.clone())
            .collect(),
        foreign: of(&is_foreign),
    }
}

fn all(ground: &Ground, directory: &str) -> BTreeMap<OsString, Script> {
    let mut found = BTreeMap::new();
    for layer in ground.layers() {
        let Ok(entries) = layer.join("etc/conda").join(directory).read_dir() else { continue };
        for entry in entries.flatten().filter(|entry| !sets_python_path(&entry.path())) {
            let prefix = (layer != ground.prefix).then(|| layer.to_owned());
            found.insert(entry.file_name(), Script { path: entry.path(), prefix });
        }
    }
    found
}

/// Bases of the sourced scripts carry an `activate-python.sh` of their own making, which sets `PYTHONPATH` for
/// every Python that runs in the shell. `pyvenv.cfg` does that job for the env's own.
fn sets_python_path(script: &Path) -> bool {
    let name = script.file_name().unwrap_or_default();
    (name == "activate-python.sh" || name == "deactivate-python.sh")
        && std::fs::read_to_string(script).is_ok_and(|text| text.contains("PYTHONPATH"))
}
