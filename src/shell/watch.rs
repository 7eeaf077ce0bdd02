//! What a hook is told beside a change: variables of the shell itself, by which it sees the next change, and how to
//! leave without the program.

mod tcsh;

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use super::fish;
use super::hook::assign;
use super::{Dialect, quote, render};
use crate::error::Result;
use crate::plan::name::SESSION;
use crate::plan::session::{Changed, Session};
use crate::plan::{Change, Step, Vars};
use crate::shell::scripts;

/// What a hook is to remember.
pub(crate) struct Watch<'a> {
    /// What is active after the change, if we looked at all of it.
    pub(crate) session: Option<&'a Session>,
    /// The record of that.
    pub(crate) record: Option<&'a Path>,
    /// Its directory, where that is the user's own: then somebody else's in its place is an attack.
    pub(crate) guard: Option<&'a Path>,
    /// The file of the user's answer about the marker.
    pub(crate) consent: Option<&'a Path>,
    /// The record of an env that was allowed and is not there: the shell looks again once it is.
    pub(crate) missing: Option<&'a Path>,
    /// Refusals that this shell has heard, where that is known, and whether one waits for a terminal.
    pub(crate) told: Option<(&'a str, bool)>,
    /// The marker is so young that a shell which sees whole seconds may miss its next change.
    pub(crate) young: bool,
    /// This program.
    pub(crate) program: &'a Path,
}

/// The text that makes `change` in a shell with the variables `before`, and lets its hook watch.
pub(crate) fn text(
    dialect: Dialect,
    change: &Change,
    watch: &Watch,
    before: &Vars,
) -> Result<Vec<u8>> {
    let consent = watch.consent.unwrap_or(Path::new("")).as_os_str();
    if matches!(dialect, Dialect::Tcsh(_)) {
        return tcsh::text(dialect, change, watch, consent, before);
    }
    let mut out = render(dialect, change)?;
    let mut set = |name: &str, value: &OsStr| -> Result<()> {
        out.extend(assign(dialect, name, value)?);
        Ok(())
    };
    set("__mlenv_answer", consent)?;
    if let Some((heard, waits)) = watch.told {
        set("__mlenv_told", OsStr::new(heard))?;
        set("__mlenv_untold", OsStr::new(if waits { "1" } else { "" }))?;
    }
    // What the shell would find out by reading the session, which takes it longer than all else.
    let session = watch.session;
    let text = session.map_or(OsStr::new(""), |_| text_of_session(change, before));
    let text = text.to_str().unwrap_or_default();
    let fish = dialect == Dialect::Fish;
    let start = if fish { text } else { text.split(" v:").next().unwrap_or("") };
    set(if fish { "__mlenv_known" } else { "__mlenv_head" }, OsStr::new(start))?;
    set("__mlenv_by", OsStr::new(session.map_or("", |session| session.owner.word())))?;
    let mark = session.and_then(|session| session.owner.marker());
    set("__mlenv_mark", mark.unwrap_or(Path::new("")).as_os_str())?;
    let prefix = session.map_or(Path::new(""), |session| &session.prefix);
    set("__mlenv_prefix", prefix.as_os_str())?;
    let birth = watch.record.or(watch.missing).unwrap_or(Path::new(""));
    set("__mlenv_birth", birth.as_os_str())?;
    let guard = watch.guard.map_or(OsStr::new(""), Path::as_os_str);
    set("__mlenv_guard", guard)?;
    set("__mlenv_bin", session.and_then(Session::bin).unwrap_or_default())?;
    // What it may undo by itself, scripts included. What scripts did is known to the shell alone: it reads the session then.
    set("__mlenv_mine", OsStr::new(text))?;
    let back = session.map(|session| spelled_out(dialect, session, guard)).transpose()?;
    let has_run = change.steps.iter().any(|step| matches!(step, Step::Enter(_)));
    set("__mlenv_back", &back.filter(|_| !has_run).unwrap_or_default())?;
    if has_run {
        out.extend(match dialect {
            Dialect::Fish => {
                b"set -g __mlenv_mine $__MLENV_SESSION\nset -g __mlenv_known $__MLENV_SESSION\n"
                    .as_slice()
            }
            _ => b"__mlenv_mine=$__MLENV_SESSION\n",
        });
    } else if session.is_some_and(|session| !session.scripts.is_empty()) {
        // Another shell may have entered.
        out.extend(scripts::functions(dialect));
    }
    Ok(out)
}

/// What a tcsh is told once it is known what scripts did.
pub(crate) fn renewed(
    dialect: Dialect,
    change: &Change,
    watch: &Watch,
    before: &Vars,
) -> Result<Vec<u8>> {
    tcsh::renewed(dialect, change, watch, before)
}

/// The session's text after the change: what it sets, or what was there.
fn text_of_session<'a>(change: &'a Change, before: &'a Vars) -> &'a OsStr {
    let set = change.steps.iter().find_map(|step| match step {
        Step::Set(name, value) if name.as_str() == SESSION => Some(value),
        _ => None,
    });
    set.or_else(|| before.get(OsStr::new(SESSION))).map_or(OsStr::new(""), |text| text)
}

/// How to leave, spelled out, so that the shell need not decode its session: what `plan::leave` would do.
fn spelled_out(dialect: Dialect, session: &Session, guard: &OsStr) -> Result<OsString> {
    let mut out = Vec::new();
    for entry in session.all_entries() {
        let dir = quote(dialect, &entry.dir)?;
        out.extend(
            [b"__mlenv_drop ".as_slice(), entry.list.as_str().as_bytes(), b" ", &dir, b"\n"]
                .concat(),
        );
    }
    let known = |var: &&Changed| matches!(var.name.as_str(), "CONDA_PREFIX" | "VIRTUAL_ENV");
    let intact: Vec<Vec<u8>> = session
        .vars
        .iter()
        .filter(known)
        .map(|var| is_ours(dialect, var))
        .collect::<Result<_>>()?;
    let owned = is_still_owned(dialect, guard)?;
    let has_scripts = !session.scripts.is_empty();
    if has_scripts {
        out.extend(b"__mlenv_keep\n");
    }
    for script in &session.scripts {
        let path = quote(dialect, script.as_os_str())?;
        let source =
            if dialect == Dialect::Fish { b"source ".as_slice() } else { b"\\builtin source " };
        let file = if dialect == Dialect::Fish {
            [b"test -f ".as_slice(), &path].concat()
        } else {
            [b"[[ -f ", path.as_slice(), b" ]]"].concat()
        };
        let all: Vec<Vec<u8>> = intact.iter().cloned().chain([file]).chain(owned.clone()).collect();
        out.extend(when(dialect, &all, &[source, &path].concat()));
    }
    if has_scripts {
        out.extend(b"__mlenv_restore\n");
    }
    for var in session.undone_vars().filter(|var| var.new != var.old) {
        let name = var.name.as_str().as_bytes();
        let back = match (&var.old, dialect) {
            (Some(old), Dialect::Fish) => fish::give_back(&var.name, old),
            (Some(old), _) => {
                [b"\\builtin export ".as_slice(), name, b"=", &quote(dialect, old)?].concat()
            }
            (None, Dialect::Fish) => [b"set -eg ".as_slice(), name].concat(),
            (None, _) => [b"\\builtin unset -v ".as_slice(), name].concat(),
        };
        out.extend(when(dialect, &[is_ours(dialect, var)?], &back));
    }
    Ok(OsString::from_vec(out))
}

/// A condition: the directory, if one is named, has not changed hands.
fn is_still_owned(dialect: Dialect, guard: &OsStr) -> Result<Option<Vec<u8>>> {
    if guard.is_empty() {
        return Ok(None);
    }
    let dir = quote(dialect, guard)?;
    Ok(Some(match dialect {
        Dialect::Fish => [b"test -O ".as_slice(), &dir].concat(),
        _ => [b"[[ -O ", dir.as_slice(), b" ]]"].concat(),
    }))
}

/// A condition: the variable is as we left it.
fn is_ours(dialect: Dialect, var: &Changed) -> Result<Vec<u8>> {
    let name = var.name.as_str();
    Ok(match (&var.new, dialect) {
        (None, Dialect::Fish) => format!("not set -q {name}").into_bytes(),
        (None, _) => format!("[[ -z ${{{name}+set}} ]]").into_bytes(),
        (Some(new), Dialect::Fish) => {
            [format!("set -q {name}; and test \"${name}\" = ").into_bytes(), quote(dialect, new)?]
                .concat()
        }
        (Some(new), _) => {
            let literal = quote(dialect, new)?;
            [
                format!("[[ -n ${{{name}+set}} && ${{{name}}} == ").into_bytes(),
                literal,
                b" ]]".to_vec(),
            ]
            .concat()
        }
    })
}

fn when(dialect: Dialect, conditions: &[Vec<u8>], command: &[u8]) -> Vec<u8> {
    match dialect {
        Dialect::Fish => {
            [b"if ", conditions.join(b"; and ".as_slice()).as_slice(), b"\n", command, b"\nend\n"]
                .concat()
        }
        _ => {
            [b"if ", conditions.join(b" && ".as_slice()).as_slice(), b"; then ", command, b"; fi\n"]
                .concat()
        }
    }
}
