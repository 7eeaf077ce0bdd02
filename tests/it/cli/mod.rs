//! What people and programs type and read.

pub(crate) mod completions;
pub(crate) mod escapes;
pub(crate) mod habits;
pub(crate) mod hints;
pub(crate) mod homes;
pub(crate) mod seen;
pub(crate) mod self_check;
mod walk;
pub(crate) mod words;
