//! What others left where mlenv reads.

pub(crate) mod claims;
pub(crate) mod files;
