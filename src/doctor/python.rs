//! Findings on Python: `pyvenv.cfg`, an interpreter of the env's own, packages of another Python.

use super::change::items;
use super::record;
use std::path::{Path, PathBuf};

use super::base_state::BaseState;
use super::change::{Change, Over};
use super::facts::Facts;
use super::finding::{EnvFault, Finding};
use super::own_python;
use super::snapshot::Thing;
use crate::base::Base;
use crate::base::installed;
use crate::env::record::SCHEMA;
use crate::env::{interpreter, pyvenv};
use crate::error::Result;
use crate::foreign;
use crate::hint::command;
use crate::specs::key;
use crate::text::count;
use crate::text::{Shown, shown};

/// `pyvenv.cfg` must name the base that `baseEnv_dir` leads to.
pub(crate) fn config(facts: &Facts, base: &Base) -> Option<Finding> {
    let path = facts.env.join(pyvenv::FILE);
    let text = foreign::read(&path, foreign::FileKind::Note).unwrap_or_default();
    let wanted = own_python::config(facts, base);
    if own_python::is_there(facts, base) {
        return None; // told with it
    }
    let what = match pyvenv::home_of(&text) {
        _ if text == wanted => return None,
        Some(home)
            if home.canonicalize().ok() == base.prefix.join("bin").canonicalize().ok()
                && facts.place == facts.record.prefix.0 =>
        {
            // Another name for the same place is as good; a version that is behind is part of another finding.
            return None;
        }
        Some(home) => format!(
            "pyvenv.cfg names {} as the home of Python, which is not the env's base",
            Shown(&home)
        ),
        None if path.symlink_metadata().is_err() => "there is no pyvenv.cfg".to_owned(),
        None => "pyvenv.cfg does not name a home for Python".to_owned(),
    };
    let breaks = "Python 3.11 and later believe pyvenv.cfg: they run on another standard library and other packages, \
                  or do not start";
    Some(Finding::mended(
        EnvFault::PythonConfig,
        what,
        breaks,
        vec![Change::rewrite(pyvenv::FILE, wanted)],
    ))
}

/// The interpreter must be the base's own, not seen through the env. Envs that an older mlenv made have it so.
pub(crate) fn interpreter(facts: &Facts, base: &Base) -> Result<Option<Finding>> {
    let mut changes = interpreter_links(facts, base);
    let is_old = facts.record.schema < SCHEMA;
    if own_python::is_there(facts, base)
        || matches!(facts.ground, BaseState::Moved(_))
        || (changes.is_empty() && !is_old)
    {
        return Ok(None);
    }
    let items = items(&changes);
    changes.push(record::renewed_record(facts)?);
    let what = if is_old {
        "bin/python leads to the base through the env, as older versions of mlenv made it"
    } else {
        "bin/python does not lead to the base's interpreter"
    };
    let breaks = "a venv that is made in the env takes the env for its Python, and dies with its rename or removal";
    Ok(Some(Finding::mended(EnvFault::PythonIndirect, what, breaks, changes).about(items)))
}

/// The links of the interpreter that have to say something else.
pub(crate) fn interpreter_links(facts: &Facts, base: &Base) -> Vec<Change> {
    if own_python::is_there(facts, base) {
        return Vec::new();
    }
    let astray = interpreter::astray(facts.env, base).into_iter();
    astray.map(|(path, target)| Change::Link { path, target, over: Over::Seen }).collect()
}

/// Packages that were installed for a Python that the env no longer has.
pub(crate) fn orphans(facts: &Facts, base: &Base) -> Vec<Finding> {
    let libs = facts.snapshot.things("lib").filter(|(name, thing)| {
        **thing == Thing::Dir
            && name
                .to_str()
                .is_some_and(|name| name.starts_with("python3.") && name != base.python.lib)
    });
    libs.filter_map(|(lib, _)| {
        let site = Path::new("lib").join(lib).join("site-packages");
        let mut packages = distributions(facts, &site);
        packages.sort();
        if packages.is_empty() {
            return None;
        }
        let words: Vec<String> =
            packages.iter().map(|(name, version)| format!("{name}=={version}")).collect();
        let places = installed::direct(facts.env, &lib.to_string_lossy());
        let specs = packages.iter().filter_map(|(name, version)| {
            Some(match places.get(&key(name)) {
                Some(place) => place.is_known().then(|| place.spec())?,
                None => format!("{name}=={version}"),
            })
        });
        let (python, specs) = (facts.place.join("bin/python"), specs.collect::<Vec<_>>());
        Some(
            Finding::told(
                EnvFault::OtherPython,
                format!(
                    "{} installed for {}; the env's Python is {}",
                    count(packages.len(), "package was", "packages were"),
                    Shown(Path::new(lib)),
                    base.python.lib
                ),
                "they can no longer be imported",
                format!(
                    "reinstall those you need: {}; then remove {}",
                    command("{} -m pip install {}", &[&python, &specs]),
                    Shown(&facts.place.join("lib").join(lib))
                ),
            )
            .about(words),
        )
    })
    .collect()
}

/// Names and versions of wheels, as the names of their `dist-info` tell.
fn distributions(facts: &Facts, site: &Path) -> Vec<(String, String)> {
    let Some(seen) = facts.snapshot.dirs.get(site.as_os_str()) else { return Vec::new() };
    let names = seen.things.keys().filter_map(|name| name.to_str()?.strip_suffix(".dist-info"));
    names
        .filter_map(|stem| stem.split_once('-'))
        .map(|(name, version)| (shown(name), shown(version)))
        .collect()
}

/// A `pyvenv.cfg` in a base makes the base's Python, and before 3.11 the env's too, one of an env elsewhere.
pub(crate) fn hijacked(base: &Base) -> Option<Finding> {
    let path: PathBuf = base.prefix.join(pyvenv::FILE);
    path.is_file().then(|| {
        Finding::told(
            EnvFault::BaseHijacked,
            format!("there is a pyvenv.cfg in the base: {}", Shown(&path)),
            "Python in the base, and before 3.11 in the env, takes its library from where that file says",
            "ask whoever keeps the base to remove that file",
        )
    })
}
