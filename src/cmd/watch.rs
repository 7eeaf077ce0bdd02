//! What a hook is told beside a change: variables of the shell itself, by which it sees the next change, and how to
//! leave without the program.

mod tcsh;

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use crate::error::Result;
use crate::overlay::record;
use crate::plan::name::SESSION;
use crate::plan::session::{Changed, Session};
use crate::plan::{Change, Step, Vars};
use crate::shell::hook::assign;
use crate::shell::{Dialect, quote, render};

/// What a hook is to remember.
pub(super) struct Watch<'a> {
    /// What is active after the change, if we looked at all of it.
    pub(super) session: Option<&'a Session>,
    /// The file of the user's answer about the marker.
    pub(super) consent: Option<&'a Path>,
    /// The record of an env that was allowed and is not there: the shell looks again once it is.
    pub(super) missing: Option<&'a Path>,
    /// Refusals that this shell has heard, where that is known.
    pub(super) told: Option<&'a str>,
    /// The marker is so young that a shell which sees whole seconds may miss its next change.
    pub(super) young: bool,
}

/// The text that makes `change` in a shell with the variables `before`, and lets its hook watch.
pub(super) fn text(
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
    if let Some(heard) = watch.told {
        set("__mlenv_told", OsStr::new(heard))?;
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
    let record = session.map(|session| session.prefix.join(record::FILE));
    let birth = record.as_deref().or(watch.missing).unwrap_or(Path::new(""));
    set("__mlenv_birth", birth.as_os_str())?;
    set("__mlenv_bin", session.and_then(Session::bin).unwrap_or_default())?;
    // What it may undo by itself, scripts included.
    set("__mlenv_mine", OsStr::new(text))?;
    let back = session.map(|session| spelled_out(dialect, session)).transpose()?;
    set("__mlenv_back", &back.unwrap_or_default())?;
    Ok(out)
}

/// The session's text after the change: what it sets, or what was there.
fn text_of_session<'a>(change: &'a Change, before: &'a Vars) -> &'a OsStr {
    let set = change.steps.iter().find_map(|step| match step {
        Step::Set(name, value) if name.as_str() == SESSION => Some(value),
        _ => None,
    });
    set.or_else(|| before.get(OsStr::new(SESSION))).map_or(OsStr::new(""), |text| text)
}

/// True within two seconds of the last change.
pub(super) fn is_young(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    path.metadata()
        .is_ok_and(|meta| u64::try_from(meta.ctime()).is_ok_and(|changed| now < changed + 2))
}

/// How to leave, spelled out, so that the shell need not decode its session: what `plan::leave` would do.
fn spelled_out(dialect: Dialect, session: &Session) -> Result<OsString> {
    let mut out = Vec::new();
    for entry in &session.entries {
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
    for script in &session.scripts {
        let path = quote(dialect, script.as_os_str())?;
        let source =
            if dialect == Dialect::Fish { b"source ".as_slice() } else { b"\\builtin source " };
        let file = if dialect == Dialect::Fish {
            [b"test -f ".as_slice(), &path].concat()
        } else {
            [b"[[ -f ", path.as_slice(), b" ]]"].concat()
        };
        let all: Vec<Vec<u8>> = intact.iter().cloned().chain([file]).collect();
        out.extend(when(dialect, &all, &[source, &path].concat()));
    }
    for var in session.vars.iter().rev().filter(|var| var.new != var.old) {
        let name = var.name.as_str().as_bytes();
        let back = match (&var.old, dialect) {
            (Some(old), Dialect::Fish) => {
                [b"set -gx ".as_slice(), name, b" ", &quote(dialect, old)?].concat()
            }
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
