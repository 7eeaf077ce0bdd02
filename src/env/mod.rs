//! Envs on disk: which links they hold, how they are made, recorded, found and removed.
//!
//! `survey` and `tgz` look, `plan` is what they found, `archive` keeps it, `check` doubts it, `unpack` makes it
//! real inside a `stage`, and `record` says at last that it is an env. Written is only below one root.

pub(crate) mod absent;
pub(crate) mod adopt;
pub(crate) mod archive;
pub(crate) mod check;
pub(crate) mod conda_files;
pub(crate) mod conda_records;
pub(crate) mod content;
pub(crate) mod create;
pub(crate) mod followed;
pub(crate) mod ignored;
pub(crate) mod in_base;
pub(crate) mod index;
pub(crate) mod interpreter;
pub(crate) mod kernels;
pub(crate) mod layout;
pub(crate) mod leftover;
pub(crate) mod limits;
pub(crate) mod links;
mod lost;
pub(crate) mod owned;
pub(crate) mod pinned;
pub(crate) mod pip_conf;
pub(crate) mod probe;
pub(crate) mod pyvenv;
pub(crate) mod record;
pub(crate) mod registry;
pub(crate) mod requests;
pub(crate) mod script;
pub(crate) mod seekable;
pub(crate) mod skeleton;
pub(crate) mod stage;
pub(crate) mod survey;
pub(crate) mod tgz;
pub(crate) mod threads;
pub(crate) mod unpack;
