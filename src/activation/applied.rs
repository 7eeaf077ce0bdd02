//! The variables that a program gets in an env: activation's plan, carried out on variables alone.
//!
//! Packages' scripts take effect by running in a bash of their own, in exactly the variables that the program is to
//! have: what they look at (a job's GPUs, its scratch directory) is there, nothing is kept, and nothing is written.

use super::{Place, Prompt, Wish, sourced};
use crate::activation;
use crate::config::Dirs;
use crate::error::Result;
use crate::host::Host;
use crate::plan::name::SESSION;
use crate::plan::scripted::scripted;
use crate::plan::session::{Owner, Scripted, Session};
use crate::plan::{self, Change, Script, Step, Vars};
use crate::shell::Dialect;

/// What a program is to have.
pub(crate) struct Inside {
    /// All of its variables.
    pub(crate) vars: Vars,
    /// What was passed over, one sentence each.
    pub(crate) warnings: Vec<String>,
}

/// `vars` with `place` active, whatever was active in them before.
pub(crate) fn inside(
    (place, owner): (Place, Owner),
    vars: &Vars,
    session: Option<&Session>,
    (host, dirs): (&Host, &Dirs),
) -> Result<Inside> {
    let wish = Wish { place, owner, dialect: Dialect::Bash, prompt: Prompt::None };
    let found = activation::read(&wish, host, dirs)?;
    let (change, _) = plan::switch(vars, session, &found.target);
    let mut warnings = found.warnings;
    let vars = applied(&change, vars, &mut warnings);
    Ok(Inside { vars, warnings })
}

/// `vars` with nothing of `session` in them.
pub(crate) fn outside(vars: &Vars, session: &Session) -> Inside {
    let mut warnings = Vec::new();
    let vars = applied(&plan::leave(vars, session), vars, &mut warnings);
    Inside { vars, warnings }
}

fn applied(change: &Change, vars: &Vars, warnings: &mut Vec<String>) -> Vars {
    let mut vars = vars.clone();
    let kind = |step: &Step| match step {
        Step::Enter(_) => Kind::Entering,
        Step::Leave(_) => Kind::Leaving,
        _ => Kind::Plain,
    };
    for run in change.steps.chunk_by(|left, right| kind(left) == kind(right)) {
        if kind(&run[0]) == Kind::Plain {
            vars = Change { steps: run.to_vec() }.applied_to(&vars);
            continue;
        }
        let scripts = scripts(run);
        if scripts.is_empty() {
            continue;
        }
        match sourced::after(&scripts, &vars) {
            Ok(mut after) => {
                // What was there is given back by us.
                if kind(&run[0]) == Kind::Leaving {
                    after.extend(vars);
                } else {
                    note(&vars, &mut after);
                }
                vars = after;
            }
            Err(error) => warnings.push(format!("scripts of packages had no effect: {error}")),
        }
    }
    vars
}

/// Adds to the session what scripts did, so that whoever leaves it gives that back.
fn note(before: &Vars, after: &mut Vars) {
    let found = scripted(before, after);
    let Ok(Some(mut session)) = Session::of(after) else { return };
    if found != Scripted::default() {
        session.scripted = found;
        after.insert(SESSION.into(), session.to_string().into());
    }
}

/// What a run of steps is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    Leaving,
    Entering,
}

/// Those that bash speaks: a session may have been inherited from a shell of another language.
fn scripts(run: &[Step]) -> Vec<Script> {
    let scripts = run.iter().filter_map(|step| match step {
        Step::Enter(script) | Step::Leave(script) => Some(script.clone()),
        _ => None,
    });
    let suffix = std::ffi::OsStr::new(Dialect::Bash.script_suffix());
    scripts.filter(|script| script.path.extension() == Some(suffix)).collect()
}
