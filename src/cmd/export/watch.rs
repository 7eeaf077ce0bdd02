//! The end of an answer: variables of the shell itself by which the hook sees the next change.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::Answer;
use crate::error::Result;
use crate::plan::Vars;
use crate::plan::name::{PATH, SESSION};
use crate::plan::session::{Changed, Owner, Session};
use crate::shell::Dialect;
use crate::shell::hook::{assign, assign_list};

/// The assignments for `answer`, which changes the variables `before`.
pub(super) fn text(dialect: Dialect, answer: &Answer, before: &Vars) -> Result<Vec<u8>> {
    let consent = answer.consent.as_deref().unwrap_or(Path::new(""));
    let tcsh = matches!(dialect, Dialect::Tcsh(_));
    let name = if tcsh { "__mlenv_a" } else { "__mlenv_answer" };
    let mut out = assign(dialect, name, consent.as_os_str())?;
    out.extend(assign(dialect, "__mlenv_told", OsStr::new(&answer.told))?);
    if !tcsh {
        // What the shell may undo by itself, scripts included.
        let vouched = answer.session.as_ref().map(Session::to_string).unwrap_or_default();
        out.extend(assign(dialect, "__mlenv_mine", OsStr::new(&vouched))?);
    } else {
        out.extend(for_tcsh(dialect, answer, before)?);
        let line = out.split_off(2); // the first command needs no `; ` before it where nothing else is
        out = if answer.change.is_empty() { line } else { [b"; ".as_slice(), &line].concat() };
        out.push(b'\n');
    }
    Ok(out)
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
    out.extend(assign_list(dialect, "__mlenv_vars", &borrow(&variables(session)))?);
    out.extend(assign_list(dialect, "__mlenv_lists", &borrow(&lists(session, &after)))?);
    Ok(out)
}

/// Four words for each variable: name, the value that is ours, whether it was set before, its value then.
fn variables(session: &Session) -> Vec<OsString> {
    let words = |Changed { name, new, old }: &Changed| {
        [
            name.as_str().into(),
            state(new.as_deref()),
            mark(old.as_deref()),
            old.clone().unwrap_or_default(),
        ]
    };
    session.vars.iter().rev().flat_map(words).collect()
}

/// The same for the colon lists: each as a whole, with our entries and without.
fn lists(session: &Session, after: &Vars) -> Vec<OsString> {
    let mut names: Vec<&str> = session.entries.iter().map(|entry| entry.list.as_str()).collect();
    names.dedup();
    let left = crate::plan::leave(after, session).applied_to(after);
    let get = |vars: &Vars, name: &str| vars.get(OsStr::new(name)).cloned();
    let words = |name: &str| {
        let (now, then) = (get(after, name), get(&left, name));
        [name.into(), state(now.as_deref()), mark(then.as_deref()), then.unwrap_or_default()]
    };
    names.into_iter().flat_map(words).collect()
}

fn state(value: Option<&OsStr>) -> OsString {
    let mut out = mark(value);
    out.push(value.unwrap_or_default());
    out
}

fn mark(value: Option<&OsStr>) -> OsString {
    if value.is_some() { "=" } else { "!" }.into()
}

fn borrow(words: &[OsString]) -> Vec<&OsStr> {
    words.iter().map(OsString::as_os_str).collect()
}
