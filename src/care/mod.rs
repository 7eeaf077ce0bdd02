//! Envs that survive time: what is wrong with one and how it is mended, what is installed in it.
//!
//! `ground` finds the base, `sight` looks at the env, `facts` holds both, the checks turn facts into findings,
//! and a finding carries the changes that would mend it as data. `mend` alone carries changes out, below the
//! env's directory and through descriptors that follow no link.

pub(crate) mod aftercare;
pub(crate) mod carried;
pub(crate) mod change;
mod compare;
pub(crate) mod conda;
pub(crate) mod examine;
pub(crate) mod facts;
pub(crate) mod finding;
pub(crate) mod ground;
mod health;
pub(crate) mod installed;
pub(crate) mod kernels;
pub(crate) mod mend;
mod mixed;
pub(crate) mod moved;
mod own_python;
mod pins;
pub(crate) mod prune;
mod python;
pub(crate) mod rebase;
mod records;
pub(crate) mod relocate;
mod sight;
mod space;
mod standing;
pub(crate) mod system;
mod unfinished;
mod wheels;
