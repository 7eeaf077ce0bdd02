//! Commands in an env, without any hook.

pub(crate) mod jobs;
pub(crate) mod run;
