//! Installs in a new container what a user had added to the old one, as it was asked for, and looks at the result.

use std::ffi::OsString;

use super::entrance::{Entrance, shell};
use crate::container::Invocation;
use crate::container::additions::{Additions, spec_name};
use crate::container::order::Inner;
use crate::container::program::{CONDA, IMPORTS, PYTHON};
use crate::error::{Error, Result};

/// Where images keep conda, unless they say otherwise.
const PREFIX: &str = "/opt/conda";

/// The calls that install it, each with what it is for.
pub(super) fn calls(
    entrance: &Entrance,
    added: &Additions,
    prefix: Option<&str>,
) -> Vec<(&'static str, Invocation)> {
    let prefix = prefix.unwrap_or(PREFIX);
    let call = |program: &str, first: &[&str], rest: &[String]| {
        let words = first.iter().map(OsString::from).chain(rest.iter().map(OsString::from));
        entrance.call(Inner::quiet(entrance.dir), &shell(program, &words.collect::<Vec<_>>()))
    };
    let mut calls = Vec::new();
    if !added.removed.is_empty() {
        calls.push((
            "remove again what you had removed",
            call(CONDA, &["remove", prefix], &added.removed),
        ));
    }
    if !added.conda.is_empty() {
        let channels = added.channels.iter().flat_map(|channel| ["-c".to_owned(), channel.clone()]);
        let words: Vec<String> = channels.chain(added.conda.iter().cloned()).collect();
        calls.push(("install again what you had added", call(CONDA, &["install", prefix], &words)));
    }
    if !added.pip.is_empty() {
        let first = [prefix, "-m", "pip", "install", "--no-input", "--disable-pip-version-check"];
        calls.push(("install again what you had added with pip", call(PYTHON, &first, &added.pip)));
    }
    calls
}

/// Does it, in `new`, and looks at the result: all of it is there, and what could be imported before can be now.
pub(super) fn replay(
    old: &Entrance,
    new: &Entrance,
    added: &Additions,
    prefix: Option<&str>,
) -> Result<()> {
    for (what, call) in calls(new, added, prefix) {
        new.runner.watch(what, &call).map_err(kept)?;
    }
    let listing = new.listing().map_err(kept)?;
    let missing = added.conda.iter().chain(&added.pip).find(|spec| !listing.has(spec));
    if let Some(spec) = missing {
        let what = crate::text::shown(spec);
        return Err(kept(Error::new(format!(
            "{what} was installed in the new container, and is not there"
        ))));
    }
    let broken_before = broken(old, added, prefix);
    let broken = broken(new, added, prefix);
    match broken.iter().find(|line| !broken_before.iter().any(|old| name(old) == name(line))) {
        Some(line) => {
            let line = crate::text::shown(&line.replace('\t', ": "));
            Err(kept(Error::new(format!(
                "what you had added cannot be imported from the new image: {line}"
            ))))
        }
        None => Ok(()),
    }
}

/// Names of distributions that cannot be imported, each with why. An image without Python imports nothing.
fn broken(entrance: &Entrance, added: &Additions, prefix: Option<&str>) -> Vec<String> {
    let names = added.pip.iter().map(|spec| spec_name(spec).into());
    let first = [prefix.unwrap_or(PREFIX), "-c", IMPORTS].map(OsString::from);
    let words: Vec<OsString> = first.into_iter().chain(names).collect();
    if words.len() == 3 {
        return Vec::new();
    }
    let printed = entrance.ask("import what was added", PYTHON, &words).unwrap_or_default();
    printed.lines().filter(|line| line.contains('\t')).map(str::to_owned).collect()
}

fn name(line: &str) -> &str {
    line.split('\t').next().unwrap_or(line)
}

fn kept(error: Error) -> Error {
    error.during("the container is as it was, and was not updated").hint(
        "mend it in the container (another version, or without that package), then run `mlenv container update -f` again",
    )
}
