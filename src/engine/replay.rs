//! Installs in a new container what a user had added to the old one, as it was asked for, and looks at the result.

use std::ffi::OsString;

use super::entrance::{Entrance, shell};
use crate::container::additions::{Additions, spec_name};
use crate::container::program::{CONDA, IMPORTS, PYTHON, SEEN};
use crate::container::spec::Inner;
use crate::error::{Error, Result};
use crate::process::Command;
use crate::specs::Direct;
use crate::specs::checked;

/// Where images keep conda, unless they say otherwise.
pub(crate) const PREFIX: &str = "/opt/conda";

/// The calls that install it, each with what it is for.
pub(crate) fn calls(
    entrance: &Entrance,
    added: &Additions,
    prefix: Option<&str>,
) -> Vec<(&'static str, Command)> {
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
    let editable = added.editable.iter().filter_map(|spec| spec.split_once(" @ "));
    let editable = editable.flat_map(|(_, dir)| ["-e".to_owned(), dir.to_owned()]);
    let end = "--".to_owned();
    let words: Vec<String> = editable.chain([end]).chain(added.pip.iter().cloned()).collect();
    if words.len() > 1 {
        let first = [prefix, "-m", "pip", "install", "--no-input", "--disable-pip-version-check"];
        calls.push(("install again what you had added with pip", call(PYTHON, &first, &words)));
    }
    calls
}

/// As `calls`, but without what cannot be had again, each with why: a directory or file that the new container does not see,
/// or a place that is not known. By its name alone it would be somebody else's package.
pub(crate) fn obtainable(new: &Entrance, added: &Additions) -> (Additions, Vec<String>) {
    let mut kept = added.clone();
    let mut left_out = take_unfit(&mut kept);
    left_out.extend(
        kept.unknown.drain(..).map(|spec| format!("{spec}: it does not say where it came from")),
    );
    let mut is_there = |spec: &String| {
        let Some((name, words)) = spec.split_once(" @ ") else { return true };
        let direct = Direct { name: name.to_owned(), words: words.to_owned() };
        let Some(path) = direct.local() else { return true };
        let seen = new.ask("look for what you had added", SEEN, &[path.into_os_string()]);
        let is_seen = seen.is_ok_and(|answer| !answer.is_empty());
        if !is_seen {
            left_out.push(format!("{spec}: the new container does not see that place"));
        }
        is_seen
    };
    kept.pip.retain(&mut is_there);
    kept.editable.retain(&mut is_there);
    (kept, left_out)
}

/// Takes out what a package manager would not take for a package or a channel: what is in a container tells of it.
pub(crate) fn take_unfit(added: &mut Additions) -> Vec<String> {
    let mut unfit = Vec::new();
    let place = |spec: &str| {
        spec.split_once(" @ ").map_or_else(String::new, |(_, dir)| format!("-e {dir}"))
    };
    let mut keep = |list: &mut Vec<String>, is_fit: &dyn Fn(&str) -> bool| {
        let (fit, not): (Vec<_>, Vec<_>) =
            std::mem::take(list).into_iter().partition(|word| is_fit(word));
        *list = fit;
        unfit.extend(
            not.into_iter().map(|word| format!("{word}: it is not a package or a channel")),
        );
    };
    keep(&mut added.channels, &|word| checked::channel(word).is_ok());
    keep(&mut added.conda, &|word| checked::match_spec(word).is_ok());
    keep(&mut added.removed, &|word| checked::match_spec(word).is_ok());
    keep(&mut added.pip, &|word| checked::requirement(word).is_ok());
    keep(&mut added.editable, &|word| checked::request(&place(word)).is_ok());
    unfit
}

/// Does it, in `new`, and looks at the result: all of it is there, and what could be imported before can be now.
pub(crate) fn replay(
    old: &Entrance,
    new: &Entrance,
    added: &Additions,
    prefix: Option<&str>,
) -> Result<()> {
    for (what, call) in calls(new, added, prefix) {
        new.runner.watch(what, &call).map_err(kept)?;
    }
    let listing = new.listing().map_err(kept)?;
    let mut wanted = added.conda.iter().chain(&added.pip).chain(&added.editable);
    let missing = wanted.find(|spec| !listing.has(spec));
    if let Some(spec) = missing {
        let what = crate::text::shown(spec);
        return Err(kept(Error::new(format!(
            "{what} was installed in the new container, but is not there"
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
    let names = added.pip.iter().chain(&added.editable).map(|spec| spec_name(spec).into());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_container_tells_is_no_option_of_a_package_manager() {
        let evil = |good: &str| vec![good.to_owned(), "--prefix=/x".into(), "-c x".into()];
        let mut added = Additions {
            channels: evil("conda-forge"),
            conda: evil("numpy>=2"),
            removed: evil("six"),
            pip: evil("six==1.0"),
            editable: vec!["demo @ /a/b".into(), "demo @ --target=/x".into(), "--target=/x".into()],
            ..Additions::default()
        };
        assert_eq!(take_unfit(&mut added).len(), 10);
        assert_eq!(
            (added.channels, added.conda),
            (vec!["conda-forge".into()], vec!["numpy>=2".into()])
        );
        assert_eq!((added.removed, added.pip), (vec!["six".into()], vec!["six==1.0".into()]));
        assert_eq!(added.editable, ["demo @ /a/b"]);
    }
}
