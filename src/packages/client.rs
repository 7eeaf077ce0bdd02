//! Finds the tools: a conda client, uv.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::config::{Config, Dirs};
use crate::env::content::BASE_LINK;
use crate::error::{Error, Result};
use crate::foreign;
use crate::host::Host;
use crate::plan::Vars;
use crate::text::Shown;

/// Clients by preference: the first starts quickest.
const CLIENTS: [&str; 3] = ["micromamba", "mamba", "conda"];

/// Settings by which pip takes packages from elsewhere than uv would.
const INDEXES: [&str; 5] =
    ["PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX", "PIP_CONFIG_FILE"];

/// Who sees to conda's packages.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// This client.
    Client(PathBuf),
    /// Nobody: a client should, and there is none.
    None,
    /// mlenv itself.
    #[cfg(feature = "conda")]
    Own,
}

/// The word for whichever client is found.
const AUTO: &str = "auto";

/// Who sees to conda's packages in the env at `env`: the client that is named, on the command line or in the settings,
/// else mlenv.
pub(crate) fn chosen(
    host: &Host,
    dirs: &Dirs,
    (vars, env): (&Vars, &Path),
    named: Option<&OsStr>,
) -> Result<Choice> {
    let set = if named.is_none() { Config::load(dirs)?.client } else { None };
    let word = named.map(PathBuf::from).or(set.map(|client| client.0));
    let Some(word) = word.or_else(without_solver) else {
        #[cfg(feature = "conda")]
        return Ok(Choice::Own);
        #[cfg(not(feature = "conda"))]
        return Ok(Choice::None);
    };
    if word.as_os_str() == AUTO {
        return Ok(conda(host, vars, env).map_or(Choice::None, Choice::Client));
    }
    let is_name = word.components().count() == 1 && word.is_relative();
    let places = if is_name { candidates(host, vars, env) } else { vec![host.absolute(&word)?] };
    let fits = |path: &&PathBuf| !is_name || path.file_name() == Some(word.as_os_str());
    let found = places.iter().filter(fits).find(|path| is_program(path)).cloned();
    let found = found.or_else(|| host.find_program(word.to_str().filter(|_| is_name)?));
    found.map(Choice::Client).ok_or_else(|| {
        Error::new(format!("there is no conda client {}", Shown(&word)))
            .hint("--client and `client` in config.toml take a program's path or name, or `auto`")
    })
}

/// Without a solver of its own mlenv takes whichever client is found.
fn without_solver() -> Option<PathBuf> {
    (!cfg!(feature = "conda")).then(|| PathBuf::from(AUTO))
}

/// A conda client for the env at `env`: the one that `MAMBA_EXE` names (the user's, or the image's, as an activation
/// sets it), else `CONDA_EXE`, else one of the base, else one on PATH. Never one in the env itself: it would take the
/// env for its own installation.
fn conda(host: &Host, vars: &Vars, env: &Path) -> Option<PathBuf> {
    let is_elsewhere = |path: &PathBuf| !path.starts_with(env.join("bin"));
    candidates(host, vars, env).into_iter().find(|path| is_program(path) && is_elsewhere(path))
}

fn candidates(host: &Host, vars: &Vars, env: &Path) -> Vec<PathBuf> {
    let named = |name: &str| host.path_var(name);
    let activated = vars.get(OsStr::new("MAMBA_EXE")).map(PathBuf::from);
    let base = env.join(BASE_LINK);
    let of_base = ["bin", "condabin"].into_iter().flat_map(|dir| {
        let base = &base;
        CLIENTS.iter().map(move |name| base.join(dir).join(name))
    });
    let on_path = CLIENTS.iter().flat_map(|name| host.programs(name));
    let told = [named("MAMBA_EXE"), activated, named("CONDA_EXE")].into_iter().flatten();
    told.chain(of_base).chain(on_path).collect()
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

/// The files that pip reads its settings from.
pub(crate) fn settings_of_pip(host: &Host, env: &Path) -> Vec<PathBuf> {
    let home = host.home().unwrap_or_default();
    let config = host.path_var("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config"));
    vec![
        PathBuf::from("/etc/pip.conf"),
        PathBuf::from("/etc/xdg/pip/pip.conf"),
        home.join(".pip/pip.conf"),
        config.join("pip/pip.conf"),
        env.join("pip.conf"),
    ]
}

/// True where one of pip's settings files names another index.
fn has_own_index(host: &Host, env: &Path) -> bool {
    let words = ["index", "find-links", "find_links"];
    settings_of_pip(host, env).iter().any(|file| {
        foreign::read_text(file, foreign::FileKind::Settings)
            .is_ok_and(|text| words.iter().any(|word| text.to_lowercase().contains(word)))
    })
}

fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}
