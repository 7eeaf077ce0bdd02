//! Activation in the four real shells: what users are promised, told as stories.

#[path = "../shells/mod.rs"]
mod shells;

mod basics; // the laws: in, out, twice, from one to the other
mod carried; // the files that every env carries: bin/activate and its kin
mod neighbours; // conda and other tools in the same shell
mod prompts; // what the prompt shows
mod refusals; // what is not activated, and that nothing happens then
mod scripts; // packages' scripts, also in the shells for which there are none
mod strict; // odd options, aliases, functions
