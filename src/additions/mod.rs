//! Packages on top of the base: which tool puts them there, what it would do, what was asked for.
//!
//! `requests` is what the user asked for, `forecast` what a tool would do about it, `pip` and `conda` know the words
//! of their tools: pure. `client` finds the tools, `work` runs them through `exec`, in the surroundings that an
//! activation of the env gives. No tool is ever pointed at a base.

pub(crate) mod client;
pub(crate) mod conda;
pub(crate) mod export;
pub(crate) mod forecast;
pub(crate) mod pinned;
pub(crate) mod pip;
pub(crate) mod requests;
pub(crate) mod work;
