//! The hook in the four real shells, typed into as a user would: interactive, on a terminal.

#[path = "../shells/mod.rs"]
mod shells;

mod attacks; // what others may try
mod markers; // markers that appear, change, vanish, or are none
mod polite; // status, options, traps, other hooks
mod processes; // exactly none, where nothing changed
mod pty; // a terminal
mod trips; // in, out, across, beside
mod world; // projects in a home
