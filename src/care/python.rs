//! Findings on Python: `pyvenv.cfg`, an interpreter of the env's own, packages of another Python.

use std::path::{Path, PathBuf};

use super::change::Change;
use super::facts::Facts;
use super::finding::{Finding, Kind, count};
use super::own_python;
use super::sight::Thing;
use crate::base::Base;
use crate::overlay::pyvenv;
use crate::text::{Shown, shown};

/// `pyvenv.cfg` must name the base that `baseEnv_dir` leads to.
pub(crate) fn config(facts: &Facts, base: &Base) -> Option<Finding> {
    let path = facts.env.join(pyvenv::FILE);
    let text = std::fs::read(&path).unwrap_or_default();
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
        None => "pyvenv.cfg names no home of Python".to_owned(),
    };
    let breaks = "Python 3.11 and later believe pyvenv.cfg: they run on another standard library and other packages, \
                  or do not start";
    Some(Finding::mended(
        Kind::PythonConfig,
        what,
        breaks,
        vec![Change::rewrite(pyvenv::FILE, wanted)],
    ))
}

/// Packages that were installed for a Python that the env no longer has.
pub(crate) fn orphans(facts: &Facts, base: &Base) -> Vec<Finding> {
    let libs = facts.sight.things("lib").filter(|(name, thing)| {
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
        Some(
            Finding::told(
                Kind::OtherPython,
                format!(
                    "{} installed for {}; the env's Python is {}",
                    count(packages.len(), "package was", "packages were"),
                    Shown(Path::new(lib)),
                    base.python.lib
                ),
                "they cannot be imported any more",
                format!(
                    "install those you need anew: `{} -m pip install {}`; then remove {}",
                    Shown(&facts.place.join("bin/python")),
                    words.join(" "),
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
    let Some(seen) = facts.sight.dirs.get(site.as_os_str()) else { return Vec::new() };
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
            Kind::BaseHijacked,
            format!("there is a pyvenv.cfg in the base: {}", Shown(&path)),
            "Python in the base, and before 3.11 in the env, takes its library from where that file says",
            "ask who keeps the base to remove that file",
        )
    })
}
