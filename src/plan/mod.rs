//! Activation as data: from the variables of a shell and a target to a change, and how to undo it.
//!
//! Everything here works on its arguments: no environment, no files, no processes, no printing. The laws:
//! leaving undoes entering exactly and keeps what the user changed in between; entering twice is entering
//! once; a switch is leaving and entering as one minimal change; no change is an empty [`Change`].

mod change;
mod code;
mod conda;
mod draft;
pub(crate) mod list;
pub(crate) mod name;
pub(crate) mod prompt;
pub(crate) mod scripted;
pub(crate) mod session;

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

pub(crate) use self::change::{Change, Prompt, Script, Step};

use crate::plan::change::steps;
use crate::plan::draft::Draft;
use crate::plan::name::{Name, SESSION};
use crate::plan::prompt::Label;
use crate::plan::session::Scripted;
use crate::plan::session::{Changed, ListEntry, Owner, Session};

/// The variables that a shell exports.
pub(crate) type Vars = HashMap<OsString, OsString>;

/// What is to be active.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// Who asks.
    pub(crate) owner: Owner,
    /// The prefix as every variable names it: absolute, without `:`.
    pub(crate) prefix: PathBuf,
    /// By which variables tools recognise it.
    pub(crate) identity: Identity,
    /// Variables to set, or to unset (`None`); of two with one name the later wins.
    pub(crate) sets: Vec<(Name, Option<OsString>)>,
    /// Variables to set only where the user has not: not set, or empty.
    pub(crate) defaults: Vec<(Name, OsString)>,
    /// Entries to put in front of colon lists, in order.
    pub(crate) entries: Vec<ListEntry>,
    /// Scripts to source after everything is set, in order.
    pub(crate) enter: Vec<Script>,
    /// Scripts to source before leaving, in order.
    pub(crate) leave: Vec<PathBuf>,
    /// What the prompt shows, such as `(myEnv) `; `None` where something else draws it or nobody wants it.
    pub(crate) prompt: Option<Label>,
}

/// By which variables tools recognise what is active.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// `CONDA_PREFIX` and its family.
    Conda {
        /// `CONDA_DEFAULT_ENV`.
        env: OsString,
        /// `CONDA_PROMPT_MODIFIER`.
        modifier: Label,
    },
    /// `VIRTUAL_ENV`.
    Venv {
        /// `VIRTUAL_ENV_PROMPT`.
        name: String,
    },
    /// None: a plain prefix such as `/usr`.
    Plain,
}

/// Leaves what `session` made.
pub(crate) fn leave(vars: &Vars, session: &Session) -> Change {
    let now = Draft::new(vars);
    let mut then = now.clone();
    leave_on(&mut then, session);
    let leaving = scripts_to_leave(&now, session);
    steps(&now, &then, &leaving, Some(Prompt::Restore), &[])
}

/// Enters `target` where no session is.
pub(crate) fn enter(vars: &Vars, target: &Target) -> (Change, Session) {
    switch(vars, None, target)
}

/// Leaves `session`, if there is one, and enters `target`, as one minimal change.
pub(crate) fn switch(vars: &Vars, session: Option<&Session>, target: &Target) -> (Change, Session) {
    let now = Draft::new(vars);
    if let Some(session) =
        session.filter(|session| session.prefix == target.prefix && is_intact(&now, session))
    {
        return renew(&now, session, target);
    }
    let mut then = now.clone();
    let mut leaving = Vec::new();
    if let Some(session) = session {
        leaving = scripts_to_leave(&now, session);
        leave_on(&mut then, session);
    }
    let prompt = prompt_of(&then, target);
    let entered = enter_on(&mut then, target);
    (steps(&now, &then, &leaving, Some(prompt), &target.enter), entered)
}

/// Puts the entries of `session` that got lost back into their lists, and changes nothing else.
pub(crate) fn relist(vars: &Vars, session: &Session) -> Change {
    let now = Draft::new(vars);
    let mut then = now.clone();
    renew_lists(&mut then, &now, session, session);
    steps(&now, &then, &[], None, &[])
}

/// Enters anew what is active already: only what the target changed since is applied, and list entries that
/// got lost are put back. What the user or a package's script changed stays.
fn renew(now: &Draft<'_>, session: &Session, target: &Target) -> (Change, Session) {
    let scripted = &session.scripted;
    let session = &Session { scripted: Scripted::default(), ..session.clone() };
    let mut untouched = now.clone();
    redo(&mut untouched, session);
    let mut renewed = untouched.clone();
    leave_on(&mut renewed, session);
    let prompt = prompt_of(&renewed, target);
    let mut entered = enter_on(&mut renewed, target);
    // By whom is no reason to run scripts again.
    let is_same = entered == (Session { owner: entered.owner.clone(), ..session.clone() });
    let mut then = now.clone();
    if is_same {
        entered.scripted = scripted.clone();
        let text = if entered.owner == session.owner {
            now.get(SESSION).map(OsStr::to_owned)
        } else {
            Some(entered.to_string().into())
        };
        renewed.put(&Name::known(SESSION), text);
    } else {
        undo(&mut then, scripted.vars.iter().rev(), scripted.entries.iter());
    }
    let base = then.clone();
    for (name, value) in renewed.differences(&untouched) {
        then.put(name, value.map(OsStr::to_owned));
    }
    renew_lists(&mut then, &base, session, &entered);
    if is_same {
        return (steps(now, &then, &[], None, &[]), entered);
    }
    (steps(now, &then, &session.scripts, Some(prompt), &target.enter), entered)
}

/// The lists as the user has them now, with the entries of `entered` in place of those of `session`.
fn renew_lists(then: &mut Draft<'_>, now: &Draft<'_>, session: &Session, entered: &Session) {
    for ListEntry { list, .. } in session.entries.iter().chain(&entered.entries) {
        then.put(list, now.get(list.as_str()).map(OsStr::to_owned));
    }
    let gone = session.entries.iter().filter(|entry| !entered.entries.contains(entry));
    gone.for_each(|entry| take_out(then, entry));
    for entry in entered.entries.iter().rev() {
        if !session.entries.contains(entry)
            || !list::holds(now.get(entry.list.as_str()), &entry.dir)
        {
            put_in_front(then, entry);
        }
    }
}

/// True while the variables by which tools recognise the active prefix are ours: nobody, such as
/// `conda deactivate`, has left it behind our back.
fn is_intact(now: &Draft<'_>, session: &Session) -> bool {
    let mut identity = session
        .vars
        .iter()
        .filter(|var| matches!(var.name.as_str(), "CONDA_PREFIX" | "VIRTUAL_ENV"));
    identity.all(|var| now.get(var.name.as_str()) == var.new.as_deref())
}

/// Whoever left the prefix behind our back has run these already.
fn scripts_to_leave(now: &Draft<'_>, session: &Session) -> Vec<PathBuf> {
    if is_intact(now, session) { session.scripts.clone() } else { Vec::new() }
}

fn leave_on(draft: &mut Draft<'_>, session: &Session) {
    undo(draft, session.undone_vars(), session.all_entries());
    draft.put(&Name::known(SESSION), None);
}

/// Gives back what is as it was made, and takes the entries out.
fn undo<'a>(
    draft: &mut Draft<'_>,
    vars: impl Iterator<Item = &'a Changed>,
    mut entries: impl Iterator<Item = &'a ListEntry>,
) {
    for Changed { name, new, old } in vars {
        if draft.get(name.as_str()) == new.as_deref() {
            draft.put(name, old.clone());
        }
    }
    entries.by_ref().for_each(|entry| take_out(draft, entry));
}

/// Everything as `session` left it when it was entered.
fn redo(draft: &mut Draft<'_>, session: &Session) {
    for Changed { name, new, .. } in &session.vars {
        draft.put(name, new.clone());
    }
    session.entries.iter().for_each(|entry| take_out(draft, entry));
    session.entries.iter().rev().for_each(|entry| put_in_front(draft, entry));
}

fn enter_on(draft: &mut Draft<'_>, target: &Target) -> Session {
    let mut vars = Vec::new();
    for (name, new) in wanted(draft, target) {
        // Also what is as wanted already: if the user changes it from here on, the change is seen as the user's.
        let old = draft.get(name.as_str()).map(OsStr::to_owned);
        draft.put(&name, new.clone());
        vars.push(Changed { name, new, old });
    }
    target.entries.iter().rev().for_each(|entry| put_in_front(draft, entry));
    let session = Session {
        owner: target.owner.clone(),
        prefix: target.prefix.clone(),
        vars,
        entries: target.entries.clone(),
        scripts: target.leave.clone(),
        scripted: Scripted::default(),
    };
    draft.put(&Name::known(SESSION), Some(session.to_string().into()));
    session
}

/// The variables that `target` wants in this surrounding, each name once.
fn wanted(draft: &Draft<'_>, target: &Target) -> Vec<(Name, Option<OsString>)> {
    let is_free = |name: &Name| draft.get(name.as_str()).is_none_or(OsStr::is_empty);
    let defaults = target.defaults.iter().filter(|(name, _)| is_free(name));
    let defaults = defaults.map(|(name, value)| (name.clone(), Some(value.clone())));
    let mut wanted: Vec<(Name, Option<OsString>)> = Vec::new();
    for (name, value) in
        defaults.chain(target.sets.iter().cloned()).chain(conda::identity(draft, target))
    {
        match wanted.iter_mut().find(|(known, _)| *known == name) {
            Some(slot) => slot.1 = value,
            None => wanted.push((name, value)),
        }
    }
    wanted
}

fn take_out(draft: &mut Draft<'_>, entry: &ListEntry) {
    let shorter = list::without(draft.get(entry.list.as_str()), &entry.dir);
    draft.put(&entry.list, shorter);
}

fn put_in_front(draft: &mut Draft<'_>, entry: &ListEntry) {
    let longer = list::with_front(draft.get(entry.list.as_str()), &[&entry.dir]);
    draft.put(&entry.list, longer);
}

fn prompt_of(outside: &Draft<'_>, target: &Target) -> Prompt {
    let modifier = outside.get("CONDA_PROMPT_MODIFIER").filter(|modifier| !modifier.is_empty());
    let instead_of =
        modifier.filter(|_| matches!(target.identity, Identity::Conda { .. })).map(OsStr::to_owned);
    match &target.prompt {
        Some(label) => Prompt::Show { label: label.clone(), instead_of },
        None => Prompt::Restore,
    }
}

#[cfg(test)]
mod tests;
