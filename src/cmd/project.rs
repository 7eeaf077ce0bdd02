//! What `create` takes for granted in a project: where its env goes, and which of its files says what is wanted.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::cli::NewPlace;
use crate::consent::Store;
use crate::consent::marker::{self, Marker};
use crate::context::Context;
use crate::env::record::is_env;
use crate::error::{Attempt, Error, Result};
use crate::foreign::{self, FileKind};
use crate::fs;
use crate::hint::command;
use crate::host::same_place;
use crate::packages::fulfil::short;
use crate::packages::project::kind::{RANKS, UNREAD, is_export};
use crate::resolve;
use crate::text::Shown;
use crate::ui::{Ui, Unsaid};

/// The name that editors and other tools look for.
const VENV: &str = ".venv";

/// Where a new env goes.
pub(super) struct Spot {
    /// Its place.
    pub(super) env: PathBuf,
    /// The directory that gets the marker; none where the one we are in is gone.
    pub(super) dir: Option<PathBuf>,
    /// True where no place was named: it is the project's own env.
    pub(super) is_project: bool,
}

/// Where a new env goes: as named, else where the project has its env.
pub(super) fn spot(context: &Context, place: &NewPlace) -> Result<Spot> {
    let env = match (place.prefix.as_ref().or(place.dir.as_ref()), &place.name) {
        (Some(path), _) => context.host.absolute(path)?,
        (None, Some(name)) => resolve::new_by_name(&context.dirs, name)?,
        (None, None) => return of_project(context),
    };
    Ok(Spot { env, dir: context.host.cwd().ok(), is_project: false })
}

/// The directory of the project that we are in: that of the nearest marker, else this one.
pub(super) fn here(context: &Context) -> Result<PathBuf> {
    let cwd = context.host.cwd()?;
    Ok(nearest(context, &cwd).unwrap_or(cwd))
}

/// True where a marker speaks for this directory.
pub(super) fn has_marker(context: &Context) -> Result<bool> {
    Ok(nearest(context, &context.host.cwd()?).is_some())
}

fn nearest(context: &Context, cwd: &Path) -> Option<PathBuf> {
    marker::nearest(cwd, marker::ceiling(context.host).as_deref())
}

/// What the nearest marker names, where it counts, else `.venv` here.
fn of_project(context: &Context) -> Result<Spot> {
    let cwd = context.host.cwd()?;
    let (env, dir) = match named(context, &cwd)? {
        Some(found) => found,
        None => (cwd.join(VENV), cwd),
    };
    refuse(context, &dir)?;
    if !is_env(&env) && is_filled(&env) {
        return Err(Error::new(format!(
            "{} is not an env of mlenv, and stays as it is",
            Shown(&env)
        ))
        .hint("`mlenv create myEnv` makes one beside it"));
    }
    Ok(Spot { env, dir: Some(dir), is_project: true })
}

fn is_filled(path: &Path) -> bool {
    let entries = path.read_dir();
    entries.map_or(path.symlink_metadata().is_ok(), |mut entries| entries.next().is_some())
}

/// The env that a marker names, and the marker's directory: a trusted one here or above, or one in this directory that
/// names a path inside it.
fn named(context: &Context, cwd: &Path) -> Result<Option<(PathBuf, PathBuf)>> {
    let Some(dir) = nearest(context, cwd) else { return Ok(None) };
    let Some(marker) = Marker::read(&dir)? else { return Ok(None) };
    let env = marker.env(&context.dirs.envs);
    if Store::new(&context.dirs).allowed_env(&marker).is_some() {
        return Ok(Some((env, dir)));
    }
    let has_way_back = env.components().any(|part| part.as_os_str() == "..");
    let is_inside = env.starts_with(marker.dir()) && env != marker.dir() && !has_way_back;
    if is_inside && same_place(&dir, cwd) {
        return Ok(Some((env, dir)));
    }
    context.ui.say(format!("{} is not trusted, and does not count", Shown(&marker.path)));
    Ok(None)
}

/// Directories that are nobody's project.
fn refuse(context: &Context, dir: &Path) -> Result<()> {
    let refused = |what: &str| {
        Err(Error::new(format!("no env was named, and {} is {what}", Shown(dir)))
            .hint("go into a project, or say where: `mlenv create -p DIR` or `-n NAME`"))
    };
    let real = dir.canonicalize().attempt("find", dir)?;
    let home = context.host.home().ok();
    if home.is_some_and(|home| same_place(&home, &real)) {
        return refused("your home directory");
    }
    if real == Path::new("/") {
        return refused("the root of the file system");
    }
    if real.metadata().attempt("read", dir)?.permissions().mode() & 0o1000 != 0 {
        return refused("a directory that everybody shares");
    }
    if real.ancestors().any(is_env) {
        return refused("inside an env");
    }
    Ok(())
}

/// Where other tools keep a project's envs, a line each, the one that is meant last (PEP 832, a draft).
const LISTED: &str = ".python-envs";

/// Puts the env into the project's list of envs, where there is one.
pub(super) fn list_env(context: &Context, spot: &Spot) {
    let Some(dir) = &spot.dir else { return };
    let file = dir.join(LISTED);
    let Ok(text) = foreign::read_text(&file, FileKind::Note) else { return };
    let env = spot.env.strip_prefix(dir).unwrap_or(&spot.env);
    let Some(line) = env.to_str() else { return };
    if text.lines().next_back() == Some(line) {
        return;
    }
    let others = text.lines().filter(|other| *other != line);
    let text = others.chain([line]).fold(String::new(), |text, line| text + line + "\n");
    let told = Shown(&file);
    match fs::write_atomic(&file, text.as_bytes()) {
        Ok(()) => context.ui.say(format!("put the env into {told}")),
        Err(cause) => context.ui.warn(format!("could not put the env into {told}: {cause}")),
    }
}

/// Refuses where the project has its env.
pub(super) fn check_new(spot: &Spot) -> Result<()> {
    if !spot.is_project || !is_env(&spot.env) {
        return Ok(());
    }
    Err(Error::no(format!("{} is already there", Shown(&spot.env))).hint(format!(
        "{} brings it to what the project's file asks for; after {} it can be made anew",
        command("mlenv sync -p {}", &[&spot.env]),
        command("mlenv remove {}", &[&spot.env])
    )))
}

/// All files of the project in `dir` that say what is wanted, the first rank first.
pub(super) fn candidates(dir: &Path) -> Vec<PathBuf> {
    ranked(dir).into_iter().flatten().collect()
}

fn ranked(dir: &Path) -> Vec<Vec<PathBuf>> {
    let mut ranks = vec![exports(dir)];
    for names in RANKS {
        ranks.push(names.iter().map(|name| dir.join(name)).filter(|path| counts(path)).collect());
    }
    ranks
}

/// The file of the project in `dir` that says what is wanted; which one, and what else is there, is said.
pub(super) fn file(context: &Context, dir: &Path) -> Result<Option<PathBuf>> {
    let mut ranks = ranked(dir).into_iter().filter(|files| !files.is_empty());
    let Some(first) = ranks.next() else {
        context.ui.say(format!("{} has no file that says what it needs: a bare env", Shown(dir)));
        return Ok(None);
    };
    let chosen = one_of(context, first)?;
    context.ui.say(format!("{} says what is wanted", Shown(&chosen)));
    let unread = UNREAD.iter().map(|name| dir.join(name)).filter(|path| path.is_file());
    let others: Vec<String> = ranks.flatten().chain(unread).map(|path| short(&path)).collect();
    if !others.is_empty() {
        context.ui.say(format!("not read: {}", others.join(", ")));
    }
    Ok(Some(chosen))
}

/// Files of exports, whatever their name.
fn exports(dir: &Path) -> Vec<PathBuf> {
    let entries = dir.read_dir().into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    let mut found: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .filter(|path| foreign::head(path, 64).is_ok_and(|head| is_export(&head)))
        .collect();
    found.sort();
    found
}

/// A `pyproject.toml` may hold nothing but settings of tools.
fn counts(path: &Path) -> bool {
    if !path.is_file() || path.file_name().is_none_or(|name| name != "pyproject.toml") {
        return path.is_file();
    }
    let text = foreign::read(path, FileKind::PackageData).unwrap_or_default();
    text.split(|byte| *byte == b'\n').any(|line| line.trim_ascii_start().starts_with(b"[project"))
}

fn one_of(context: &Context, files: Vec<PathBuf>) -> Result<PathBuf> {
    let names: Vec<String> = files.iter().map(|path| short(path)).collect();
    let last = files.len() - 1;
    for (at, file) in files.into_iter().enumerate() {
        if last == 0 {
            return Ok(file);
        }
        if context.host.answers && Ui::ask(&format!("take {}?", names[at]), Unsaid::No) {
            return Ok(file);
        }
    }
    Err(Error::new(format!("several files say what is wanted: {}", names.join(", ")))
        .hint("choose one with -f FILE"))
}
