//! What the pages promise.

pub(crate) mod features;
pub(crate) mod guide;
pub(crate) mod pages;
pub(crate) mod readme;
pub(crate) mod story;
pub(crate) mod typed;
