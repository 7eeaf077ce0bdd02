//! Findings on what an env stands on, and on what of it the env lacks.

use std::path::Path;

use super::change::{Change, Over};
use super::compare::Differences;
use super::facts::Facts;
use super::finding::{Finding, Kind, count};
use super::ground::Ground;
use super::health::shown;
use super::{carried, own_python};
use crate::base::conda::Package;
use crate::error::Result;
use crate::overlay::plan::BASE_LINK;
use crate::overlay::pyvenv;
use crate::overlay::record::{self, BaseRecord, Record};
use crate::text::{PathText, Shown};

/// The base is where the link leads; or what else there is.
pub(crate) fn ground(facts: &Facts) -> Result<Option<Finding>> {
    let then = Shown(&facts.record.base.prefix.0);
    let env = Shown(facts.env);
    let breaks = "nothing of the base can be used: Python does not start, or another one starts";
    Ok(Some(match &facts.ground {
        Ground::Here(_) => return Ok(None),
        Ground::Moved(base) => {
            let changes = vec![
                Change::rewrite(pyvenv::FILE, own_python::config(facts, base)),
                Change::Link {
                    path: BASE_LINK.into(),
                    target: base.prefix.clone().into_os_string(),
                    over: Over::Seen,
                },
                renewed_record(facts)?,
            ];
            let what = format!("the base moved from {then} to {}", Shown(&base.prefix));
            Finding::mended(Kind::BaseMoved, what, breaks, changes)
        }
        Ground::Other(base) => Finding::told(
            Kind::BaseGone,
            format!("the base {then} is gone; {} holds another state of it", Shown(&base.named)),
            breaks,
            if base.named == facts.record.base.path.0 {
                format!("`mlenv rebase {env} --update` moves the env onto it")
            } else {
                format!("`mlenv rebase {env} --base {}` moves the env onto it", Shown(&base.named))
            },
        ),
        Ground::OtherPython(base) => Finding::told(
            Kind::BaseChanged,
            format!(
                "the base has Python {} now, and had {} when the env was made",
                base.python.version, facts.record.base.python
            ),
            "packages in the env are for the old Python, and its programs do not start",
            format!("`mlenv rebase {env} --base {}` moves the env onto it", Shown(&base.named)),
        ),
        Ground::Gone => Finding::told(
            Kind::BaseGone,
            format!("the base {then} is gone"),
            breaks,
            format!("mount it again, or `mlenv rebase {env} --base BASE`"),
        ),
        Ground::Unfit(why) => Finding::told(
            Kind::BaseUnfit,
            format!("the base cannot be used any more: {why}"),
            breaks,
            format!("ask who keeps the base, or `mlenv rebase {env} --base BASE`"),
        ),
    }))
}

/// What differs between env and plan: one finding where the base was changed, or another layout was asked for;
/// else one for each sort of damage.
pub(crate) fn differences(facts: &Facts, found: Differences) -> Result<Vec<Finding>> {
    if facts.base_changed() {
        return Ok(vec![changed(facts, found)?]);
    }
    if facts.layout != facts.record.layout {
        let missing = count(found.missing.len(), "entry", "entries");
        let what = format!("{missing} of the layout {} are not there", facts.layout.name());
        let breaks = "nothing; the env has its own layout";
        let carried = carried::changes(facts.env, facts.record, &renewed(facts))?;
        let changes = [found.changes(), carried, vec![renewed_record(facts)?]].concat();
        return Ok(vec![Finding::mended(Kind::LayoutIncomplete, what, breaks, changes)]);
    }
    let mut findings = Vec::new();
    let nowhere = [found.dangling, found.astray].concat();
    if !nowhere.is_empty() {
        let what = format!("{} to the base lead nowhere", count(nowhere.len(), "link", "links"));
        let breaks = "programs that look for these files fail, and so do activation scripts";
        findings.push(
            Finding::mended(Kind::LinksDangling, what, breaks, nowhere.clone())
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
        Finding::mended(Kind::EntriesMissing, what, breaks, found.missing).about(items)
    } else {
        let what = format!(
            "{} of the base {} taken out of the env by a conda client",
            count(removed.len(), "package", "packages"),
            if removed.len() == 1 { "was" } else { "were" }
        );
        let breaks = "their programs are gone, and clients take them for not installed; their modules can still be imported";
        Finding::mended(Kind::PackagesRemoved, what, breaks, found.missing).about(removed)
    });
    Ok(findings)
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
    let mut changes = found.changes();
    if let Some(base) = facts.base() {
        changes.push(Change::rewrite(pyvenv::FILE, own_python::config(facts, base)));
    }
    changes.push(renewed_record(facts)?);
    let breaks = "new programs of the base are not seen, links to what is gone lead nowhere";
    Ok(Finding::mended(Kind::BaseChanged, what, breaks, changes).about(items))
}

/// The record as it is after all changes. Every finding that touches it writes the same.
pub(crate) fn renewed_record(facts: &Facts) -> Result<Change> {
    Ok(Change::rewrite(record::FILE, renewed(facts).text()?.into_bytes()))
}

pub(crate) fn renewed(facts: &Facts) -> Record {
    let old = facts.record;
    let mut new =
        Record { prefix: PathText(facts.place.clone()), layout: facts.layout, ..old.clone() };
    if let Some(base) = facts.base() {
        let found = BaseRecord::new(base, old.base.name.as_deref());
        let named = match &facts.ground {
            // The link holds the resolved path; the name that the user gave is only in the old record.
            Ground::Here(_) => old.base.path.clone(),
            _ => found.path.clone(),
        };
        new.base = BaseRecord { path: named, ..found };
    }
    new
}

/// The packages whose records are among changes.
fn packages(changes: &[Change]) -> Vec<Package> {
    let records = paths(changes).filter(|path| path.starts_with("conda-meta"));
    records.filter_map(|path| Package::from_record_name(path.file_name()?.to_str()?)).collect()
}

/// What changes are about, for people.
pub(crate) fn items(changes: &[Change]) -> Vec<String> {
    paths(changes).map(shown).collect()
}

fn paths(changes: &[Change]) -> impl Iterator<Item = &Path> {
    changes.iter().map(Change::path)
}
