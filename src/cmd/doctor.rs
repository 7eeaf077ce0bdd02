//! `mlenv doctor`: what is wrong with an env, and the cure.

use std::fmt::Write as _;

use serde::Serialize;

use super::{Context, print, print_json};
use crate::care::change::Change;
use crate::care::examine::examine;
use crate::care::facts::{Facts, Order};
use crate::care::finding::{Cure, Finding, count};
use crate::care::{kernels, mend};
use crate::cli::Doctor;
use crate::error::{Error, Result};
use crate::kernel::{self, Renewal};
use crate::overlay::registry;
use crate::resolve::{self, Env};
use crate::text::{PathText, Shown};

/// Of many paths only so many are printed for people.
const FEW: usize = 8;

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    path: PathText,
    mended: &'a [Finding],
    findings: &'a [Finding],
}

pub(super) fn run(context: &Context, arguments: &Doctor) -> Result<()> {
    let env = super::env_here(context, arguments.env.as_deref())?;
    let found = look(context, &env, arguments)?;
    let (mended, left) = if arguments.fix && found.iter().any(Finding::is_fixable) {
        let changes = changes(&found);
        if !changes.is_empty() {
            mend::mend(&env.path, changes)?;
        }
        kernel::renew(&renewals(&found))?;
        remember(context, &env);
        // Looked at again: only what is seen to be whole counts as mended.
        let again = resolve::env(context.host, &context.dirs, Some(env.path.as_os_str()))?;
        let left = look(context, &again, arguments)?;
        (gone(found, &left), left)
    } else {
        (Vec::new(), found)
    };
    if arguments.json {
        let path = PathText(env.path.clone());
        print_json(&Report { path, mended: &mended, findings: &left })?;
    } else {
        print(text(&mended, &left))?;
    }
    verdict(context, &env, &left)
}

fn look(context: &Context, env: &Env, arguments: &Doctor) -> Result<Vec<Finding>> {
    let order = Order {
        env: &env.path,
        record: &env.record,
        layout: arguments.layout,
        dirs: &context.dirs,
        ui: context.ui,
    };
    let facts = Facts::take(&order)?;
    let mut found = examine(&facts)?;
    let program = context.host.program()?;
    found.extend(kernels::finding(&facts, &context.dirs, &program));
    Ok(found)
}

fn renewals(findings: &[Finding]) -> Vec<Renewal> {
    let fixes = findings.iter().filter_map(|finding| match &finding.cure {
        Cure::Kernels(renewals) => Some(renewals.as_slice()),
        _ => None,
    });
    fixes.flatten().cloned().collect()
}

fn changes(findings: &[Finding]) -> Vec<Change> {
    let fixes = findings.iter().filter_map(|finding| match &finding.cure {
        Cure::Fix(changes) => Some(changes.as_slice()),
        Cure::Words(_) | Cure::Kernels(_) => None,
    });
    fixes.flatten().cloned().collect()
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

fn text(mended: &[Finding], left: &[Finding]) -> String {
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
        let _ = writeln!(text, "  cure: {}", finding.cure_text());
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
    Err(match fixable {
        0 => error.hint("its cure is told with it"),
        _ => error.hint(format!("`mlenv doctor --fix {path}` mends {fixable} of them")),
    })
}
