//! The session: what one shell has active and how to undo it, in one exported variable.
//!
//! ```text
//! session = "1" *( SP item )
//! item    = "o:" enc(marker)          activated by this marker; "o:" alone: by hand
//!         | "e:" enc(prefix)          what is active; exactly one
//!         | "v:" NAME ":" new ":" old a variable; new, old = "!" (not set) or "=" enc(value)
//!         | "p:" NAME ":" enc(dir)    an entry that we put into the colon list NAME
//!         | "d:" enc(script)          sourced on leaving, if it is still there
//!         | "s:"                      what follows was changed by scripts on entering, as the shell found
//! enc     = every byte outside [A-Za-z0-9_./+@,-] as %XX
//! ```
//!
//! bash, zsh and fish undo it with builtins alone. Reading it is total: whatever the variable holds, the answer
//! is a session that keeps these rules, or one sentence.

use std::ffi::{OsStr, OsString};
use std::fmt::{self, Write as _};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use crate::error::{Error, Result};
use crate::plan::code::{Encoded, decode};
use crate::plan::name::{Name, PATH, SESSION};
use crate::plan::{Vars, list};

const VERSION: &str = "1";

/// What a shell has active, and how to undo it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    /// Who activated it.
    pub(crate) owner: Owner,
    /// The prefix that is active.
    pub(crate) prefix: PathBuf,
    /// Variables set or unset, in order.
    pub(crate) vars: Vec<Changed>,
    /// Entries put into colon lists, in order.
    pub(crate) entries: Vec<ListEntry>,
    /// Scripts to source on leaving, in order.
    pub(crate) scripts: Vec<PathBuf>,
    /// What scripts did on entering.
    pub(crate) scripted: Scripted,
}

/// What scripts changed, as the shell that sourced them found. Undone before all else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scripted {
    /// Variables.
    pub(crate) vars: Vec<Changed>,
    /// Entries of colon lists.
    pub(crate) entries: Vec<ListEntry>,
}

/// Who asked for an activation. What a user activated by hand is not replaced by a marker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The user, by a command.
    Hand,
    /// The marker file at this path.
    Marker(PathBuf),
}

impl Owner {
    /// One word for it, as the hooks have it.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Hand => "hand",
            Self::Marker(_) => "marker",
        }
    }

    /// The marker, where one asked.
    pub(crate) fn marker(&self) -> Option<&Path> {
        match self {
            Self::Hand => None,
            Self::Marker(path) => Some(path),
        }
    }
}

/// One variable: undone only while it still has the value `new`. `None` means: not set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Changed {
    /// Which variable.
    pub(crate) name: Name,
    /// What we made of it.
    pub(crate) new: Option<OsString>,
    /// What it was.
    pub(crate) old: Option<OsString>,
}

/// One entry of a colon list: undone by taking it out once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListEntry {
    /// The list variable.
    pub(crate) list: Name,
    /// The entry.
    pub(crate) dir: OsString,
}

impl Session {
    /// The session that a shell's variables hold. An empty variable is none.
    pub(crate) fn of(vars: &Vars) -> Result<Option<Self>> {
        match vars.get(OsStr::new(SESSION)) {
            Some(text) if !text.is_empty() => Self::parse(text).map(Some),
            _ => Ok(None),
        }
    }

    /// The entry of `PATH` by which a shell sees that the session lost it.
    pub(crate) fn bin(&self) -> Option<&OsStr> {
        let entry = self.entries.iter().find(|entry| entry.list.as_str() == PATH)?;
        Some(&entry.dir)
    }

    /// All entries, also those of scripts.
    pub(crate) fn all_entries(&self) -> impl Iterator<Item = &ListEntry> {
        self.entries.iter().chain(&self.scripted.entries)
    }

    /// All variables in the order of their undoing, also those of scripts.
    pub(crate) fn undone_vars(&self) -> impl Iterator<Item = &Changed> {
        self.scripted.vars.iter().rev().chain(self.vars.iter().rev())
    }

    /// True where the entries of each list come before all others but those of scripts.
    pub(crate) fn leads(&self, vars: &Vars) -> bool {
        self.entries.iter().all(|ListEntry { list, .. }| {
            let ours = self.entries.iter().filter(|entry| entry.list == *list);
            let scripted = |dir: &&[u8]| {
                let mut scripted = self.scripted.entries.iter();
                scripted.any(|entry| entry.list == *list && entry.dir.as_bytes() == *dir)
            };
            let found = list::entries(vars.get(OsStr::new(list.as_str())).map(OsString::as_os_str));
            let mut found = found.filter(|dir| !scripted(dir));
            ours.map(|entry| entry.dir.as_bytes()).all(|dir| found.next() == Some(dir))
        })
    }

    /// The variables without these entries.
    pub(crate) fn without_entries(&self, vars: &Vars) -> Vars {
        let mut without = vars.clone();
        for ListEntry { list, dir } in &self.entries {
            let shorter = list::without(without.remove(OsStr::new(list.as_str())).as_deref(), dir);
            without.extend(shorter.map(|value| (list.as_str().into(), value)));
        }
        without
    }

    /// Reads a session's text. Anything that breaks a rule makes the whole unreadable.
    pub(crate) fn parse(text: &OsStr) -> Result<Self> {
        let text = text.to_str().ok_or_else(damaged)?;
        let mut words = text.split(' ');
        if words.next() != Some(VERSION) {
            return Err(Error::new("this shell's session was written by another version of mlenv")
                .hint("start a new shell, or deactivate with the version that activated"));
        }
        let mut parts = Parts::default();
        for word in words {
            parts.take(word).ok_or_else(damaged)?;
        }
        parts.finish().ok_or_else(damaged)
    }
}

fn damaged() -> Error {
    Error::new(format!("this shell's session is damaged: {SESSION} is not what mlenv wrote"))
        .hint(format!("start a new shell, or unset {SESSION}"))
}

/// What was read so far.
#[derive(Default)]
struct Parts {
    owner: Option<Owner>,
    prefix: Option<PathBuf>,
    vars: Vec<Changed>,
    entries: Vec<ListEntry>,
    scripts: Vec<PathBuf>,
    scripted: Option<Scripted>,
}

impl Parts {
    /// Takes one item in; `None` where it breaks a rule.
    fn take(&mut self, item: &str) -> Option<()> {
        let (kind, rest) = item.split_once(':')?;
        match kind {
            "o" if self.owner.is_none() => self.owner = Some(owner(rest)?),
            "e" if self.prefix.is_none() => self.prefix = Some(absolute(rest)?),
            "s" if rest.is_empty() && self.scripted.is_none() => {
                self.scripted = Some(Scripted::default());
            }
            "v" => {
                let vars = self.scripted.as_mut().map(|scripted| &mut scripted.vars);
                vars.unwrap_or(&mut self.vars).push(changed(rest)?);
            }
            "p" => {
                let entries = self.scripted.as_mut().map(|scripted| &mut scripted.entries);
                entries.unwrap_or(&mut self.entries).push(entry(rest)?);
            }
            "d" => self.scripts.push(absolute(rest)?),
            _ => return None,
        }
        Some(())
    }

    fn finish(self) -> Option<Session> {
        let prefix = self.prefix?;
        self.scripts.iter().all(|script| is_leave_script(&prefix, script)).then_some(())?;
        let Self { owner, vars, entries, scripts, scripted, .. } = self;
        let scripted = scripted.unwrap_or_default();
        Some(Session { owner: owner?, prefix, vars, entries, scripts, scripted })
    }
}

/// Only scripts of the active prefix, or of the base behind it, are ever sourced.
fn is_leave_script(prefix: &Path, script: &Path) -> bool {
    script.starts_with(prefix)
        && script.parent().is_some_and(|dir| dir.ends_with("etc/conda/deactivate.d"))
}

fn owner(text: &str) -> Option<Owner> {
    if text.is_empty() { Some(Owner::Hand) } else { absolute(text).map(Owner::Marker) }
}

fn changed(text: &str) -> Option<Changed> {
    let mut parts = text.split(':');
    let (name, new, old) = (parts.next()?, parts.next()?, parts.next()?);
    let name = Name::new(name).filter(|name| name.as_str() != PATH && parts.next().is_none())?;
    Some(Changed { name, new: state(new).ok()?, old: state(old).ok()? })
}

/// A value, or none where it is not set; `Err` for what is neither.
fn state(text: &str) -> std::result::Result<Option<OsString>, ()> {
    match text.strip_prefix('=') {
        Some(value) => decode(value).map(Some).ok_or(()),
        None if text == "!" => Ok(None),
        None => Err(()),
    }
}

fn entry(text: &str) -> Option<ListEntry> {
    let (list, dir) = text.split_once(':')?;
    let dir = decode(dir).filter(|dir| !dir.is_empty() && !dir.as_bytes().contains(&b':'))?;
    Some(ListEntry { list: Name::new(list)?, dir })
}

fn absolute(text: &str) -> Option<PathBuf> {
    let path = PathBuf::from(decode(text)?);
    let plain =
        path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
    (plain && path.is_absolute()).then_some(path)
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(VERSION)?;
        match &self.owner {
            Owner::Hand => f.write_str(" o:")?,
            Owner::Marker(marker) => write!(f, " o:{}", Encoded(marker.as_os_str()))?,
        }
        write!(f, " e:{}", Encoded(self.prefix.as_os_str()))?;
        items(f, &self.vars, &self.entries)?;
        for script in &self.scripts {
            write!(f, " d:{}", Encoded(script.as_os_str()))?;
        }
        if self.scripted == Scripted::default() {
            return Ok(());
        }
        f.write_str(" s:")?;
        items(f, &self.scripted.vars, &self.scripted.entries)
    }
}

fn items(f: &mut fmt::Formatter<'_>, vars: &[Changed], entries: &[ListEntry]) -> fmt::Result {
    for Changed { name, new, old } in vars {
        write!(f, " v:{name}:{}:{}", State(new.as_deref()), State(old.as_deref()))?;
    }
    entries.iter().try_for_each(|ListEntry { list, dir }| write!(f, " p:{list}:{}", Encoded(dir)))
}

struct State<'a>(Option<&'a OsStr>);

impl fmt::Display for State<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(value) => write!(f, "={}", Encoded(value)),
            None => f.write_char('!'),
        }
    }
}

#[cfg(test)]
mod tests;
