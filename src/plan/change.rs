//! A change of a shell as data, and how two states of its variables become one.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use crate::plan::Vars;
use crate::plan::draft::Draft;
use crate::plan::name::{Name, PATH, SESSION};
use crate::plan::prompt::Label;

/// A script of a package, sourced by the shell itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Script {
    /// The file.
    pub(crate) path: PathBuf,
    /// `CONDA_PREFIX` while it runs, where the package lives in another prefix than the active one.
    pub(crate) prefix: Option<PathBuf>,
}

/// What a shell has to do, in order. Empty means: print nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Change {
    /// The steps.
    pub(crate) steps: Vec<Step>,
}

/// One thing to do. Steps of one kind that follow each other become one command where the shell has that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Export a variable.
    Set(Name, OsString),
    /// Remove a variable.
    Unset(Name),
    /// Source a script if it is there. What it changes is written into the session.
    Enter(Script),
    /// Source a script of what is left, if it is there. What it changes of what was there is put back.
    Leave(Script),
    /// Let the prompt show this text in front, or nothing of ours any more. Never exported.
    Prompt(Prompt),
}

/// The prompt, which belongs to one shell and not to its children.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Prompt {
    /// Show the label; in place of `instead_of` where that stands in the prompt, as conda replaces its own.
    Show {
        /// The text.
        label: Label,
        /// What conda shows now.
        instead_of: Option<OsString>,
    },
    /// Take out what we show and put back what it replaced.
    Restore,
}

impl Change {
    /// The variables after this change, as far as scripts do not matter.
    pub(crate) fn applied_to(&self, vars: &Vars) -> Vars {
        let mut after = vars.clone();
        for step in &self.steps {
            match step {
                Step::Set(name, value) => drop(after.insert(name.as_str().into(), value.clone())),
                Step::Unset(name) => drop(after.remove(OsStr::new(name.as_str()))),
                Step::Enter(_) | Step::Leave(_) | Step::Prompt(_) => {}
            }
        }
        after
    }
}

/// The steps from `now` to `then`, in conda's order: `PATH`, the old scripts, variables, the new scripts. With no
/// old scripts `PATH` goes with the others, so that one command changes everything.
///
/// Whatever stops a shell half-way, what was done can be undone: a new session comes before what it tells, an
/// old one goes last, and nothing is unset before that.
pub(super) fn steps(
    now: &Draft<'_>,
    then: &Draft<'_>,
    leaving: &[PathBuf],
    prompt: Option<Prompt>,
    entering: &[Script],
) -> Change {
    let mut sets = Vec::new();
    let mut unsets = Vec::new();
    for (name, value) in then.differences(now) {
        match value {
            Some(value) => sets.push((name, value)),
            None => unsets.push(name),
        }
    }
    if sets.is_empty() && unsets.is_empty() && leaving.is_empty() && entering.is_empty() {
        return Change::default();
    }
    sets.sort_by_key(|(name, _)| {
        if name.as_str() == SESSION { 0 } else { 1 + u8::from(name.as_str() != PATH) }
    });
    unsets.sort_by_key(|name| name.as_str() == SESSION);
    let early = sets.iter().position(|(name, _)| name.as_str() == PATH && !leaving.is_empty());
    let early = early.map(|at| sets.remove(at));
    let old = leaving.iter().map(|path| Script { path: path.clone(), prefix: None });
    let set = |(name, value): (&Name, &OsStr)| Step::Set(name.clone(), value.to_owned());
    let steps =
        early.into_iter().map(set).chain(old.map(Step::Leave)).chain(sets.into_iter().map(set));
    let steps =
        steps.chain(unsets.into_iter().cloned().map(Step::Unset)).chain(prompt.map(Step::Prompt));
    Change { steps: steps.chain(entering.iter().cloned().map(Step::Enter)).collect() }
}
