//! Packages' scripts in `etc/conda/activate.d` and `deactivate.d`.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use nix::sys::statvfs::{FsFlags, statvfs};

use crate::activation::prefix::ActivePrefix;
use crate::foreign;
use crate::ownership::Judge;
use crate::plan::Script;
use crate::plan::session::Session;
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
pub(super) fn of_layers(ground: &ActivePrefix, dialect: Dialect) -> Scripts {
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

/// Takes out of `session` the scripts that somebody else may have put there, and tells how many those were.
///
/// The session is an inherited variable: its text proves nothing. What it names is sourced only where file and
/// directory belong to the user or to root, or lie on a file system that nobody can write here, such as CVMFS. That a
/// group can write them is not asked about: the user entered an env that is shared.
pub(crate) fn disown_foreign(session: &mut Session) -> usize {
    let before = session.scripts.len();
    let judge = Judge::new();
    let is_ours = |path: &Path| judge.is_from_own(path) || is_read_only(path);
    session.scripts.retain(|script| {
        !script.exists() || (is_ours(script) && script.parent().is_some_and(is_ours))
    });
    before - session.scripts.len()
}

fn is_read_only(path: &Path) -> bool {
    statvfs(path).is_ok_and(|system| system.flags().contains(FsFlags::ST_RDONLY))
}

fn all(ground: &ActivePrefix, directory: &str) -> BTreeMap<OsString, Script> {
    let mut found = BTreeMap::new();
    for layer in ground.layers() {
        let Ok(entries) = layer.join("etc/conda").join(directory).read_dir() else { continue };
        // A shell would wait for what comes out of a pipe, and take a device for text.
        let files = entries.flatten().filter(|entry| entry.path().is_file());
        for entry in files.filter(|entry| !sets_python_path(&entry.path())) {
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
        && foreign::read_text(script, foreign::FileKind::Script)
            .is_ok_and(|text| text.contains("PYTHONPATH"))
}
