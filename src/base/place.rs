//! What a path means as a base. One function decides, for every verb: a prefix is itself, an image directory is its
//! `opt/conda`, a program is the prefix around it.
//!
//! Most images have a Python of their system too (`bin` is a link to `usr/bin`). That one is for programs inside: it needs
//! libraries and paths that are only there, so it is refused from outside.

use std::io;
use std::path::{Path, PathBuf};

use super::inside::{IN_IMAGE, has, image_around, is_missing, is_of_system, within};
use crate::error::{Error, Result};
use crate::host::same_place;
use crate::text::Shown;

/// A base by the name that the user gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FoundBase {
    /// Its prefix; may hold a tag, a `:`, links.
    pub(crate) prefix: PathBuf,
    /// The image directory that it lies in, as far as the path tells.
    pub(crate) image: Option<PathBuf>,
    /// What the path named.
    pub(crate) by: By,
}

/// What named a base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// The image directory that it lies in.
    Image,
    /// Its prefix.
    Prefix,
    /// A program in its `bin`.
    Program,
}

/// Decides what `path` means. What is not a base is refused, with the reason.
pub(crate) fn of(path: &Path) -> Result<FoundBase> {
    if let Some(found) = look(path)? {
        return Ok(found);
    }
    Err(match path.metadata() {
        Err(cause) => unseen(path, &cause),
        Ok(meta) if meta.is_file() => alone(path),
        Ok(_) => lacking(path),
    })
}

/// As `of`, but `None` for what is not there, or has nothing of a base.
pub(crate) fn look(path: &Path) -> Result<Option<FoundBase>> {
    if let Some((image, inside)) = image_around(path) {
        return in_image(image, inside, path);
    }
    let Some(real) = real(path)? else { return Ok(None) };
    // Links may have led into an image.
    if let Some((image, inside)) = image_around(&real) {
        return in_image(image, inside, path);
    }
    if real.is_file() {
        return Ok(around(&real));
    }
    let has_records = path.join("conda-meta").is_dir();
    Ok(match conda_of(path)? {
        Some(prefix) if !has_records => Some(of_image(path, prefix)),
        _ if has_python(path) => Some(FoundBase { image: above(path), ..prefix(path.to_owned()) }),
        _ => None,
    })
}

fn real(path: &Path) -> Result<Option<PathBuf>> {
    match path.canonicalize() {
        Ok(real) => Ok(Some(real)),
        Err(cause) if is_missing(&cause) => Ok(None),
        Err(cause) => Err(unseen(path, &cause)),
    }
}

/// True for what has the form of a prefix.
pub(super) fn has_python(prefix: &Path) -> bool {
    prefix.join("bin/python3").exists() || prefix.join("conda-meta").is_dir()
}

/// Why `path` is not a prefix. What may not be looked into is not the same as what holds no Python.
pub(super) fn lacking(path: &Path) -> Error {
    match path.join("bin/python3").metadata() {
        Err(cause) if !is_missing(&cause) => Error::io("look at the base", path, &cause),
        _ => Error::new(format!(
            "could not use {} as a base: there is no bin/python3 in it, and no {IN_IMAGE}",
            Shown(path)
        ))
        .hint(
            "name a prefix (a directory with bin/python3) or an image directory that holds opt/conda",
        ),
    }
}

fn unseen(path: &Path, cause: &io::Error) -> Error {
    let error = Error::io("look at the base", path, cause);
    if is_missing(cause) || error.cure().is_none() {
        return error.hint("is its file system mounted? `mlenv base list` shows the known bases");
    }
    error
}

fn prefix(prefix: PathBuf) -> FoundBase {
    FoundBase { prefix, image: None, by: By::Prefix }
}

fn of_image(image: &Path, prefix: PathBuf) -> FoundBase {
    FoundBase { prefix, image: Some(image.to_owned()), by: By::Image }
}

/// The image of a prefix that is called as a base in one is.
fn above(prefix: &Path) -> Option<PathBuf> {
    let image = prefix.ancestors().nth(2).filter(|_| prefix.ends_with(IN_IMAGE));
    image.map(Path::to_owned)
}

/// What `path`, which is at `inside` of an image, means: the image, a prefix in it, or a program.
fn in_image(image: &Path, inside: &Path, path: &Path) -> Result<Option<FoundBase>> {
    if inside.as_os_str().is_empty() {
        return match conda_of(image)? {
            Some(prefix) => Ok(Some(of_image(path, renamed(&prefix, image, path)))),
            None => refusal(image, path).map_or(Ok(None), Err),
        };
    }
    let Some(at) = within(image, inside).map_err(|cause| unseen(path, &cause))? else {
        return Ok(None);
    };
    let is_program = image.join(&at).is_file();
    let around = at.parent().filter(|dir| dir.ends_with("bin")).and_then(Path::parent);
    let Some(prefix) = (if is_program { around } else { Some(at.as_path()) }) else {
        return Ok(None);
    };
    if is_of_system(prefix) {
        return refusal(image, path).map_or(Ok(None), Err);
    }
    let prefix = if is_program { image.join(prefix) } else { name(path, &image.join(prefix)) };
    let by = if is_program { By::Program } else { By::Prefix };
    let found = FoundBase { prefix, image: Some(image.to_owned()), by };
    Ok(Some(found).filter(|found| has_python(&found.prefix)))
}

/// A prefix in `image`, as a path below the name that the user gave the image.
fn renamed(prefix: &Path, image: &Path, path: &Path) -> PathBuf {
    prefix.strip_prefix(image).map_or_else(|_| prefix.to_owned(), |inside| path.join(inside))
}

/// The conda prefix of an image directory, if it has one.
fn conda_of(image: &Path) -> Result<Option<PathBuf>> {
    let named = image.join(IN_IMAGE);
    let failed = |cause: io::Error| Error::io("look at the base", &named, &cause);
    let Some(at) = within(image, Path::new(IN_IMAGE)).map_err(failed)? else {
        return match std::fs::read_link(&named) {
            Ok(target) => Err(astray(image, &target)),
            Err(_) => Ok(None),
        };
    };
    match image.join(&at).join("conda-meta").metadata() {
        Ok(meta) if meta.is_dir() => Ok(Some(name(&named, &image.join(at)))),
        Err(cause) if !is_missing(&cause) => Err(failed(cause)),
        _ => Ok(None),
    }
}

/// The path as it was named, where that leads to the same place from outside of the image; else the real one.
fn name(named: &Path, real: &Path) -> PathBuf {
    if same_place(named, real) { named.to_owned() } else { real.to_owned() }
}

/// The prefix of the program `real`: `/usr/bin/python3` may well be one.
fn around(real: &Path) -> Option<FoundBase> {
    let found = real.parent().filter(|dir| dir.ends_with("bin")).and_then(Path::parent);
    let found = found.filter(|prefix| has_python(prefix))?;
    Some(FoundBase { by: By::Program, ..prefix(found.to_owned()) })
}

fn alone(path: &Path) -> Error {
    Error::new(format!("could not find the Python prefix around {}", Shown(path)))
        .hint("name the prefix itself, the directory above `bin`")
}

fn astray(image: &Path, target: &Path) -> Error {
    let (image, target) = (Shown(image), Shown(target));
    Error::new(format!(
        "could not use {image} as a base: its {IN_IMAGE} leads to {target}, which is not in the image"
    ))
    .hint("name the prefix itself, if it can be seen here by another path")
}

/// Why an image, or a path in it, that has no Python but its system's is not used; nothing where it has none.
fn refusal(image: &Path, path: &Path) -> Option<Error> {
    let is_python = ["usr/bin/python3", "bin/python3"].iter().any(|python| has(image, python));
    let others = [IN_IMAGE, "usr/local"].map(|other| image.join(other));
    let other = others.iter().find(|other| look(other).is_ok_and(|found| found.is_some()));
    if !is_python && other.is_none() {
        return None;
    }
    let why = "the Python there is that of the image's system, which works in a container of the image alone";
    let error = Error::new(if is_python {
        format!("could not use {} as a base: {why}", Shown(path))
    } else {
        format!("could not use {} as a base: there is no {IN_IMAGE} in that image", Shown(path))
    });
    Some(match other {
        Some(other) => error.hint(format!("another Python of the image is {}", Shown(other))),
        None => error.hint(
            "`mlenv container setup` with the image makes a container: make the env in it; or name another base",
        ),
    })
}
