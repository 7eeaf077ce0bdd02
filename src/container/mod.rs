//! Containers as data: engines, what is to run in them, where this process is, and what a directory remembers.
//!
//! Argument vectors, texts and tables; a few files are read. Nothing here starts a process: `exec` does.

pub(crate) mod additions;
pub(crate) mod binds;
pub(crate) mod engine;
pub(crate) mod failure;
pub(crate) mod files;
pub(crate) mod gpu;
pub(crate) mod id;
pub(crate) mod inside;
pub(crate) mod legacy;
pub(crate) mod mount;
pub(crate) mod mountinfo;
pub(crate) mod pending;
pub(crate) mod place;
pub(crate) mod program;
mod published;
pub(crate) mod spec;
pub(crate) mod state;
pub(crate) mod store;

pub(crate) use self::engine::{Engine, Family, Powers};
pub(crate) use self::mount::Mount;
pub(crate) use self::place::Residence;
pub(crate) use self::published::Published;
