//! The whole program from outside: the built binary, real Pythons, real file systems.
//!
//! Folders are the rooms of `src`, files topics, tests sentences. `support` is shared with the other suites, `kit` is
//! what only these tests need; `house` reads the sources themselves.

#![expect(clippy::disallowed_methods, reason = "tests make, break and run things themselves")]
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "all suites share it, and none uses all of it")]
mod support;

mod base;
mod cli;
mod conda;
mod consent;
mod direction;
mod docs;
mod doctor;
mod env;
mod foreign;
mod house;
mod image;
mod kernel;
mod kit;
mod pack;
mod packages;
mod process;
mod relocate;
