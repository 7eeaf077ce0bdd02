//! Containers for real: podman and apptainer at work, a registry on loopback, images made of this machine's own
//! programs. What cannot be installed here is named with its reason, once; docker, nerdctl and singularity are also
//! stood in for by programs that write down their words.

#![expect(clippy::disallowed_methods, reason = "tests make, break and run things themselves")]
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]
#![expect(clippy::print_stderr, reason = "what could not be tested is said")]

#[path = "../support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "all suites share it, and none uses all of it")]
mod support;

mod batch;
mod build;
mod docker;
mod engines;
mod errands;
mod frozen;
mod images;
mod import;
mod inside;
mod jupyter;
mod kernels;
mod killed;
mod newer;
mod owned;
mod preset;
mod recipe;
mod registry;
mod robust;
mod rootfs;
mod shells;
mod sif;
mod standins;
mod story;
mod tasks;
mod users;
mod walks;
mod world;
mod wrappers;
