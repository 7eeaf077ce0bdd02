//! Judges an env: every check in turn, on the same facts.

use super::change::Change;
use super::compare::compare;
use super::facts::Facts;
use super::finding::{Cure, Finding, Kind, count};
use super::moved::Move;
use super::{
    carried, health, mixed, own_python, pins, python, records, space, standing, unfinished,
};
use crate::error::Result;
use crate::text::Shown;

/// All findings, what the env stands on first.
pub(crate) fn examine(facts: &Facts) -> Result<Vec<Finding>> {
    let mut findings: Vec<Finding> = standing::ground(facts)?.into_iter().collect();
    let moved = Move {
        env: facts.env,
        from: &facts.record.prefix.0,
        to: &facts.place,
        sight: &facts.sight,
        own: &facts.own,
    };
    let programs = moved.programs();
    findings.extend(place(facts, &moved, programs.changes)?);
    if let Some(base) = facts.base() {
        findings.extend(python::config(facts, base));
        findings.extend(python::hijacked(base));
        let found = compare(facts, &base.prefix)?;
        findings.extend(health::in_the_way(&found.in_the_way));
        findings.extend(standing::differences(facts, found)?);
        findings.extend(own_python::findings(facts, base));
        findings.extend(python::orphans(facts, base));
        findings.extend(records::doubles(facts));
        findings.extend(pins::findings(facts));
        findings.extend(mixed::findings(facts, base)?);
    }
    findings.extend(unfinished::installs(facts));
    findings.extend(unfinished::stale_paths(facts));
    findings.extend(health::permissions(facts, &programs.closed));
    findings.extend(health::owners(facts));
    findings.extend(health::leftovers(facts));
    findings.extend(health::stages(facts));
    findings.extend(space::findings(facts, new_files(&findings)));
    Ok(findings)
}

/// How many files the cures make.
fn new_files(findings: &[Finding]) -> usize {
    let changes = findings.iter().flat_map(|finding| match &finding.cure {
        Cure::Fix(changes) => changes.as_slice(),
        Cure::Kernels(_) | Cure::Words(_) => &[],
    });
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
        changes.extend(carried::changes(facts.env, facts.record, &standing::renewed(facts))?);
    }
    let named = standing::items(&changes);
    let breaks = "programs start the Python of the old place, or do not start";
    let mut findings = Vec::new();
    if moved.from != moved.to {
        changes.push(standing::renewed_record(facts)?);
        let what = format!("the env was moved or copied here from {}", Shown(moved.from));
        findings.push(Finding::mended(Kind::EnvMoved, what, breaks, changes).about(named));
    } else if !changes.is_empty() {
        let what = format!(
            "{} in bin start a Python that is not there",
            count(changes.len(), "program", "programs")
        );
        findings.push(Finding::mended(Kind::ProgramsAstray, what, breaks, changes).about(named));
    }
    if !compiled.is_empty() {
        let what = format!(
            "{} hold the old place in compiled files",
            count(compiled.len(), "conda package", "conda packages")
        );
        let cure = "install them again with the conda client that you used";
        let breaks = "they look for their files where the env was";
        findings.push(Finding::told(Kind::EnvMoved, what, breaks, cure).about(compiled));
    }
    Ok(findings)
}
