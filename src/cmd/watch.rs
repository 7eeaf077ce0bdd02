//! What a hook is told beside a change: variables of the shell itself, by which it sees the next change, and how to
//! leave without the program.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use crate::error::Result;
use crate::plan::name::{Name, PATH, SESSION};
use crate::plan::session::{Changed, Owner, Session};
use crate::plan::{Change, Vars};
use crate::shell::hook::{assign, assign_list};
use crate::shell::{Dialect, quote, render};

/// What a hook is to remember.
pub(super) struct Watch<'a> {
    /// What is active after the change, if we looked at all of it.
    pub(super) session: Option<&'a Session>,
    /// The file of the user's answer about the marker.
    pub(super) consent: Option<&'a Path>,
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
    let mut out = render(dialect, change)?;
    let consent = watch.consent.unwrap_or(Path::new("")).as_os_str();
    let tcsh = matches!(dialect, Dialect::Tcsh(_));
    let mut told = Vec::new();
    told.extend(assign(dialect, if tcsh { "__mlenv_a" } else { "__mlenv_answer" }, consent)?);
    if let Some(heard) = watch.told {
        told.extend(assign(dialect, "__mlenv_told", OsStr::new(heard))?);
    }
    if tcsh {
        told.extend(for_tcsh(dialect, change, watch, before)?);
        // One line: what separates stands before each assignment, but not before the first command of all.
        while out.last() == Some(&b'\n') {
            out.pop();
        }
        let first = if out.is_empty() { 2 } else { 0 };
        out.extend_from_slice(&told[first..]);
        out.push(b'\n');
        return Ok(out);
    }
    out.extend(told);
    // What the shell may undo by itself, scripts included.
    let vouched = watch.session.map(Session::to_string).unwrap_or_default();
    out.extend(assign(dialect, "__mlenv_mine", OsStr::new(&vouched))?);
    let back = watch.session.map(|session| spelled_out(dialect, session)).transpose()?;
    out.extend(assign(dialect, "__mlenv_back", &back.unwrap_or_default())?);
    Ok(out)
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

/// tcsh cannot decode a session without forking: it gets it spelled out.
fn for_tcsh(dialect: Dialect, change: &Change, watch: &Watch, before: &Vars) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut set = |name: &str, value: &OsStr| -> Result<()> {
        out.extend(assign(dialect, name, value)?);
        Ok(())
    };
    if watch.young {
        set("__mlenv_racy", OsStr::new("1"))?;
    }
    let Some(session) = watch.session else { return Ok(out) };
    let after = change.applied_to(before);
    let text = after.get(OsStr::new(SESSION)).cloned().unwrap_or_default();
    set("__mlenv_session", &text)?;
    set("__mlenv_env", session.prefix.as_os_str())?;
    set("__mlenv_r", session.prefix.join("mlenv.toml").as_os_str())?;
    let marker = match &session.owner {
        Owner::Marker(path) => path.as_os_str(),
        Owner::Hand => OsStr::new(""),
    };
    set("__mlenv_mark", marker)?;
    let bin = session.entries.iter().find(|entry| entry.list.as_str() == PATH);
    set("__mlenv_bin", bin.map_or(OsStr::new(""), |entry| &entry.dir))?;
    let scripts: Vec<&OsStr> = session.scripts.iter().map(|script| script.as_os_str()).collect();
    out.extend(assign_list(dialect, "__mlenv_scripts", &scripts)?);
    let lists = lists(session, &after);
    out.extend(assign(dialect, "__mlenv_check", &checks(dialect, &lists)?)?);
    let back: Vec<Changed> = lists.into_iter().chain(session.vars.iter().rev().cloned()).collect();
    out.extend(assign(dialect, "__mlenv_undo", &undo(dialect, &back)?)?);
    Ok(out)
}

/// The colon lists, each as a whole: as it is with our entries, and as it would be without.
fn lists(session: &Session, after: &Vars) -> Vec<Changed> {
    let mut names: Vec<&Name> = session.entries.iter().map(|entry| &entry.list).collect();
    names.dedup();
    let left = crate::plan::leave(after, session).applied_to(after);
    let get = |vars: &Vars, name: &Name| vars.get(OsStr::new(name.as_str())).cloned();
    names
        .into_iter()
        .map(|name| Changed { name: name.clone(), new: get(after, name), old: get(&left, name) })
        .collect()
}

/// tcsh's text that sets `__mlenv_whole` to 0 where a list was changed since.
fn checks(dialect: Dialect, lists: &[Changed]) -> Result<OsString> {
    let mut out = Vec::new();
    for list in lists {
        out.extend(b"set __mlenv_ours = 0; ");
        out.extend(where_ours(dialect, list, b"set __mlenv_ours = 1")?);
        out.extend(b"if ( ! $__mlenv_ours ) set __mlenv_whole = 0; ");
    }
    Ok(OsString::from_vec(out))
}

/// tcsh's text that gives each variable its old value where it still has ours.
fn undo(dialect: Dialect, vars: &[Changed]) -> Result<OsString> {
    let mut out = Vec::new();
    for var in vars {
        let name = var.name.as_str().as_bytes();
        let back = match &var.old {
            Some(old) => [b"setenv ".as_slice(), name, b" ", &quote(dialect, old)?].concat(),
            None if var.new.is_none() => continue,
            None => [b"unsetenv ".as_slice(), name].concat(),
        };
        out.extend(where_ours(dialect, var, &back)?);
    }
    Ok(OsString::from_vec(out))
}

/// `command` where the variable is as we left it. `eval` puts off the look at a variable that may not be there.
fn where_ours(dialect: Dialect, var: &Changed, command: &[u8]) -> Result<Vec<u8>> {
    let name = var.name.as_str().as_bytes();
    let Some(new) = &var.new else {
        return Ok([b"if ( ! $?".as_slice(), name, b" ) ", command, b"; "].concat());
    };
    let marked: OsString = [OsStr::new("="), new].into_iter().collect();
    let value = quote(dialect, &marked)?;
    let inner = [b"if ( \"=$".as_slice(), name, b":q\" == ", &value, b" ) ", command].concat();
    let inner = quote(dialect, OsStr::from_bytes(&inner))?;
    Ok([b"if ( $?".as_slice(), name, b" ) eval ", &inner, b"; "].concat())
}
