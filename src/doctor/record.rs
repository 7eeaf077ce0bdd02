//! The env's record as it is to be after all changes.

use super::base_state::BaseState;
use super::change::Change;
use super::facts::Facts;
use crate::env::record::{self, BaseRecord, Record, SCHEMA};
use crate::error::Result;
use crate::text::PathText;

/// The record as it is after all changes. Every finding that touches it writes the same.
pub(crate) fn renewed_record(facts: &Facts) -> Result<Change> {
    Ok(Change::rewrite(record::FILE, renewed(facts).text()?.into_bytes()))
}

/// The record with today's place, layout and base.
pub(crate) fn renewed(facts: &Facts) -> Record {
    let old = facts.record;
    let mut new = Record {
        schema: SCHEMA,
        prefix: PathText(facts.place.clone()),
        layout: facts.layout,
        ..old.clone()
    };
    if let Some(base) = facts.base() {
        let found = BaseRecord::new(base, old.base.name.as_deref());
        let named = match &facts.ground {
            // The link holds the resolved path; the name that the user gave is only in the old record.
            BaseState::Here(_) => old.base.path.clone(),
            _ => found.path.clone(),
        };
        new.base = BaseRecord { path: named, ..found };
    }
    new
}
