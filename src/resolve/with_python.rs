//! A base with a wanted version of Python, where no base was named.

use std::path::PathBuf;

use super::{Choice, ChosenBy, base, named, open};
use crate::base::{Python, known};
use crate::config::Dirs;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::text::shown;

/// Where tools keep the Pythons that they fetched or built, below the user's home, unless a variable says where.
const KEPT: [(&str, &str, &str); 2] =
    [("PYENV_ROOT", ".pyenv", "versions"), ("UV_PYTHON_INSTALL_DIR", ".local/share/uv/python", "")];

/// The base that is chosen anyway, if its Python is the wanted version (`3`, `3.12` or `3.12.1`); else a known base, a
/// Python of pyenv or uv, and one on PATH or in /usr.
pub(crate) fn base_with(host: &Host, dirs: &Dirs, wanted: &str) -> Result<Choice> {
    let usual = base(host, dirs, None);
    if let Ok(choice) = &usual
        && choice.base.python.is(wanted)
    {
        return usual;
    }
    for name in known::all(dirs)?.keys() {
        if let Ok(choice) = named(host, dirs, name.as_ref(), ChosenBy::Found)
            && choice.base.python.is(wanted)
        {
            return Ok(choice);
        }
    }
    let found = candidates(host, wanted).into_iter().find_map(|prefix| {
        let choice = open(&prefix, dirs, ChosenBy::Found).ok()?;
        choice.base.python.is(wanted).then_some(choice)
    });
    found.ok_or_else(|| {
        Error::new(format!(
            "no Python {} was found: not among the known bases, those of pyenv and uv, and on PATH",
            shown(wanted)
        ))
        .hint(format!(
            "name a base that has it with --base; `uv python install {}` fetches one",
            shown(wanted)
        ))
    })
}

/// Prefixes that may have it, newest names first.
fn candidates(host: &Host, wanted: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for (variable, fallback, below) in KEPT {
        let root = host.path_var(variable).or_else(|| Some(host.home().ok()?.join(fallback)));
        let Some(entries) = root.and_then(|root| root.join(below).read_dir().ok()) else {
            continue;
        };
        let mut prefixes: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        prefixes.sort();
        found.extend(prefixes.into_iter().rev().filter(|path| path.join("bin/python3").exists()));
    }
    let minor: Vec<&str> = wanted.split('.').take(2).collect();
    let programs = host.programs(&format!("python{}", minor.join(".")));
    let programs = programs.into_iter().chain(host.programs("python3"));
    found.extend(programs.filter_map(|program| Python::prefix_of(&program).ok()));
    found.push("/usr".into());
    found
}
