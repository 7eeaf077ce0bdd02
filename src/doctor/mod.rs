//! Envs that survive time: what is wrong with one and how it is mended, what is installed in it.
//!
//! `ground` finds the base, `snapshot` looks at the env, `facts` holds both, the checks turn facts into findings,
//! and a finding carries the changes that would mend it as data. `mend` alone carries changes out, below the
//! env's directory and through descriptors that follow no link.

pub(crate) mod activators;
pub(crate) mod aftercare;
mod anchor;
mod base_findings;
pub(crate) mod base_state;
pub(crate) mod change;
mod compare;
pub(crate) mod conda;
pub(crate) mod examine;
pub(crate) mod facts;
pub(crate) mod finding;
mod health;
pub(crate) mod kernels;
mod members;
mod mixed;
pub(crate) mod moved;
pub(crate) mod needs;
mod own_python;
mod pins;
pub(crate) mod pip;
pub(crate) mod prune;
mod python;
pub(crate) mod rebase;
mod record;
mod records;
pub(crate) mod relocate;
pub(crate) mod repair;
mod shared;
mod snapshot;
mod space;
mod unfinished;
mod wheels;
