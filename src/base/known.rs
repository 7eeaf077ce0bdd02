//! Bases with names: `bases.toml` of the user and of the site.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::config::{Dirs, read_toml};
use crate::error::{Attempt, Error, Result};
use crate::fs;
use crate::text::{PathText, Shown};

/// A known base.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KnownBase {
    /// The path as it was named.
    pub(crate) path: PathText,
}

/// Who named it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Owner {
    /// The user's own file; it wins.
    User,
    /// The site's file.
    Site,
}

/// Names and what they stand for.
pub(crate) type Names = BTreeMap<String, KnownBase>;

/// Reads both files, the user's names in front of the site's.
pub(crate) fn all(dirs: &Dirs) -> Result<BTreeMap<String, (KnownBase, Owner)>> {
    let site = read(&dirs.site)?.into_iter().map(|(name, entry)| (name, (entry, Owner::Site)));
    let user = read(&dirs.config)?.into_iter().map(|(name, entry)| (name, (entry, Owner::User)));
    Ok(site.chain(user).collect())
}

/// Gives `path` a name. Fails where the name stands for another path, unless `on_existing` says otherwise.
pub(crate) fn add(dirs: &Dirs, name: &str, path: &Path, on_existing: OnExisting) -> Result<()> {
    check_name(name)?;
    let mut names = read(&dirs.config)?;
    if let (Some(other), OnExisting::Fail) = (names.get(name), on_existing)
        && other.path.0 != path
    {
        return Err(Error::no(format!(
            "the name {name} already stands for {}",
            Shown(&other.path.0)
        ))
        .hint("choose another with --name, or give it to this base with --force"));
    }
    names.insert(name.to_owned(), KnownBase { path: PathText(path.to_owned()) });
    write(dirs, &names)
}

/// What happens to a name that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnExisting {
    /// Refuse.
    Fail,
    /// It stands for the new path from now on.
    Replace,
}

/// Forgets a name of the user's.
pub(crate) fn forget(dirs: &Dirs, name: &str) -> Result<()> {
    let mut names = read(&dirs.config)?;
    if names.remove(name).is_none() {
        return Err(Error::no(format!(
            "there is no base called {} in your list",
            crate::text::shown(name)
        ))
        .hint("`mlenv base list` shows the known bases"));
    }
    write(dirs, &names)
}

/// A name is a word that can be typed and can never be taken for a path.
pub(crate) fn check_name(name: &str) -> Result<()> {
    let fits = |character: char| {
        character.is_alphanumeric() || matches!(character, '.' | '_' | '-' | '+' | '@' | ':')
    };
    if name.chars().all(fits) && name.starts_with(char::is_alphanumeric) {
        return Ok(());
    }
    Err(Error::new(format!("\"{}\" cannot be a base's name", crate::text::shown(name)))
        .hint("use letters, digits and . _ - + @ : and begin with a letter or digit"))
}

fn file(dir: &Path) -> PathBuf {
    dir.join("bases.toml")
}

fn read(dir: &Path) -> Result<Names> {
    Ok(read_toml(&file(dir))?.unwrap_or_default())
}

fn write(dirs: &Dirs, names: &Names) -> Result<()> {
    let text = toml::to_string(names)
        .map_err(|cause| Error::new(format!("could not write the list of bases: {cause}")))?;
    fs::make_dirs(&dirs.config, 0o777).attempt("make", &dirs.config)?;
    fs::write_atomic(&file(&dirs.config), text.as_bytes()).attempt("write", &file(&dirs.config))
}
