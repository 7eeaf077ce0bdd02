//! Findings on conda's records: a package of the env's own beside the base's of the same name.

use std::ffi::OsStr;
use std::path::PathBuf;

use super::change::Change;
use super::conda;
use super::facts::Facts;
use super::finding::{EnvFault, Finding};
use crate::base::conda::is_of_base;
use crate::text::count;

/// Clients that do not read records that are links (rattler's, pixi) put another version over the base's without taking
/// its record away. The next client would see both.
pub(crate) fn doubles(facts: &Facts) -> Option<Finding> {
    let of_base = conda::planned(&facts.plan);
    let doubles = of_base.into_iter().filter(|package| facts.own.contains_key(&package.name));
    let doubles: Vec<(PathBuf, String)> = doubles
        .map(|package| (package.record(), package.shown()))
        .filter(|(record, _)| is_there(facts, record))
        .collect();
    if doubles.is_empty() {
        return None;
    }
    let (records, names): (Vec<PathBuf>, Vec<String>) = doubles.into_iter().unzip();
    let what = format!(
        "{} of the base {} recorded beside the env's own of the same name",
        count(names.len(), "package", "packages"),
        if names.len() == 1 { "is" } else { "are" }
    );
    let breaks = "conda clients see two versions, and may remove or replace the wrong one";
    let changes: Vec<Change> = records.into_iter().map(Change::Remove).collect();
    Some(Finding::mended(EnvFault::RecordsDouble, what, breaks, changes).about(names))
}

/// True for the base's record in the env: a link, or a marked copy.
fn is_there(facts: &Facts, record: &std::path::Path) -> bool {
    let own = facts.own.values().any(|own| own.record == *record);
    let name = record.file_name().unwrap_or_default();
    let there = facts.snapshot.thing(OsStr::new("conda-meta"), name).is_some();
    there && !own && (facts.env.join(record).is_symlink() || is_of_base(&facts.env.join(record)))
}
