//! Findings on what an env stands on, and on what of it the env lacks.

use super::change::{items, packages};
use super::record::{renewed, renewed_record};
use std::path::Path;

use super::base_state::BaseState;
use super::change::{Change, Over};
use super::compare::Differences;
use super::facts::Facts;
use super::finding::{EnvFault, Finding};
use super::health::shown;
use super::{activators, own_python, python};
use crate::base::conda::Package;
use crate::base::{self, Base, place};
use crate::env::content::BASE_LINK;
use crate::env::layout::Layout;
use crate::env::pyvenv;
use crate::error::Result;
use crate::hint::command;
use crate::text::Shown;
use crate::text::count;

/// The base is where the link leads; or what else there is.
pub(crate) fn ground(facts: &Facts) -> Result<Option<Finding>> {
    let then = Shown(&facts.record.base.prefix.0);
    let env = facts.env;
    let rebase = command("mlenv rebase {} --base BASE", &[&env]);
    let onto = |base: &Path| {
        let onto = command("mlenv rebase {} --base {}", &[&env, &base]);
        format!("{onto} moves the env onto it")
    };
    let breaks = "nothing of the base can be used: Python does not start, or another one starts";
    Ok(Some(match &facts.ground {
        BaseState::Here(_) => return Ok(None),
        BaseState::Moved(base) => {
            let mut changes = vec![
                Change::rewrite(pyvenv::FILE, own_python::config(facts, base)),
                Change::Link {
                    path: BASE_LINK.into(),
                    target: base.prefix.clone().into_os_string(),
                    over: Over::Seen,
                },
                renewed_record(facts)?,
            ];
            changes.extend(python::interpreter_links(facts, base));
            let what = if facts.record.base.prefix.0 == base.prefix {
                format!("the env's link to its base {then} is missing, or leads elsewhere")
            } else {
                format!("the base moved from {then} to {}", Shown(&base.prefix))
            };
            Finding::mended(EnvFault::BaseMoved, what, breaks, changes)
        }
        BaseState::Other(base) => Finding::told(
            EnvFault::BaseGone,
            format!("the base {then} is gone; {} holds another state of it", Shown(&base.named)),
            breaks,
            if base.named == facts.record.base.path.0 {
                format!("{} moves the env onto it", command("mlenv rebase {} --update", &[&env]))
            } else {
                onto(&base.named)
            },
        ),
        BaseState::OtherPython(base) => Finding::told(
            EnvFault::BaseChanged,
            format!(
                "the base has Python {} now, and had {} when the env was made",
                base.python.version, facts.record.base.python
            ),
            "packages in the env are for the old Python, and its programs do not start",
            onto(&base.named),
        ),
        BaseState::Gone => Finding::told(
            EnvFault::BaseGone,
            format!("the base {then} is gone"),
            breaks,
            format!("mount it again, or {rebase}"),
        ),
        BaseState::Unfit(why) => Finding::told(
            EnvFault::BaseUnfit,
            format!("the base can no longer be used: {why}"),
            breaks,
            format!("ask whoever keeps the base, or {rebase}"),
        ),
    }))
}

/// An env that an mlenv put on the Python of an image's system, where the image has a base: what its path means today is
/// another prefix.
pub(crate) fn mistaken(facts: &Facts, base: &Base) -> Option<Finding> {
    let found = place::look(&base.prefix).ok().flatten()?;
    if base.kind == base::BaseKind::System || found.prefix.canonicalize().ok()? == base.prefix {
        return None;
    }
    let (image, right) = (Shown(&base.prefix), Shown(&found.prefix));
    let what = format!(
        "the env stands on the system's own Python in {image}, which is an image: its base is {right}"
    );
    let breaks = "nothing of the image's base is seen in the env, and that Python may need what only the image has";
    let cure = format!(
        "{} moves the env onto it",
        command("mlenv rebase {} --base {}", &[&facts.env, &base.prefix])
    );
    Some(Finding::told(EnvFault::BaseUnfit, what, breaks, cure))
}

/// A base that looks as if it were away, or only partly there.
pub(crate) fn away(facts: &Facts, base: &Base, found: &Differences) -> Finding {
    let path = Shown(&base.prefix);
    let what = if found.vacant.is_empty() {
        format!(
            "the base {path} is only partly there: {} of {} links and records of the env lead nowhere",
            found.gone(),
            found.all
        )
    } else {
        let dirs = count(found.vacant.len(), "directory of it is", "directories of it are");
        format!("the base {path} is only partly there: {dirs} empty or missing")
    };
    let breaks = "what is missing cannot be used; nothing is mended, since it may come back";
    let cure = format!(
        "mount it again, or wait until it is whole; if it is to stay so, {} moves the env",
        command("mlenv rebase {} --base BASE", &[&facts.env])
    );
    let items = found.vacant.iter().map(|dir| shown(dir)).collect();
    Finding::told(EnvFault::BaseGone, what, breaks, cure).about(items)
}

/// What differs between env and plan: one finding where the base was changed, or another layout was asked for;
/// else one for each sort of damage.
pub(crate) fn differences(facts: &Facts, found: Differences) -> Result<Vec<Finding>> {
    if facts.base_changed() && concerns(facts, &found) {
        return Ok(vec![changed(facts, found)?]);
    }
    if facts.layout != facts.record.layout {
        let missing = count(found.missing.len(), "entry", "entries");
        let what = format!("{missing} of the layout {} are not there", facts.layout.name());
        let breaks = "nothing; the env has its own layout";
        let carried = activators::changes(facts.env, facts.record, &renewed(facts))?;
        let changes = [found.changes(), carried, vec![renewed_record(facts)?]].concat();
        return Ok(vec![Finding::mended(EnvFault::LayoutIncomplete, what, breaks, changes)]);
    }
    let mut findings = Vec::new();
    if !found.linked.is_empty() {
        let number = count(
            found.linked.len(),
            "program or kernel is a link",
            "programs or kernels are links",
        );
        let what = format!("{number} to the base's, as older versions of mlenv made them");
        let breaks = "they start the base's Python, which does not see the packages of the env";
        let items = items(&found.linked);
        findings.push(
            Finding::mended(EnvFault::LinksToPrograms, what, breaks, found.linked).about(items),
        );
    }
    let nowhere = [found.dangling, found.astray].concat();
    if !nowhere.is_empty() {
        let what = format!("{} to the base lead nowhere", count(nowhere.len(), "link", "links"));
        let breaks = "programs that look for these files fail, and so do activation scripts";
        findings.push(
            Finding::mended(EnvFault::LinksDangling, what, breaks, nowhere.clone())
                .about(items(&nowhere)),
        );
    }
    if found.missing.is_empty() {
        return Ok(findings);
    }
    let removed: Vec<String> = packages(&found.missing).iter().map(Package::shown).collect();
    findings.push(if removed.is_empty() {
        let what = format!("{} of the base cannot be seen in the env", count(found.missing.len(), "entry", "entries"));
        let breaks = "programs and files of the base are not seen in the env, though its modules can be imported";
        let items = items(&found.missing);
        Finding::mended(EnvFault::EntriesMissing, what, breaks, found.missing).about(items)
    } else {
        let what = format!(
            "{} of the base {} taken out of the env by a conda client",
            count(removed.len(), "package", "packages"),
            if removed.len() == 1 { "was" } else { "were" }
        );
        let breaks = "their programs are gone, and clients think that they are not installed; their modules can still be imported";
        Finding::mended(EnvFault::PackagesRemoved, what, breaks, found.missing).about(removed)
    });
    Ok(findings)
}

/// Links to programs that no record names, and activation files of the time when `bin` was linked whole.
pub(crate) fn unowned(facts: &Facts, found: &Differences) -> Result<Option<Finding>> {
    let carried = if facts.place == facts.record.prefix.0 && facts.layout == facts.record.layout {
        activators::changes(facts.env, facts.record, facts.record)?
    } else {
        Vec::new() // written anew with the place, or with the layout
    };
    let changes = [found.unowned.clone(), carried].concat();
    if changes.is_empty() {
        return Ok(None);
    }
    let links = count(found.unowned.len(), "link in bin leads", "links in bin lead");
    let what = if found.unowned.is_empty() {
        "the env's own activation files are those of an older mlenv".to_owned()
    } else {
        format!(
            "{links} to programs of the base that no package owns: the base's bin follows on PATH now"
        )
    };
    let breaks =
        "some conda clients write through such links, into the base where that can be written";
    let items = items(&changes);
    Ok(Some(Finding::mended(EnvFault::ProgramsUnowned, what, breaks, changes).about(items)))
}

/// True where a change of the base concerns the env: its Python, or what it shows of the base. A package that a plain
/// Python or `/usr` gained is seen by itself.
fn concerns(facts: &Facts, found: &Differences) -> bool {
    let base = &facts.record.base;
    let is_other = facts.base().is_some_and(|now| now.python.version != base.python);
    let shows = facts.record.layout != Layout::Sparse;
    let differs = found.gone() > 0 || !found.missing.is_empty();
    is_other || (shows && (differs || base.kind == base::BaseKind::Conda))
}

/// What it breaks that the base is another: only what is so.
fn broken(found: &Differences) -> &'static str {
    match (found.missing.is_empty(), found.gone() == 0) {
        (false, false) => {
            "new programs of the base are not seen, links to what is gone lead nowhere"
        }
        (false, true) => "new programs of the base are not seen",
        (true, false) => "links to what is gone lead nowhere",
        (true, true) => "nothing yet; what the env knows of its base is older than that",
    }
}

fn changed(facts: &Facts, found: Differences) -> Result<Finding> {
    let gone = packages(&[found.dangling.clone(), found.astray.clone()].concat());
    let new = packages(&found.missing);
    let named = |sign: &str, packages: &[Package]| -> Vec<String> {
        packages.iter().map(|package| format!("{sign}{}", package.shown())).collect()
    };
    let items = [named("-", &gone), named("+", &new)].concat();
    let then = &facts.record.base.python;
    let now = facts.base().map_or(then, |base| &base.python.version);
    let python =
        if then == now { String::new() } else { format!(", and its Python from {then} to {now}") };
    let what = format!(
        "the base changed in place{python}: {} new in it, {} gone",
        count(found.missing.len(), "entry", "entries"),
        found.dangling.len() + found.astray.len()
    );
    let breaks = broken(&found);
    let mut changes = found.changes();
    if let Some(base) = facts.base() {
        changes.push(Change::rewrite(pyvenv::FILE, own_python::config(facts, base)));
    }
    changes.push(renewed_record(facts)?);
    Ok(Finding::mended(EnvFault::BaseChanged, what, breaks, changes).about(items))
}
