//! Packages on top of the base.

pub(crate) mod again;
pub(crate) mod conda;
pub(crate) mod delta;
pub(crate) mod export;
pub(crate) mod files;
pub(crate) mod imports;
pub(crate) mod inside;
pub(crate) mod list;
pub(crate) mod lock;
pub(crate) mod options;
pub(crate) mod pip;
pub(crate) mod pip_places;
pub(crate) mod places;
pub(crate) mod project;
pub(crate) mod shapes;
pub(crate) mod sight;
pub(crate) mod uv;
