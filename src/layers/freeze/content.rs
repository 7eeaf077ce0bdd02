//! An env laid out as it will be in an image: moved to its place there, with Python's files compiled for that place, and without
//! what is private.

use std::collections::{BTreeMap, HashSet};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use walkdir::WalkDir;

use super::{Wish, compile, records};
use crate::activation::variables;
use crate::base::{Base, Fingerprint, conda, contents, installed};
use crate::config::Dirs;
use crate::doctor::base_state;
use crate::env::content::BASE_LINK;
use crate::env::ignored;
use crate::env::leftover::MARK;
use crate::env::pip_conf;
use crate::env::probe::Probe;
use crate::env::record::{BaseRecord, Record};
use crate::env::requests::Requests;
use crate::env::stage::Stage;
use crate::error::{Attempt, Error, Result};
use crate::fs::{self, How, Root};
use crate::hint::command;
use crate::image::packages::{self, Listed};
use crate::pack::{self, Parcel};
use crate::parallel;
use crate::specs::direct::without_secrets;
use crate::text::{PathText, Shown, shown};
use crate::ui::Ui;

/// Where in the user's cache it is laid out.
const DIR: &str = "frozen";

/// Files in which an env keeps its variables: they may hold anything, and go along by name alone.
const VARIABLES: [&str; 2] = ["conda-meta/state", "etc/conda/env_vars.d"];

/// An env, laid out.
pub(super) struct Laid {
    /// The directory around it.
    pub(super) stage: Stage,
    /// Variables that the image sets.
    pub(super) vars: Vec<(String, String)>,
    /// What can be imported or run in it.
    pub(super) packages: Vec<Listed>,
    /// What was left out, and why.
    pub(super) left: Vec<(PathBuf, &'static str)>,
}

/// Lays the env out in the user's cache.
pub(super) fn lay_out(wish: &Wish, dirs: &Dirs, ui: Ui) -> Result<Laid> {
    let dir = dirs.cache.join(DIR);
    fs::make_dirs(&dir, 0o700).attempt("make", &dir)?;
    check_editables(wish)?;
    let base = base_state::as_recorded(wish.record);
    let vars = vars(wish)?;
    let left = private(wish, &base, dirs, ui)?;
    let stage = Stage::new(&dir)?;
    let parcel = dir.join(format!("parcel-{}", std::process::id()));
    let laid = moved(wish, &base, (&parcel, stage.root()));
    let _ = fs::remove_file(&parcel);
    laid?;
    let root = stage.root();
    for (path, _) in &left {
        remove(root, path).attempt("leave out", path)?;
    }
    // Its own settings of pip's may hold an index with a password.
    let settled = pip_conf::settled(b"");
    root.write(Path::new(pip_conf::FILE), &settled, How::DATA)
        .attempt("write", Path::new(pip_conf::FILE))?;
    let site = Path::new("lib").join(&base.python.lib).join("site-packages");
    records::renew(root, &site)?;
    records::renew_conda(root, wish.below.is_some())?;
    compile::compile(root, &base, (wish.prefix, &site))?;
    let own = installed::of_env(wish.env, &base.python.lib)?;
    let packages = packages::of_env(own, installed::of_base(&base)?);
    Ok(Laid { stage, vars, packages, left })
}

fn vars(wish: &Wish) -> Result<Vec<(String, String)>> {
    let there = variables::list(wish.env)?;
    let pair = |name: &String| match there.get(name) {
        Some(value) => Ok((name.clone(), value.clone())),
        None => Err(Error::no(format!("{} has no variable {name}", Shown(wish.env)))
            .hint("`mlenv vars` lists them")),
    };
    wish.vars.iter().map(pair).collect()
}

/// As another mlenv would unpack it there, on the base at its place in the image.
fn moved(wish: &Wish, base: &Base, (parcel, root): (&Path, &Root)) -> Result<()> {
    let stop = AtomicBool::new(false);
    pack::pack(wish.env, (wish.record, base), parcel, &stop)?;
    let parcel = Parcel::open(parcel)?;
    let old = parcel.record();
    let prefix = PathText(wish.base_prefix.to_owned());
    let record = Record {
        // The same env on the same base makes the same bytes, whoever froze it and when.
        created: "1970-01-01T00:00:00Z".to_owned(),
        requests: portable(&old.requests),
        container: None,
        parcel: None,
        project: None,
        base: BaseRecord {
            name: None,
            path: prefix.clone(),
            prefix,
            fingerprint: Fingerprint {
                stamp: 0,
                root: String::new(),
                image: None,
                ..old.base.fingerprint.clone()
            },
            ..old.base.clone()
        },
        ..old.clone()
    };
    let threads = parallel::for_cpu();
    pack::settle(&parcel, &record, (root, wish.prefix), threads, &stop)
}

/// What was asked for, without places of this machine and without passwords.
fn portable(requests: &Requests) -> Requests {
    let is_here = |words: &str| {
        let place = words.strip_prefix("-e ").unwrap_or(words);
        place.starts_with('/') || place.contains("file:")
    };
    let kept = |all: &BTreeMap<String, String>| {
        let kept = all.iter().filter(|(_, words)| !is_here(words));
        kept.map(|(name, words)| (name.clone(), without_secrets(words))).collect()
    };
    let mut found =
        Requests { conda: kept(&requests.conda), pip: kept(&requests.pip), ..Requests::default() };
    let channels = requests.channels.iter().filter(|channel| !is_here(channel));
    found.add_channels(&channels.map(|channel| without_secrets(channel)).collect::<Vec<_>>());
    found
}

/// A project that is used in place is not in the env at all.
fn check_editables(wish: &Wish) -> Result<()> {
    let direct = installed::direct(wish.env, &wish.record.base.python_lib);
    let found = direct.values().find_map(|direct| Some((&direct.name, direct.editable()?)));
    match found {
        None => Ok(()),
        Some((name, place)) => Err(Error::no(format!(
            "{} is installed in place, from {}: an image would not have it",
            shown(name),
            shown(place)
        ))
        .hint(format!(
            "{} installs it into the env",
            command("mlenv install -p {} --pip {}", &[&wish.env, &place])
        ))),
    }
}

/// Files that stay at home.
fn private(wish: &Wish, base: &Base, dirs: &Dirs, ui: Ui) -> Result<Vec<(PathBuf, &'static str)>> {
    let env = wish.env;
    let owned = of_packages(env, &wish.record.base.python_lib)?;
    let probe = Probe::new(base, wish.record.layout, &dirs.cache, ui)?;
    let usual: HashSet<PathBuf> = below(probe.env()).map(|(path, _)| path).collect();
    let mut left = Vec::new();
    for (path, is_link) in below(env) {
        let is_included = wish.include.iter().any(|included| path.starts_with(included));
        let is_variable = VARIABLES.iter().any(|known| path.starts_with(known));
        let is_metadata = path.starts_with("conda-meta") && !is_variable;
        let is_known = owned.contains(&path) || usual.contains(&path) || is_metadata;
        let mode = env.join(&path).symlink_metadata().map_or(0, |meta| meta.permissions().mode());
        if is_variable && !owned.contains(&path) {
            left.push((path, "variables go along by name: --with-vars"));
        } else if path.ends_with("direct_url.json") && names_this_machine(&env.join(&path)) {
            left.push((path, "it names a place of this machine"));
        } else if is_included || is_link || is_compiled(&path) {
            // Links that lead out stay behind by themselves.
        } else if !is_known {
            left.push((path, "no package owns it"));
        } else if mode & 0o044 == 0 {
            left.push((path, "others may not read it"));
        }
    }
    left.sort();
    Ok(left)
}

/// Files that a package of the env owns, wherever they are.
fn of_packages(env: &Path, python_lib: &str) -> Result<HashSet<PathBuf>> {
    let mut owned = conda::owned(env, python_lib, parallel::for_cpu())?;
    for entry in env.join("conda-meta").read_dir().into_iter().flatten().flatten() {
        let record = entry.path();
        if record.extension().is_some_and(|end| end == "json") && !conda::is_of_base(&record) {
            owned.extend(contents::contents(&record).into_iter().flat_map(|it| it.files));
        }
    }
    let site = Path::new("lib").join(python_lib).join("site-packages");
    for info in installed::infos(&env.join(&site)) {
        let rows = conda::wheel_rows(&info.join("RECORD"));
        owned.extend(rows.into_iter().map(|row| site.join(row)));
    }
    Ok(owned)
}

/// What is below a directory and no directory itself, by its path from there; whether it is a link.
fn below(dir: &Path) -> impl Iterator<Item = (PathBuf, bool)> {
    let own = [BASE_LINK, MARK, ignored::FILE];
    let walk = WalkDir::new(dir).min_depth(1).into_iter().flatten();
    let files = walk.filter(|entry| !entry.file_type().is_dir());
    let dir = dir.to_owned();
    files.filter_map(move |entry| {
        let path = entry.path().strip_prefix(&dir).ok()?.to_owned();
        let is_own = own.iter().any(|name| path == Path::new(name));
        (!is_own).then(|| (path, entry.file_type().is_symlink()))
    })
}

fn is_compiled(path: &Path) -> bool {
    path.parent().is_some_and(|parent| parent.ends_with("__pycache__"))
}

fn names_this_machine(direct: &Path) -> bool {
    let text = crate::foreign::read_text(direct, crate::foreign::FileKind::Note);
    text.is_ok_and(|text| text.contains("file://"))
}

fn remove(root: &Root, path: &Path) -> std::io::Result<()> {
    if root.stat(path).is_err() {
        return Ok(());
    }
    root.remove_file(path)
}
