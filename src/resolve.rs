//! What the user means: which base, which env. Reads files and the host; decides; prints nothing.

pub(crate) mod with_python;

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::base::{Base, Python, known};
use crate::config::{self, Config, Dirs};
use crate::env::absent;
use crate::env::record::{self, Record};
use crate::error::{Error, Result};
use crate::host::Host;
use crate::image::Catalogue;
use crate::text::Shown;

/// Where the choice of a base came from; `create` says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ChosenBy {
    /// `NamedBase` on the command line.
    Argument,
    /// `$MLENV_BASE`.
    Variable,
    /// `base` in config.toml.
    Config,
    /// The active prefix, or what the active env stands on.
    Active(PathBuf),
    /// The `python3` on PATH.
    Program(PathBuf),
    /// It has the wanted Python.
    Found,
}

impl fmt::Display for ChosenBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument => write!(f, "as named"),
            Self::Variable => write!(f, "from ${}", config::BASE),
            Self::Config => write!(f, "from config.toml"),
            Self::Active(prefix) => write!(f, "from the active {}", Shown(prefix)),
            Self::Program(path) => write!(f, "from {} on PATH", Shown(path)),
            Self::Found => write!(f, "found, as it has the wanted Python"),
        }
    }
}

/// A base, chosen.
pub(crate) struct Choice {
    /// The base, looked at.
    pub(crate) base: Base,
    /// The known name it was asked for by.
    pub(crate) name: Option<String>,
    /// Why this one.
    pub(crate) source: ChosenBy,
}

/// Chooses the base: `asked`, `$MLENV_BASE`, the configuration, what is active, `python3` on PATH.
pub(crate) fn base(host: &Host, dirs: &Dirs, asked: Option<&OsStr>) -> Result<Choice> {
    if let Some(asked) = asked {
        return named(host, dirs, asked, ChosenBy::Argument);
    }
    if let Some(value) = host.var(config::BASE) {
        return named(host, dirs, value, ChosenBy::Variable)
            .map_err(|error| error.during(format_args!("${}", config::BASE)));
    }
    if let Some(value) = Config::load(dirs)?.base {
        return named(host, dirs, value.0.as_os_str(), ChosenBy::Config);
    }
    for variable in ["VIRTUAL_ENV", "CONDA_PREFIX"] {
        if let Some(prefix) = host.path_var(variable).filter(|prefix| prefix.is_dir()) {
            let name = name_of_base(&prefix);
            let choice = open(&prefix, dirs, ChosenBy::Active(prefix.clone()))?;
            return Ok(Choice { name, ..choice });
        }
    }
    let program = host.find_program("python3").ok_or_else(|| {
        Error::new("no base was named, and there is no python3 on PATH")
            .hint("name one with --base, or set MLENV_BASE; `mlenv base list` shows the known ones")
    })?;
    let prefix = Python::prefix_of(&program)?;
    open(&prefix, dirs, ChosenBy::Program(program))
}

/// The name that an env's base was asked for by: an env that is made on the same base tells by it when the name comes to
/// mean another one.
fn name_of_base(env: &Path) -> Option<String> {
    Record::read(env).ok().flatten()?.base.name
}

/// What a word leads to.
pub(crate) struct NamedBase {
    /// The path to be looked at.
    pub(crate) path: PathBuf,
    /// The name that it has, where the word was one.
    name: Option<String>,
}

/// Where a word leads that means a base, whatever verb it was given to: to a known base by name, to a path, or last to
/// an image of the catalogue. `None` where it is not a path and means nothing.
pub(crate) fn path(host: &Host, dirs: &Dirs, word: &OsStr) -> Result<Option<NamedBase>> {
    let path = host.absolute(Path::new(word))?;
    if word.as_bytes().contains(&b'/') || word == "." || word == ".." {
        return Ok(Some(NamedBase { path, name: None }));
    }
    let known = word.to_str().map(|name| Ok::<_, Error>(known::all(dirs)?.remove(name)));
    if let Some((entry, _)) = known.transpose()?.flatten() {
        let name = word.to_str().map(str::to_owned);
        return Ok(Some(NamedBase { path: entry.path.0, name }));
    }
    if path.exists() {
        return Ok(Some(NamedBase { path, name: None }));
    }
    let image = image(&Catalogue::load(dirs)?, word)?;
    Ok(image.map(|image| NamedBase { path: image.directory, name: Some(image.name) }))
}

fn named(host: &Host, dirs: &Dirs, word: &OsStr, source: ChosenBy) -> Result<Choice> {
    if let Some(NamedBase { path, name }) = path(host, dirs, word)? {
        return Ok(Choice { base: at(&path, dirs)?, name, source });
    }
    let names = known::all(dirs)?;
    let names: Vec<&str> = names.keys().map(String::as_str).collect();
    let catalogue = Catalogue::load(dirs)?;
    Err(unknown(word, &names, word.to_str().and_then(|word| catalogue.near_here(word))))
}

/// An image of the catalogue that this machine sees as a directory.
struct ImageHere {
    /// Its whole name.
    name: String,
    /// Where it is.
    directory: PathBuf,
}

/// Finds the image that `word` names, if it names one; one that is nowhere here is refused.
fn image(catalogue: &Catalogue, word: &OsStr) -> Result<Option<ImageHere>> {
    let Some(word) = word.to_str() else { return Ok(None) };
    let Some(image) = catalogue.named(word)? else { return Ok(None) };
    let name = image.title();
    match image.here() {
        Some(directory) => Ok(Some(ImageHere { name, directory: directory.to_owned() })),
        None => {
            Err(Error::no(format!("the image {name} is not here as a directory")).hint(match image
                .directories
                .first()
            {
                Some(place) => {
                    format!("it would be {}: is that file system mounted?", Shown(place))
                }
                None => "the catalogue names no directory for it".to_owned(),
            }))
        }
    }
}

fn open(path: &Path, dirs: &Dirs, source: ChosenBy) -> Result<Choice> {
    Ok(Choice { base: at(path, dirs)?, name: None, source })
}

/// The base that `path` means, whoever named it: an image's, a prefix, or what an env or a venv there stands on.
pub(crate) fn at(path: &Path, dirs: &Dirs) -> Result<Base> {
    Base::open(&below(path)?, &dirs.cache)
}

/// What stands below a prefix that is itself an environment: an env's base, a venv's Python. Anything else
/// stands by itself.
fn below(prefix: &Path) -> Result<PathBuf> {
    if let Ok(Some(record)) = Record::read(prefix) {
        let by_name = record.base.path.0;
        return Ok(if by_name.is_dir() { by_name } else { record.base.prefix.0 });
    }
    if prefix.join("pyvenv.cfg").is_file() && !prefix.join("conda-meta").is_dir() {
        return Python::prefix_of(&prefix.join("bin/python3"));
    }
    Ok(prefix.to_owned())
}

fn unknown(word: &OsStr, names: &[&str], image: Option<&str>) -> Error {
    let error = Error::no(format!(
        "there is no known base and no directory called {}",
        Shown(Path::new(word))
    ));
    let near = word.to_str().and_then(|word| names.iter().find(|name| near(name, word)));
    match (near.copied().or(image), names.is_empty()) {
        (Some(name), _) => error.hint(format!("did you mean {name}?")),
        (None, false) => error.hint(format!("the known bases are: {}", names.join(", "))),
        (None, true) => error
            .hint("name a directory, or make a base known with `mlenv base add DIR --name NAME`"),
    }
}

/// Alike but for case, or one the beginning of the other.
fn near(name: &str, word: &str) -> bool {
    let (name, word) = (name.to_lowercase(), word.to_lowercase());
    name.starts_with(&word) || word.starts_with(&name)
}

/// Where the name or path of an env's base leads today, if that is elsewhere than where the env stands: a tag that
/// moved to a new image, a name that was given to another base. `mlenv rebase --update` follows.
pub(crate) fn update(record: &Record, dirs: &Dirs) -> Option<PathBuf> {
    let by_name = record.base.name.as_ref();
    let by_name = by_name.and_then(|name| Some(known::all(dirs).ok()?.remove(name)?.0.path.0));
    let path = by_name.as_ref().unwrap_or(&record.base.path.0);
    let now = crate::base::place::of(path).ok()?.prefix.canonicalize().ok()?;
    (now != record.base.prefix.0).then_some(now)
}

/// The path of a new env by name.
pub(crate) fn new_by_name(dirs: &Dirs, name: &OsStr) -> Result<PathBuf> {
    if name.as_bytes().contains(&b'/')
        || matches!(name.as_bytes(), b"." | b"..")
        || name.as_bytes().starts_with(b"-")
    {
        return Err(Error::new(format!("{} cannot be an env's name", Shown(Path::new(name))))
            .hint("a name is one word without `/`; for a directory use -p"));
    }
    Ok(dirs.envs.join(name))
}

/// An env that is there, and its record.
pub(crate) struct Env {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// What it is.
    pub(crate) record: Record,
}

/// Finds the env that `word` means: a directory, or a name; without a word the active one.
pub(crate) fn env(host: &Host, dirs: &Dirs, word: Option<&OsStr>) -> Result<Env> {
    let Some(word) = word else { return active_env(host) };
    if let Some(path) = find_env(host, dirs, word)?
        && let Some(env) = env_at(&path)?
    {
        return Ok(env);
    }
    let path = host.absolute(Path::new(word))?;
    Err(absent::refusal(&path))
}

/// The env at the path `word`, or, where that is a bare word, by that name; both at once are refused. Its record
/// is not read yet: whoever activates does that once.
pub(crate) fn find_env(host: &Host, dirs: &Dirs, word: &OsStr) -> Result<Option<PathBuf>> {
    let is_env = |path: &PathBuf| record::is_env(path);
    let by_path = host.absolute(Path::new(word))?;
    let by_name = dirs.envs.join(word);
    if let Some(denied) = absent::denied(&by_path) {
        return Err(denied);
    }
    let is_path = word.as_bytes().contains(&b'/') || matches!(word.as_bytes(), b"." | b"..");
    let named = Some(by_name).filter(|by_name| !is_path && *by_name != by_path && is_env(by_name));
    match (Some(by_path).filter(is_env), named) {
        (Some(here), Some(named)) => {
            let (word, here, named) = (Shown(Path::new(word)), Shown(&here), Shown(&named));
            Err(Error::new(format!("{word} means two envs: {here} and {named}"))
                .hint(format!("say ./{word} or {named}")))
        }
        (here, named) => Ok(here.or(named)),
    }
}

fn env_at(path: &Path) -> Result<Option<Env>> {
    Ok(Record::read(path)?.map(|record| Env { path: path.to_owned(), record }))
}

fn active_env(host: &Host) -> Result<Env> {
    for variable in ["VIRTUAL_ENV", "CONDA_PREFIX"] {
        if let Some(prefix) = host.path_var(variable)
            && let Some(env) = env_at(&prefix)?
        {
            return Ok(env);
        }
    }
    Err(Error::no("no env of mlenv is active").hint("name one: `mlenv list` shows your envs"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_envs_are_single_words() {
        let host = Host::fake(&[("HOME", "/h"), (config::ENVS, "/envs")], Path::new("/"));
        let dirs = Dirs::new(&host);
        assert_eq!(new_by_name(&dirs, OsStr::new("a b")).unwrap(), Path::new("/envs/a b"));
        for bad in ["../x", ".", "..", "-x", "/x"] {
            assert!(new_by_name(&dirs, OsStr::new(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_near_name_is_offered() {
        let error = unknown(OsStr::new("ML"), &["ml-base", "tf"], Some("ml-x"));
        assert_eq!(error.cure(), Some("did you mean ml-base?"));
    }
}
