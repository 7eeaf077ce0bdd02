//! Jupyter kernels of envs.

pub(crate) mod jupyter;
pub(crate) mod live;
