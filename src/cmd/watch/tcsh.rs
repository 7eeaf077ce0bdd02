//! The same for tcsh, which cannot decode a session without forking: it gets all of it spelled out, on one line.
//!
//! Each command costs tcsh as much as a small process elsewhere (a score of system calls), so there are few: one `set`
//! for everything to remember, one condition for all variables, one `unsetenv`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use super::Watch;
use crate::error::Result;
use crate::overlay::record;
use crate::plan::name::{Name, SESSION};
use crate::plan::session::{Changed, Session};
use crate::plan::{Change, Vars};
use crate::shell::hook::{Word, assign_all};
use crate::shell::{Dialect, quote, render};

/// The whole line.
pub(super) fn text(
    dialect: Dialect,
    change: &Change,
    watch: &Watch,
    consent: &OsStr,
    before: &Vars,
) -> Result<Vec<u8>> {
    let mut memory = vec![("__mlenv_a", Word::One(consent.to_owned()))];
    let mut set = |name, value: &OsStr| memory.push((name, Word::One(value.to_owned())));
    set("__mlenv_missing", watch.missing.map_or(OsStr::new(""), |path| path.as_os_str()));
    if let Some(heard) = watch.told {
        set("__mlenv_told", OsStr::new(heard));
    }
    if watch.young {
        set("__mlenv_racy", OsStr::new("1"));
    }
    if let Some(session) = watch.session {
        set("__mlenv_fresh", OsStr::new("1"));
        let after = change.applied_to(before);
        set("__mlenv_session", after.get(OsStr::new(SESSION)).map_or(OsStr::new(""), |text| text));
        set("__mlenv_owner", OsStr::new(session.owner.word()));
        set("__mlenv_mark", session.owner.marker().map_or(OsStr::new(""), |path| path.as_os_str()));
        set("__mlenv_env", session.prefix.as_os_str());
        set("__mlenv_r", session.prefix.join(record::FILE).as_os_str());
        set("__mlenv_bin", session.bin().unwrap_or_default());
        let changed = whole(session, &after);
        set("__mlenv_check", &check(dialect, &changed)?);
        set("__mlenv_undo", &undo(dialect, &changed)?);
        let scripts = session.scripts.iter().map(|script| script.as_os_str().to_owned()).collect();
        memory.push(("__mlenv_scripts", Word::List(scripts)));
    }
    let mut line = render(dialect, change)?;
    while line.last() == Some(&b'\n') {
        line.pop();
    }
    if !line.is_empty() {
        line.extend(b"; ");
    }
    line.extend(assign_all(dialect, &memory)?);
    line.push(b'\n');
    Ok(line)
}

/// Every variable that leaving changes, each as a whole: as it is now and as it was. For a colon list that is what it
/// would be without our entries.
fn whole(session: &Session, after: &Vars) -> Vec<Changed> {
    let mut names: Vec<&Name> = session.entries.iter().map(|entry| &entry.list).collect();
    names.dedup();
    let left = crate::plan::leave(after, session).applied_to(after);
    let get = |vars: &Vars, name: &Name| vars.get(OsStr::new(name.as_str())).cloned();
    let lists = names.into_iter().map(|name| Changed {
        name: name.clone(),
        new: get(after, name),
        old: get(&left, name),
    });
    lists.chain(session.vars.iter().cloned()).collect()
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
