//! What a user can set: variables, directories, the configuration files. One place for every name.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::{Attempt, Error, Result};
use crate::foreign;
use crate::fs;
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

/// Whether words on stderr may have colours: `NO_COLOR` (no-color.org) set to anything says no, `CLICOLOR_FORCE` to anything
/// but 0 yes; else a terminal has them, unless `CLICOLOR` is 0 or it is a dumb one.
pub(crate) fn colours(host: &Host) -> bool {
    let set = |name: &str| host.var(name).filter(|value| !value.is_empty());
    let is = |name: &str, value: &str| set(name).is_some_and(|there| there == value);
    if set("NO_COLOR").is_some() {
        return false;
    }
    if set("CLICOLOR_FORCE").is_some_and(|value| value != "0") {
        return true;
    }
    host.terminal && !is("CLICOLOR", "0") && !is("TERM", "dumb")
}

/// The four directories of the XDG base directory specification, each with `mlenv` at its end.
#[derive(Clone)]
pub(crate) struct Dirs {
    /// Envs made by name.
    pub(crate) envs: PathBuf,
    /// `config.toml` and `bases.toml` of the user.
    pub(crate) config: PathBuf,
    /// As above, of the site: `/etc/mlenv`.
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
    /// Reads `XDG_*_HOME`, `HOME` and `MLENV_ENVS`. A batch system may not set `HOME`: then it is what the user database
    /// says, and without that the scratch directory.
    pub(crate) fn new(host: &Host) -> Self {
        let home = || host.home().ok().or_else(Host::listed_home).unwrap_or_else(|| scratch(host));
        let under =
            |name: &str, fallback| host.path_var(name).unwrap_or_else(|| home().join(fallback));
        let data = under("XDG_DATA_HOME", ".local/share");
        Self {
            envs: host.path_var(ENVS).unwrap_or_else(|| data.join("mlenv/envs")),
            config: under("XDG_CONFIG_HOME", ".config").join("mlenv"),
            site: host.path_var(SITE).unwrap_or_else(|| PathBuf::from("/etc/mlenv")),
            state: under("XDG_STATE_HOME", ".local/state").join("mlenv"),
            cache: under("XDG_CACHE_HOME", ".cache").join("mlenv"),
            jupyter: host.path_var("JUPYTER_DATA_DIR").unwrap_or_else(|| data.join("jupyter")),
            scratch: scratch(host),
        }
    }
}

/// Named for the user: in `/tmp` it lies beside those of others.
fn scratch(host: &Host) -> PathBuf {
    let found = SCRATCH.iter().filter_map(|name| host.path_var(name)).find(|dir| dir.is_dir());
    let user = nix::unistd::geteuid();
    found.unwrap_or_else(|| PathBuf::from("/tmp")).join(format!("mlenv-{user}"))
}

/// The settings' file name.
const FILE: &str = "config.toml";

/// `config.toml`: the site's, overlaid by the user's.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Config {
    /// The default base: a path or a known name.
    pub(crate) base: Option<PathText>,
    /// Who sees to conda's packages in mlenv's place: a client's path or name, or `auto` for whichever is found.
    pub(crate) client: Option<PathText>,
    /// Packages that were published later do not count: a date, or how long ago.
    pub(crate) exclude_newer: Option<String>,
}

impl Config {
    /// Reads both files; a missing one is empty, an unreadable one an error.
    pub(crate) fn load(dirs: &Dirs) -> Result<Self> {
        let (site, user) = (Self::read(&dirs.site)?, Self::read(&dirs.config)?);
        Ok(Self {
            base: user.base.or(site.base),
            client: user.client.or(site.client),
            exclude_newer: user.exclude_newer.or(site.exclude_newer),
        })
    }
}

impl Config {
    /// The settings in one directory; empty where there is no file.
    pub(crate) fn read(dir: &Path) -> Result<Self> {
        Ok(read_toml(&dir.join(FILE))?.unwrap_or_default())
    }
}

/// Puts a setting into the user's own file, or takes it out; all other lines stay as they are. Returns the file.
pub(crate) fn set(dirs: &Dirs, key: &str, value: Option<&str>) -> Result<PathBuf> {
    let path = dirs.config.join(FILE);
    let text = match foreign::read_text(&path, foreign::FileKind::Settings) {
        Err(cause) if foreign::is_missing(&cause) => String::new(),
        other => other.attempt("read", &path)?,
    };
    Config::read(&dirs.config)?; // what is broken stays as it is
    let is_it = |line: &&str| line.split_once('=').is_some_and(|(name, _)| name.trim() == key);
    let mut lines: Vec<String> =
        text.lines().filter(|line| !is_it(line)).map(str::to_owned).collect();
    lines.extend(value.map(|value| format!("{key} = {}", toml::Value::from(value))));
    let text = lines.iter().fold(String::new(), |text, line| text + line + "\n");
    fs::make_dirs(&dirs.config, 0o700).attempt("make", &dirs.config)?;
    fs::write_atomic(&path, text.as_bytes()).attempt("write", &path)?;
    Ok(path)
}

/// Reads a TOML file into `T`; `None` where there is no such file.
pub(crate) fn read_toml<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<Option<T>> {
    let text = match foreign::read_text(path, foreign::FileKind::Settings) {
        Err(cause) if foreign::is_missing(&cause) => return Ok(None),
        other => other.attempt("read", path)?,
    };
    toml::from_str(&text).map(Some).map_err(|cause| {
        let (what, cure) = foreign::format::misread(&text, &cause);
        Error::new(format!("could not understand {}: {what}", Shown(path)))
            .hint(cure.unwrap_or_else(|| "mend that line, or move the file away".to_owned()))
    })
}

/// How many threads the user asks for, else the user's variable.
pub(crate) fn threads(host: &Host, asked: Option<u16>) -> Result<Option<u16>> {
    let Some(value) = host.var(THREADS).filter(|_| asked.is_none()) else { return Ok(asked) };
    let number = value.to_str().and_then(|value| value.parse().ok());
    number.filter(|number| (1..=256).contains(number)).map(Some).ok_or_else(|| {
        let value = Shown(Path::new(value));
        Error::new(format!("{THREADS} is {value}, and not a number from 1 to 256"))
            .hint(format!("set it to one, or `unset {THREADS}`"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xdg_variables_win_over_home() {
        let host = Host::fake(&[("HOME", "/h"), ("XDG_CACHE_HOME", "/c")], Path::new("/"));
        let dirs = Dirs::new(&host);
        assert_eq!(dirs.cache, Path::new("/c/mlenv"));
        assert_eq!(dirs.envs, Path::new("/h/.local/share/mlenv/envs"));
    }
}
