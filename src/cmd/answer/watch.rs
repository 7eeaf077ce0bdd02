//! The end of an answer: variables of the shell itself by which the hook sees the next change.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use super::Answer;
use crate::error::Result;
use crate::plan::Vars;
use crate::plan::name::{Name, PATH, SESSION};
use crate::plan::session::{Changed, Owner, Session};
use crate::shell::hook::{assign, assign_list};
use crate::shell::{Dialect, quote};

/// The assignments for `answer`, which changes the variables `before`.
pub(super) fn text(dialect: Dialect, answer: &Answer, before: &Vars) -> Result<Vec<u8>> {
    let consent = answer.consent.as_deref().unwrap_or(Path::new(""));
    let tcsh = matches!(dialect, Dialect::Tcsh(_));
    let name = if tcsh { "__mlenv_a" } else { "__mlenv_answer" };
    let mut out = assign(dialect, name, consent.as_os_str())?;
    out.extend(assign(dialect, "__mlenv_told", OsStr::new(&answer.told))?);
    if tcsh {
        out.extend(for_tcsh(dialect, answer, before)?);
        let line = out.split_off(2); // the first command needs no `; ` before it where nothing else is
        out = if answer.change.is_empty() { line } else { [b"; ".as_slice(), &line].concat() };
        out.push(b'\n');
    } else {
        // What the shell may undo by itself, scripts included.
        let vouched = answer.session.as_ref().map(Session::to_string).unwrap_or_default();
        out.extend(assign(dialect, "__mlenv_mine", OsStr::new(&vouched))?);
        let back =
            answer.session.as_ref().map(|session| spelled_out(dialect, session)).transpose()?;
        out.extend(assign(dialect, "__mlenv_back", &back.unwrap_or_default())?);
    }
    Ok(out)
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
fn for_tcsh(dialect: Dialect, answer: &Answer, before: &Vars) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut set = |name: &str, value: &OsStr| -> Result<()> {
        out.extend(assign(dialect, name, value)?);
        Ok(())
    };
    if answer.young {
        set("__mlenv_racy", OsStr::new("1"))?;
    }
    let Some(session) = &answer.session else { return Ok(out) };
    let after = answer.change.applied_to(before);
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
