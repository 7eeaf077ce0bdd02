//! What the hook of tcsh is told. tcsh cannot decode a session without forking: it gets all of it spelled out, on one line.
//!
//! Each command costs tcsh as much as a small process elsewhere (a score of system calls), so there are few: one `set`
//! for everything to remember, one condition for all variables, one `unsetenv`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use super::Watch;
use crate::error::Result;
use crate::plan::name::{Name, SESSION};
use crate::plan::session::{Changed, Session};
use crate::plan::{Change, Vars};
use crate::shell::hook::{Word, assign_all};
use crate::shell::settle;
use crate::shell::{Dialect, quote, render};

/// The whole line.
pub(crate) fn text(
    dialect: Dialect,
    change: &Change,
    watch: &Watch,
    consent: &OsStr,
    before: &Vars,
) -> Result<Vec<u8>> {
    let mut memory = vec![("__mlenv_a", Word::One(consent.to_owned()))];
    let mut set = |name, value: &OsStr| memory.push((name, Word::One(value.to_owned())));
    set("__mlenv_missing", watch.missing.map_or(OsStr::new(""), |path| path.as_os_str()));
    if let Some((heard, waits)) = watch.told {
        set("__mlenv_told", OsStr::new(heard));
        set("__mlenv_untold", OsStr::new(if waits { "1" } else { "" }));
    }
    if watch.young {
        set("__mlenv_racy", OsStr::new("1"));
    }
    if watch.session.is_some() {
        memory.extend(of_session(dialect, watch, &change.applied_to(before))?);
    }
    let parts = settle::parts(dialect, change, before, watch.program)?;
    Ok(settle::joined(&[parts.first, assign_all(dialect, &memory)?, parts.last]))
}

/// What is told of a session alone, which has become longer.
pub(crate) fn renewed(
    dialect: Dialect,
    change: &Change,
    watch: &Watch,
    before: &Vars,
) -> Result<Vec<u8>> {
    let memory = of_session(dialect, watch, &change.applied_to(before))?;
    Ok(settle::joined(&[render(dialect, change)?, assign_all(dialect, &memory)?]))
}

/// What is to be remembered of what is active, in a shell that has the variables `after`.
fn of_session(dialect: Dialect, watch: &Watch, after: &Vars) -> Result<Vec<(&'static str, Word)>> {
    let mut memory = Vec::new();
    let Some(session) = watch.session else { return Ok(memory) };
    let mut set = |name, value: &OsStr| memory.push((name, Word::One(value.to_owned())));
    set("__mlenv_fresh", OsStr::new("1"));
    set("__mlenv_session", after.get(OsStr::new(SESSION)).map_or(OsStr::new(""), |text| text));
    set("__mlenv_owner", OsStr::new(session.owner.word()));
    set("__mlenv_mark", session.owner.marker().map_or(OsStr::new(""), |path| path.as_os_str()));
    set("__mlenv_env", session.prefix.as_os_str());
    set("__mlenv_r", watch.record.map_or(OsStr::new(""), |path| path.as_os_str()));
    set("__mlenv_guard", watch.guard.map_or(OsStr::new(""), |path| path.as_os_str()));
    set("__mlenv_bin", session.bin().unwrap_or_default());
    let made = |name| made_of(session, name).unwrap_or_default();
    set("__mlenv_level", made("CONDA_SHLVL"));
    set("__mlenv_named", made("CONDA_PROMPT_MODIFIER"));
    set("__mlenv_outer", &outer(dialect, session, made("CONDA_SHLVL"))?);
    let changed = whole(session, after);
    set("__mlenv_check", &check(dialect, &changed)?);
    set("__mlenv_undo", &undo(dialect, &changed)?);
    let scripts = session.scripts.iter().map(|script| script.as_os_str().to_owned()).collect();
    memory.push(("__mlenv_scripts", Word::List(scripts)));
    Ok(memory)
}

/// What the session made of a variable, if that is a value.
fn made_of<'a>(session: &'a Session, name: &str) -> Option<&'a OsStr> {
    session.vars.iter().find(|var| var.name.as_str() == name)?.new.as_deref()
}

/// Lets the env be where conda has another one active on top of it, and will come back to it.
fn outer(dialect: Dialect, session: &Session, level: &OsStr) -> Result<OsString> {
    let Some(level) = level.to_str().filter(|level| level.parse::<u32>().is_ok()) else {
        return Ok(OsString::new());
    };
    let prefix = quote(dialect, session.prefix.as_os_str())?;
    let there = [
        format!("if ( \"$CONDA_PREFIX_{level}:q\" == ").as_bytes(),
        &prefix,
        b" ) set __mlenv_todo = nothing",
    ]
    .concat();
    let there = quote(dialect, OsStr::from_bytes(&there))?;
    let test = format!("if ( $?CONDA_PREFIX_{level} ) eval ");
    Ok(OsString::from_vec([test.as_bytes(), &there].concat()))
}

/// Every variable that leaving changes, each as a whole: as it is now and as it would be then.
fn whole(session: &Session, after: &Vars) -> Vec<Changed> {
    let lists = session.all_entries().map(|entry| &entry.list);
    let mut names: Vec<&Name> = Vec::new();
    for name in lists.chain(session.undone_vars().map(|var| &var.name)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let left = crate::plan::leave(after, session).applied_to(after);
    let get = |vars: &Vars, name: &Name| vars.get(OsStr::new(name.as_str())).cloned();
    let changed =
        |name: &Name| Changed { name: name.clone(), new: get(after, name), old: get(&left, name) };
    names.into_iter().map(changed).collect()
}

/// Sets `__mlenv_whole` where every variable is as we left it. `eval` puts off the look at variables that may not be
/// there.
fn check(dialect: Dialect, vars: &[Changed]) -> Result<OsString> {
    let mut there = Vec::new();
    let mut same = Vec::new();
    for Changed { name, new, .. } in vars {
        let Some(new) = new else {
            there.push(format!("! $?{name}").into_bytes());
            continue;
        };
        there.push(format!("$?{name}").into_bytes());
        // A value that begins like an operator is none behind a `=`.
        let marked: OsString = [OsStr::new("="), new].into_iter().collect();
        same.push([format!("\"=${name}:q\" == ").as_bytes(), &quote(dialect, &marked)?].concat());
    }
    let mut inner = b"set __mlenv_whole = 1".to_vec();
    if !same.is_empty() {
        inner = [b"if ( ", same.join(b" && ".as_slice()).as_slice(), b" ) ", &inner].concat();
    }
    let inner = quote(dialect, OsStr::from_bytes(&inner))?;
    let there = if there.is_empty() { b"1".to_vec() } else { there.join(b" && ".as_slice()) };
    Ok(OsString::from_vec([b"if ( ", there.as_slice(), b" ) eval ", &inner].concat()))
}

/// Gives each variable its old value. The session goes last, so that whatever stops the shell half-way, it is undone
/// later.
fn undo(dialect: Dialect, vars: &[Changed]) -> Result<OsString> {
    let mut out = Vec::new();
    let mut gone = Vec::new();
    for Changed { name, new, old } in vars.iter().filter(|var| var.new != var.old) {
        match old {
            Some(old) => {
                out.extend(
                    [format!("setenv {name} ").as_bytes(), &quote(dialect, old)?, b"; "].concat(),
                );
            }
            None if new.is_some() => gone.push(name.as_str()),
            None => {}
        }
    }
    gone.push(SESSION);
    out.extend(format!("unsetenv {}", gone.join(" ")).as_bytes());
    Ok(OsString::from_vec(out))
}
