//! Envs on disk: what is in them, how they come to be and go, and what stands in the way.

pub(crate) mod archive;
pub(crate) mod bombs;
pub(crate) mod chains;
pub(crate) mod clone;
pub(crate) mod crowd;
pub(crate) mod fulldisk;
pub(crate) mod hazards;
pub(crate) mod hostile;
pub(crate) mod killed_calls;
pub(crate) mod kills;
pub(crate) mod layouts;
pub(crate) mod modes;
pub(crate) mod oldarchive;
pub(crate) mod places;
pub(crate) mod pythons;
pub(crate) mod remove;
pub(crate) mod replaced;
pub(crate) mod scripts;
pub(crate) mod stage_swap;
pub(crate) mod suite;
pub(crate) mod unowned;
pub(crate) mod untouched;
