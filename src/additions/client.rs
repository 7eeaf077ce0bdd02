//! Finds the tools: a conda client, uv.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::host::Host;
use crate::overlay::plan::BASE_LINK;
use crate::plan::Vars;

/// Clients by preference: the first starts quickest.
const CLIENTS: [&str; 3] = ["micromamba", "mamba", "conda"];

/// Settings by which pip takes packages from elsewhere than uv would.
const INDEXES: [&str; 5] =
    ["PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX", "PIP_CONFIG_FILE"];

/// A conda client for the env at `env`: the one that `MAMBA_EXE` names (the user's, or the image's, as an activation
/// sets it), else `CONDA_EXE`, else one of the base, else one on PATH. Never one in the env itself: it would take the
/// env for its own installation.
pub(crate) fn conda(host: &Host, vars: &Vars, env: &Path) -> Option<PathBuf> {
    let named = |name: &str| host.path_var(name);
    let activated = vars.get(OsStr::new("MAMBA_EXE")).map(PathBuf::from);
    let base = env.join(BASE_LINK);
    let of_base = ["bin", "condabin"].into_iter().flat_map(|dir| {
        let base = &base;
        CLIENTS.iter().map(move |name| base.join(dir).join(name))
    });
    let on_path = CLIENTS.iter().flat_map(|name| host.programs(name));
    let candidates = [named("MAMBA_EXE"), activated, named("CONDA_EXE")].into_iter().flatten();
    candidates
        .chain(of_base)
        .chain(on_path)
        .find(|path| is_program(path) && !path.starts_with(env.join("bin")))
}

/// uv, where it would take packages from the same place as pip.
pub(crate) fn uv(host: &Host, vars: &Vars, env: &Path) -> Option<PathBuf> {
    if INDEXES.iter().any(|name| host.var(name).is_some()) || has_own_index(host, env) {
        return None;
    }
    let of_base = env.join(BASE_LINK).join("bin/uv");
    let named = vars.get(OsStr::new("UV")).map(PathBuf::from); // as uv tells its children
    named.into_iter().chain(host.programs("uv")).chain([of_base]).find(|path| is_program(path))
}

/// True where one of pip's settings files names another index.
fn has_own_index(host: &Host, env: &Path) -> bool {
    let home = host.home().unwrap_or_default();
    let config = host.path_var("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config"));
    let files = [
        PathBuf::from("/etc/pip.conf"),
        PathBuf::from("/etc/xdg/pip/pip.conf"),
        home.join(".pip/pip.conf"),
        config.join("pip/pip.conf"),
        env.join("pip.conf"),
    ];
    let words = ["index", "find-links", "find_links"];
    files.iter().any(|file| {
        std::fs::read_to_string(file)
            .is_ok_and(|text| words.iter().any(|word| text.to_lowercase().contains(word)))
    })
}

fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}
