//! Activation in the four real shells: what users are promised, told as stories.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests build worlds of their own"
)]

#[path = "../support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "all suites share it, and none uses all of it")]
mod support;

mod basics; // the laws: in, out, twice, from one to the other
mod markers;
mod neighbours; // conda and other tools in the same shell
mod plain; // which env a directory names, and whether that counts
mod prompts; // what the prompt shows
mod refusals; // what is not activated, and that nothing happens then
mod scripts; // packages' scripts, also in the shells for which there are none
mod strict; // odd options, aliases, functions
mod vars; // `mlenv vars`
