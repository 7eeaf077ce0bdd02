//! Judges an env: every check in turn, on the same facts.

use super::change::Change;
use super::change::items;
use super::compare::compare;
use super::facts::Facts;
use super::finding::{EnvFault, Finding};
use super::moved::Move;
use super::record;
use super::{
    activators, base_findings, health, members, mixed, needs, own_python, pins, pip, python,
    records, shared, space, unfinished,
};
use crate::base::Base;
use crate::error::Result;
use crate::text::Shown;
use crate::text::count;

/// All findings, what the env stands on first.
pub(crate) fn examine(facts: &Facts) -> Result<Vec<Finding>> {
    let mut findings: Vec<Finding> = base_findings::ground(facts)?.into_iter().collect();
    let moved = Move {
        env: facts.env,
        from: &facts.record.prefix.0,
        to: &facts.place,
        snapshot: &facts.snapshot,
        own: &facts.own,
    };
    let programs = moved.programs();
    findings.extend(place(facts, &moved, programs.changes)?);
    if let Some(base) = facts.base() {
        findings.extend(on_base(facts, base)?);
    }
    findings.extend(pip::settings(facts));
    findings.extend(unfinished::change(facts));
    findings.extend(unfinished::installs(facts));
    findings.extend(unfinished::stale_paths(facts));
    findings.extend(health::permissions(facts, &programs.closed));
    findings.extend(health::owners(facts));
    findings.extend(members::findings(facts));
    findings.extend(health::leftovers(facts));
    findings.extend(health::stages(facts));
    findings.extend(space::findings(facts, new_files(&findings)));
    if !findings.is_empty() {
        facts.check()?;
    }
    Ok(findings)
}

/// What the base that is there says of the env. Where it looks as if it were away, nothing is to be mended by it.
fn on_base(facts: &Facts, base: &Base) -> Result<Vec<Finding>> {
    let found = compare(facts, base)?;
    if found.is_of_a_base_that_is_away() {
        return Ok(vec![base_findings::away(facts, base, &found)]);
    }
    let mut findings: Vec<Finding> = base_findings::mistaken(facts, base).into_iter().collect();
    findings.extend(python::config(facts, base));
    findings.extend(python::interpreter(facts, base)?);
    findings.extend(python::hijacked(base));
    findings.extend(health::in_the_way(facts, &found.in_the_way));
    findings.extend(base_findings::unowned(facts, &found)?);
    findings.extend(base_findings::differences(facts, found)?);
    findings.extend(own_python::findings(facts, base));
    findings.extend(python::orphans(facts, base));
    findings.extend(records::doubles(facts));
    findings.extend(pins::findings(facts));
    findings.extend(mixed::findings(facts, base)?);
    findings.extend(shared::findings(facts, base));
    findings.extend(needs::findings(facts, base));
    Ok(findings)
}

/// How many files the cures make.
fn new_files(findings: &[Finding]) -> usize {
    let changes = findings.iter().flat_map(Finding::changes);
    let makes = |change: &&Change| {
        matches!(change, Change::Link { .. } | Change::File { .. } | Change::Copy { .. })
    };
    changes.filter(makes).count()
}

/// An env that is elsewhere than where it was made, or programs in it that think so.
fn place(facts: &Facts, moved: &Move, mut changes: Vec<Change>) -> Result<Vec<Finding>> {
    let (texts, compiled) = moved.texts();
    changes.extend(texts);
    if moved.from != moved.to {
        changes.extend(activators::changes(facts.env, facts.record, &record::renewed(facts))?);
    }
    let named = items(&changes);
    let breaks = "programs start the Python of the old place, or do not start";
    let mut findings = Vec::new();
    if moved.from != moved.to {
        changes.push(record::renewed_record(facts)?);
        let what = format!("the env was moved or copied here from {}", Shown(moved.from));
        findings.push(Finding::mended(EnvFault::EnvMoved, what, breaks, changes).about(named));
    } else if !changes.is_empty() {
        let what = format!(
            "{} in bin start a Python that is not there",
            count(changes.len(), "program", "programs")
        );
        findings
            .push(Finding::mended(EnvFault::ProgramsAstray, what, breaks, changes).about(named));
    }
    if !compiled.is_empty() {
        let what = format!(
            "{} hold the old place in compiled files",
            count(compiled.len(), "conda package", "conda packages")
        );
        let cure = "install them again with the conda client that you used";
        let breaks = "they look for their files where the env was";
        findings.push(Finding::told(EnvFault::EnvMoved, what, breaks, cure).about(compiled));
    }
    Ok(findings)
}
