//! Variables as they would be: a layer of edits over the ones that a shell has.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use crate::plan::Vars;
use crate::plan::name::Name;

/// Edits over `below`; nothing is copied but what changes.
#[derive(Clone)]
pub(super) struct Draft<'a> {
    below: &'a Vars,
    edits: BTreeMap<Name, Option<OsString>>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(below: &'a Vars) -> Self {
        Self { below, edits: BTreeMap::new() }
    }

    /// A variable's value after the edits; `None` where it is not set.
    pub(super) fn get(&self, name: &str) -> Option<&OsStr> {
        match self.edits.get(name) {
            Some(edit) => edit.as_deref(),
            None => self.below.get(OsStr::new(name)).map(OsString::as_os_str),
        }
    }

    /// Sets (`Some`) or unsets (`None`) a variable.
    pub(super) fn put(&mut self, name: &Name, value: Option<OsString>) {
        self.edits.insert(name.clone(), value);
    }

    /// What has another value here than in `before`, by name.
    pub(super) fn differences<'b>(
        &'b self,
        before: &'b Draft<'_>,
    ) -> impl Iterator<Item = (&'b Name, Option<&'b OsStr>)> {
        let names = self
            .edits
            .keys()
            .chain(before.edits.keys().filter(|name| !self.edits.contains_key(*name)));
        names
            .map(|name| (name, self.get(name.as_str())))
            .filter(|(name, value)| *value != before.get(name.as_str()))
    }
}
