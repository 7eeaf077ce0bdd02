//! Activation in the four real shells: what users are promised, told as stories.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests build worlds of their own"
)]

#[path = "../shells/mod.rs"]
mod shells;

mod basics; // the laws: in, out, twice, from one to the other
mod markers; // which env a directory names, and whether that counts
mod neighbours; // conda and other tools in the same shell
mod prompts; // what the prompt shows
mod refusals; // what is not activated, and that nothing happens then
mod scripts; // packages' scripts, also in the shells for which there are none
mod strict; // odd options, aliases, functions
mod vars; // `mlenv vars`
