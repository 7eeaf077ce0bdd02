//! An env in one file, and whole again elsewhere.

pub(crate) mod bad;
pub(crate) mod story;
