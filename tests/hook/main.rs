//! The hook in the four real shells, typed into as a user would: interactive, on a terminal.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests build worlds of their own"
)]

#[path = "../support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "all suites share it, and none uses all of it")]
mod support;

mod attacks; // what others may try
mod broken;
mod compare; // with the hook and without it
mod compare_options;
mod complete; // Tab
mod containers; // envs that live in one
mod guests; // programs that take the prompt into their hands
mod markers; // markers that appear, change, vanish, or are none
mod neighbours; // other hooks, real and played
mod nested; // shells inside shells
mod owners; // directories that change hands
mod place; // where it cannot be, and where it is carried to
mod plain; // a plain `deactivate`, and conda's
mod polite; // status, options, traps
mod processes; // exactly none, where nothing changed
mod projects;
mod pty; // a terminal
mod races; // what changes while it is looked at
mod scripts; // what those of packages change
mod subshell; // `mlenv shell`
mod switches; // the variables of the hook
mod trips; // in, out, across, beside
mod users; // another user in a shell inside
mod world; // projects in a home
