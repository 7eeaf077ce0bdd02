//! Files of requirements for `install -r`: held where they can be read but once, and read for what is recorded.

use std::collections::BTreeSet;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use super::requirements::{self, Line, decoded, lines};
use crate::context::Context;
use crate::error::{Attempt, Result};
use crate::foreign::{self, FileKind};
use crate::fs;
use crate::specs::direct::without_secrets;
use crate::specs::name_of;
use crate::text::shown;

/// A file that pip, which runs twice, can read as often as it likes: the file itself, or, of a pipe as from `<(...)` or
/// `/dev/stdin`, what was in it. The second is there as long as the descriptor is open.
pub(crate) fn rereadable(path: PathBuf, held: &mut Vec<OwnedFd>) -> Result<PathBuf> {
    if path.metadata().is_ok_and(|meta| meta.is_file() || meta.is_dir()) {
        return Ok(path);
    }
    let bytes = foreign::read_named(&path, FileKind::PackageData).attempt("read", &path)?;
    let copy = fs::held(&bytes).attempt("hold what was read from", &path)?;
    let path = PathBuf::from(format!("/proc/self/fd/{}", copy.as_raw_fd()));
    held.push(copy);
    Ok(path)
}

/// All that these files ask for, with those that they bring in. Paths in them are meant from the working directory, those
/// of other files from the file, as pip has it.
pub(crate) fn requests(context: &Context, files: &[PathBuf]) -> Result<Vec<String>> {
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    for file in files {
        follow(context, file, &mut seen, &mut found)?;
    }
    Ok(found)
}

fn follow(
    context: &Context,
    file: &Path,
    seen: &mut BTreeSet<PathBuf>,
    found: &mut Vec<String>,
) -> Result<()> {
    if !seen.insert(file.to_owned()) {
        return Ok(());
    }
    let text = decoded(&foreign::read(file, FileKind::PackageData).attempt("read", file)?);
    for line in lines(&text) {
        match line {
            Line::Need(need) => found.push(spec(context, &need)?),
            Line::Editable(place) if place.contains("://") => found.push(format!("-e {place}")),
            Line::Editable(place) => {
                let place = context.host.absolute(Path::new(&place))?;
                found.extend(place.to_str().map(|place| format!("-e {place}")));
            }
            Line::File(place) if place.contains("://") => {
                context.ui.warn(format!(
                    "what {} asks for is not recorded",
                    shown(&without_secrets(&place))
                ));
            }
            Line::File(place) => {
                let dir = file.parent().unwrap_or(Path::new("/"));
                follow(context, &dir.join(place), seen, found)?;
            }
        }
    }
    Ok(())
}

/// A path as an absolute one, anything else as it is.
pub(crate) fn spec(context: &Context, word: &str) -> Result<String> {
    if name_of(word).is_some() || word.contains("://") {
        return Ok(word.to_owned());
    }
    Ok(context.host.absolute(Path::new(word))?.to_str().unwrap_or(word).to_owned())
}

/// The options of these files, and of those that they bring in, that say where packages are.
pub(crate) fn options(files: &[PathBuf]) -> Result<Vec<String>> {
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    let mut waiting = files.to_vec();
    while let Some(file) = waiting.pop() {
        if !seen.insert(file.clone()) {
            continue;
        }
        let text = decoded(&foreign::read(&file, FileKind::PackageData).attempt("read", &file)?);
        let dir = file.parent().unwrap_or(Path::new("/"));
        found.extend(requirements::options(&text, dir));
        waiting.extend(lines(&text).into_iter().filter_map(|line| match line {
            Line::File(place) if !place.contains("://") => Some(dir.join(place)),
            _ => None,
        }));
    }
    Ok(found)
}

/// True where these files, and those that they bring in, hold names, versions and conditions alone: no options, hashes or
/// constraints.
pub(crate) fn are_plain(files: &[PathBuf]) -> Result<bool> {
    if !options(files)?.is_empty() {
        return Ok(false);
    }
    for file in files {
        let text = decoded(&foreign::read(file, FileKind::PackageData).attempt("read", file)?);
        let mut words = text.lines().map(str::trim_start);
        if words.any(|line| line.starts_with('-') || line.contains(" --") || line.contains("\t--"))
        {
            return Ok(false);
        }
    }
    Ok(true)
}
