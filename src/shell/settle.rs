//! What packages' scripts do in a tcsh, which can compare nothing without a process: the text of an activation asks
//! `mlenv settle` behind such scripts, with what was before them. The other shells do this with builtins (`scripts`).

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::{Dialect, quote};
use crate::error::Result;
use crate::plan::name::{Name, PATH};
use crate::plan::session::{Changed, ListEntry, Owner, Scripted, Session};
use crate::plan::{Change, Step, Vars};

/// Holds the variables before scripts, in the process that is asked alone.
pub(crate) const BEFORE: &str = "__MLENV_BEFORE";
/// A variable longer than this reaches no process.
const LONGEST: usize = 100_000;

/// The text of a change, in the order of its evaluation; what a hook is told stands between.
pub(crate) struct Parts {
    /// All but the last.
    pub(crate) first: Vec<u8>,
    /// What asks about the scripts of entering.
    pub(crate) last: Vec<u8>,
}

/// The text of `change` in a shell with the variables `before`.
pub(crate) fn parts(
    dialect: Dialect,
    change: &Change,
    before: &Vars,
    program: &Path,
) -> Result<Parts> {
    let is_script = |step: &Step| match step {
        Step::Enter(script) | Step::Leave(script) => {
            script.path.extension() == Some(OsStr::new(dialect.script_suffix()))
        }
        _ => false,
    };
    let whole = || super::render(dialect, change).map(|first| Parts { first, last: Vec::new() });
    if !matches!(dialect, Dialect::Tcsh(_)) || !change.steps.iter().any(is_script) {
        return whole();
    }
    let text = snapshot(&change.applied_to(before));
    if text.len() > LONGEST {
        return whole();
    }
    let of = |wanted: &dyn Fn(&Step) -> bool| {
        let steps = change.steps.iter().filter(|step| wanted(step)).cloned().collect();
        super::render(dialect, &Change { steps })
    };
    let (is_enter, is_leave) = (
        |step: &Step| matches!(step, Step::Enter(_)),
        |step: &Step| matches!(step, Step::Leave(_)),
    );
    let plain = of(&|step: &Step| !is_enter(step) && !is_leave(step))?;
    let keep = [b"set __mlenv_before = ".as_slice(), &quote(dialect, &text)?].concat();
    let (leave, enter) = (of(&is_leave)?, of(&is_enter)?);
    let mut commands = vec![plain, keep];
    if !leave.is_empty() {
        commands.extend([leave, asked(dialect, program, "leave")?]);
    }
    let last = if enter.is_empty() { Vec::new() } else { asked(dialect, program, "enter")? };
    commands.push(enter);
    Ok(Parts { first: joined(&commands), last })
}

/// Commands of tcsh on one line.
pub(crate) fn joined(commands: &[Vec<u8>]) -> Vec<u8> {
    let commands = commands.iter().map(|command| command.trim_ascii_end());
    let commands: Vec<&[u8]> = commands.filter(|command| !command.is_empty()).collect();
    let mut line = commands.join(b"; ".as_slice());
    if !line.is_empty() {
        line.push(b'\n');
    }
    line
}

/// The command that asks. It stands in single quotes, so that all of it is expanded by the child alone.
fn asked(dialect: Dialect, program: &Path, what: &str) -> Result<Vec<u8>> {
    let command: Vec<u8> = [
        format!("setenv {BEFORE} $__mlenv_before:q; ").as_bytes(),
        &quote(dialect, program.as_os_str())?,
        format!(" settle {what} --shell \"tcsh:$tcsh\" --hooked $?__mlenv_exe").as_bytes(),
    ]
    .concat();
    let command = quote(dialect, OsStr::from_bytes(&command))?;
    Ok([b"eval \"`\"".as_slice(), &command, b"\"`\""].concat())
}

/// Variables as a session writes them.
fn snapshot(vars: &Vars) -> OsString {
    let mut all: Vec<(Name, &OsString)> =
        vars.iter().filter_map(|(name, value)| Some((Name::new(name)?, value))).collect();
    all.sort();
    let entry =
        |dir: &[u8]| ListEntry { list: Name::known(PATH), dir: OsString::from_vec(dir.to_vec()) };
    let list = vars.get(OsStr::new(PATH)).map(OsString::as_os_str);
    let entries =
        crate::plan::list::entries(list).filter(|dir| !dir.is_empty()).map(entry).collect();
    let vars = all.into_iter().filter(|(name, _)| name.as_str() != PATH);
    let vars = vars.map(|(name, value)| Changed { name, new: Some(value.clone()), old: None });
    let session = Session {
        owner: Owner::Hand,
        prefix: PathBuf::from("/"),
        vars: vars.collect(),
        entries,
        scripts: Vec::new(),
        scripted: Scripted::default(),
    };
    session.to_string().into()
}

/// The variables of a snapshot.
pub(crate) fn read(text: &OsStr) -> Result<Vars> {
    let session = Session::parse(text)?;
    let mut vars: Vars = session
        .vars
        .into_iter()
        .filter_map(|var| Some((var.name.as_str().into(), var.new?)))
        .collect();
    let dirs: Vec<&[u8]> = session.entries.iter().map(|entry| entry.dir.as_bytes()).collect();
    vars.insert(PATH.into(), OsString::from_vec(dirs.join(&b':')));
    Ok(vars)
}
