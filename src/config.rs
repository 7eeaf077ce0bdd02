//! What a user can set: variables, directories, the configuration files. One place for every name.

use std::convert::Infallible;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::{Attempt, Error, Result};
use crate::host::Host;
use crate::text::{PathText, Shown};

/// The base that `create` takes when none is named: a path or a known name.
pub(crate) const BASE: &str = "MLENV_BASE";
/// Where `create -n NAME` puts envs.
pub(crate) const ENVS: &str = "MLENV_ENVS";
/// How many threads make links; a number from 1 to 256.
pub(crate) const THREADS: &str = "MLENV_THREADS";
/// Site configuration directory, in place of `/etc/mlenv`.
pub(crate) const SITE: &str = "MLENV_SITE";
/// The search for a marker ends at this directory, in place of `$HOME`.
pub(crate) const CEILING: &str = "MLENV_CEILING";

/// Set to anything: the hook does not say why a marker takes no effect.
pub(crate) const QUIET: &str = "MLENV_QUIET";
/// Set to `enter`: the hook enters an env that lives in a container instead of offering it.
pub(crate) const CONTAINER: &str = "MLENV_CONTAINER";
/// What a container that mlenv started knows of itself; set by mlenv, never by a user.
pub(crate) const LAUNCH: &str = "MLENV_LAUNCH";
/// Set to anything: the prompt does not show what is active.
pub(crate) const PROMPT_OFF: &str = "MLENV_DISABLE_PROMPT";

/// The four directories of the XDG base directory specification, each with `mlenv` at its end.
#[derive(Clone)]
pub(crate) struct Dirs {
    /// Envs made by name.
    pub(crate) envs: PathBuf,
    /// `config.toml` and `bases.toml` of the user.
    pub(crate) config: PathBuf,
    /// The same of the site: `/etc/mlenv`.
    pub(crate) site: PathBuf,
    /// What mlenv remembers: where envs are.
    pub(crate) state: PathBuf,
    /// Jupyter's own data directory, where the user's kernels are.
    pub(crate) jupyter: PathBuf,
    /// What can be made again: indexes, facts about bases.
    pub(crate) cache: PathBuf,
    /// For what has to be kept somewhere, where none of the others can be written to: it goes away with a job.
    pub(crate) scratch: PathBuf,
}

/// Directories that batch systems and login sessions make for one job or session; the first that is there.
const SCRATCH: [&str; 4] = ["_CONDOR_SCRATCH_DIR", "SLURM_TMPDIR", "XDG_RUNTIME_DIR", "TMPDIR"];

impl Dirs {
    /// Reads `XDG_*_HOME`, `HOME` and `MLENV_ENVS`; fails when `HOME` is needed and missing.
    pub(crate) fn new(host: &Host) -> Result<Self> {
        Self::in_home(host, || host.home())
    }

    /// The same for jobs, whose batch system may not set `HOME`: then it is what the user database says, and without
    /// that the scratch directory.
    pub(crate) fn for_jobs(host: &Host) -> Self {
        let home = || host.home().ok().or_else(Host::listed_home).unwrap_or_else(|| scratch(host));
        let Ok(dirs) = Self::in_home(host, || Ok::<_, Infallible>(home()));
        dirs
    }

    fn in_home<E>(
        host: &Host,
        home: impl Fn() -> std::result::Result<PathBuf, E>,
    ) -> std::result::Result<Self, E> {
        let under = |variable: &str, fallback: &str| {
            let root = match host.path_var(variable) {
                Some(root) => root,
                None => home()?.join(fallback),
            };
            Ok(root)
        };
        let data = under("XDG_DATA_HOME", ".local/share")?;
        Ok(Self {
            envs: host.path_var(ENVS).unwrap_or_else(|| data.join("mlenv/envs")),
            config: under("XDG_CONFIG_HOME", ".config")?.join("mlenv"),
            site: host.path_var(SITE).unwrap_or_else(|| PathBuf::from("/etc/mlenv")),
            state: under("XDG_STATE_HOME", ".local/state")?.join("mlenv"),
            cache: under("XDG_CACHE_HOME", ".cache")?.join("mlenv"),
            jupyter: host.path_var("JUPYTER_DATA_DIR").unwrap_or_else(|| data.join("jupyter")),
            scratch: scratch(host),
        })
    }
}

/// Named for the user: in `/tmp` it lies beside those of others.
fn scratch(host: &Host) -> PathBuf {
    let found = SCRATCH.iter().filter_map(|name| host.path_var(name)).find(|dir| dir.is_dir());
    let user = nix::unistd::geteuid();
    found.unwrap_or_else(|| PathBuf::from("/tmp")).join(format!("mlenv-{user}"))
}

/// `config.toml`: the site's, overlaid by the user's.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Config {
    /// The default base: a path or a known name.
    pub(crate) base: Option<PathText>,
}

impl Config {
    /// Reads both files; a missing one is empty, an unreadable one an error.
    pub(crate) fn load(dirs: &Dirs) -> Result<Self> {
        let site: Self = read_toml(&dirs.site.join("config.toml"))?.unwrap_or_default();
        let user: Self = read_toml(&dirs.config.join("config.toml"))?.unwrap_or_default();
        Ok(Self { base: user.base.or(site.base) })
    }
}

/// Reads a TOML file into `T`; `None` where there is no such file.
pub(crate) fn read_toml<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<Option<T>> {
    let text = match std::fs::read_to_string(path) {
        Err(cause) if matches!(cause.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        other => other.attempt("read", path)?,
    };
    toml::from_str(&text).map(Some).map_err(|cause| {
        Error::new(format!(
            "could not understand {}: {}",
            Shown(path),
            cause.to_string().trim_end()
        ))
        .hint("mend that line, or move the file away")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xdg_variables_win_over_home() {
        let host = Host::fake(&[("HOME", "/h"), ("XDG_CACHE_HOME", "/c")], Path::new("/"));
        let dirs = Dirs::new(&host).unwrap();
        assert_eq!(dirs.cache, Path::new("/c/mlenv"));
        assert_eq!(dirs.envs, Path::new("/h/.local/share/mlenv/envs"));
    }
}
