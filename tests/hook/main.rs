//! The hook in the four real shells, typed into as a user would: interactive, on a terminal.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests build worlds of their own, and say what they could not test"
)]

#[path = "../shells/mod.rs"]
#[expect(dead_code, reason = "stories without a terminal are told in `activate`")]
mod shells;

mod attacks; // what others may try
mod broken;
mod complete; // Tab
mod containers; // envs that live in one
mod guests; // programs that take the prompt into their hands
mod markers; // markers that appear, change, vanish, or are none
mod neighbours; // other hooks, real and played
mod nested; // shells inside shells
mod polite; // status, options, traps
mod processes; // exactly none, where nothing changed
mod pty; // a terminal
mod races; // what changes while it is looked at
mod subshell; // `mlenv shell`
mod switches; // the variables of the hook
mod trips; // in, out, across, beside
mod users; // another user in a shell inside
mod world; // projects in a home
