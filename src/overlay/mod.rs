//! Envs on disk: which links they hold, how they are made, recorded, read and removed.

pub(crate) mod layout;
