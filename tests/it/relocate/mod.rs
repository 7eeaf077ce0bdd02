//! A base that works from any path.

pub(crate) mod image;
pub(crate) mod prepare;
