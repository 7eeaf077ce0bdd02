//! `mlenv doctor`: what is wrong with an env, and the cure.

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use super::{print_json, print_words};
use crate::cli::Doctor;
use crate::consent::Kept;
use crate::context::Context;
use crate::doctor::change::Change;
use crate::doctor::examine::examine;
use crate::doctor::facts::{Examination, Facts};
use crate::doctor::finding::Finding;
use crate::doctor::{kernels, pip, repair};
use crate::env::registry;
use crate::error::{Error, Result};
use crate::hint::command;
use crate::kernel::{self, Renewal};
use crate::resolve::{self, Env};
use crate::text::count;
use crate::text::{PathText, Shown};

/// Of many paths only so many are printed for people.
const FEW: usize = 8;

/// What `--json` prints.
#[derive(Serialize)]
struct DoctorReport<'a> {
    path: PathText,
    mended: &'a [Finding],
    findings: &'a [Finding],
}

pub(super) fn run(context: &Context, arguments: &Doctor) -> Result<()> {
    let env = super::env_here(context, super::site::of(context, &arguments.of)?.as_deref())?;
    if arguments.fix {
        // First of all: what is half in place looks like damage.
        let _lock = crate::fs::lock_for_work(&env.path, &Shown(&env.path).to_string())?;
        crate::packages::opened::settle(context, &env.path)?;
    }
    let order = order(context, &env, arguments);
    let facts = Facts::take(&order)?;
    let found = look(context, &facts)?;
    let (mended, left) = if arguments.fix && found.iter().any(Finding::is_fixable) {
        let kept = Kept::of(&context.dirs, &env.path);
        let changes = changes(&found);
        if !changes.is_empty() {
            facts.check()?;
            repair::repair(&env.path, changes)?;
        }
        super::tell_untrusted(context, &kept.renew());
        kernel::renew(&renewals(&found))?;
        remember(context, &env);
        // Looked at again: only what is seen to be whole counts as mended.
        let again = resolve::env(context.host, &context.dirs, Some(env.path.as_os_str()))?;
        let left = look(context, &Facts::take(&self::order(context, &again, arguments))?)?;
        (gone(found, &left), left)
    } else {
        (Vec::new(), found)
    };
    if arguments.json {
        let path = PathText(env.path.clone());
        print_json(&DoctorReport { path, mended: &mended, findings: &left })?;
    } else {
        print_words(text(&env.path, &mended, &left))?;
    }
    verdict(context, &env, &left)
}

fn order<'a>(context: &'a Context, env: &'a Env, arguments: &Doctor) -> Examination<'a> {
    Examination {
        env: &env.path,
        record: &env.record,
        layout: arguments.layout,
        dirs: &context.dirs,
        ui: context.ui,
    }
}

fn look(context: &Context, facts: &Facts) -> Result<Vec<Finding>> {
    let mut found = examine(facts)?;
    let program = context.host.program()?;
    found.extend(kernels::finding(facts, &context.dirs, &program));
    found.extend(pip::environment(context.host.vars()));
    Ok(found)
}

fn renewals(findings: &[Finding]) -> Vec<Renewal> {
    findings.iter().flat_map(Finding::renewals).cloned().collect()
}

fn changes(findings: &[Finding]) -> Vec<Change> {
    findings.iter().flat_map(Finding::changes).cloned().collect()
}

/// The findings that are not met again.
fn gone(found: Vec<Finding>, left: &[Finding]) -> Vec<Finding> {
    let same =
        |one: &Finding| left.iter().any(|other| other.kind == one.kind && other.what == one.what);
    found.into_iter().filter(|finding| finding.is_fixable() && !same(finding)).collect()
}

/// An env that was moved is found by `list` at its new place.
fn remember(context: &Context, env: &Env) {
    if env.record.prefix.0 != env.path && !env.record.prefix.0.exists() {
        let _ = registry::forget(&context.dirs, &env.record.prefix.0);
    }
    if let Err(cause) = registry::remember(&context.dirs, &env.path) {
        context.ui.warn(format!("`mlenv list` will not know the env: {cause}"));
    }
}

fn text(env: &Path, mended: &[Finding], left: &[Finding]) -> String {
    let mut text = String::new();
    for finding in mended {
        let _ = writeln!(text, "mended: {}", finding.what);
    }
    for finding in left {
        let _ = writeln!(text, "found: {}", finding.what);
        for item in finding.items.iter().take(FEW) {
            let _ = writeln!(text, "    {item}");
        }
        if finding.items.len() > FEW {
            let _ = writeln!(text, "    and {} more (`--json` has all)", finding.items.len() - FEW);
        }
        let _ = writeln!(text, "  breaks: {}", finding.breaks);
        let _ = writeln!(text, "  cure: {}", finding.cure_text(env));
    }
    text
}

fn verdict(context: &Context, env: &Env, left: &[Finding]) -> Result<()> {
    let path = Shown(&env.path);
    if left.is_empty() {
        context.ui.say(format!("{path} is healthy"));
        return Ok(());
    }
    let fixable = left.iter().filter(|finding| finding.is_fixable()).count();
    let error = Error::no(format!("{path} has {}", count(left.len(), "finding", "findings")));
    let all = left.len();
    let mends = match fixable {
        0 if all == 1 => return Err(error.hint("its cure is given with it")),
        0 => return Err(error.hint("their cures are given with them")),
        1 if all == 1 => "it".to_owned(),
        _ if fixable == all => "them".to_owned(),
        _ => format!("{fixable} of them"),
    };
    let fix = command("mlenv doctor --fix {}", &[&env.path]);
    Err(error.hint(format!("{fix} mends {mends}")))
}
