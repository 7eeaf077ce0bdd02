//! Directories that come before the active env on `PATH` and have programs of the same names: those are run, not the
//! env's. What an rc file put there is put behind the env once; what the user puts there later is the user's.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use serde::Serialize;

use crate::host::Host;
use crate::plan::list;
use crate::plan::name::PATH;
use crate::plan::session::Session;
use crate::text::{PathText, Shown};

/// How many names are told to people.
const TOLD: usize = 3;

/// A directory before the env's, and the programs of the env that it hides.
#[derive(Serialize)]
pub(super) struct Shadow {
    path: PathText,
    programs: Vec<PathText>,
}

/// What hides programs of the env of `session`; nothing where it is not on `PATH`. `other` was activated on top of it.
pub(super) fn of(session: &Session, other: Option<&Path>, host: &Host) -> Vec<Shadow> {
    let Some(bin) = session.bin().map(Path::new) else { return Vec::new() };
    let path = host.var(PATH);
    if !list::holds(path, bin.as_os_str()) {
        return Vec::new();
    }
    let on_top = other.map(|prefix| prefix.join("bin"));
    let dirs = list::entries(path).map(|entry| Path::new(OsStr::from_bytes(entry)));
    let before = dirs.take_while(|dir| *dir != bin).filter(|dir| Some(*dir) != on_top.as_deref());
    let programs = programs_of(bin);
    let hidden = before.map(|dir| Shadow {
        path: PathText(dir.to_owned()),
        programs: programs
            .iter()
            .filter(|name| dir.is_absolute() && dir.join(name).is_file())
            .map(|name| PathText(name.into()))
            .collect(),
    });
    hidden.filter(|shadow| !shadow.programs.is_empty()).collect()
}

/// By name, `python` first, for which people look.
fn programs_of(bin: &Path) -> Vec<OsString> {
    let entries = bin.read_dir().into_iter().flatten().flatten();
    let mut names: Vec<OsString> = entries.map(|entry| entry.file_name()).collect();
    names.sort_by_key(|name| (!name.as_bytes().starts_with(b"python"), name.clone()));
    names
}

/// One sentence.
pub(super) fn words(shadow: &Shadow) -> String {
    let names: Vec<String> =
        shadow.programs.iter().take(TOLD).map(|name| Shown(&name.0).to_string()).collect();
    let more = shadow.programs.len().saturating_sub(TOLD);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{} comes first on PATH, and has {}{more}", Shown(&shadow.path.0), names.join(", "))
}
