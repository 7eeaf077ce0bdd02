//! Container engines at work: what `container` has as data is made, entered, brought up to date and taken away.
//!
//! `runner` is one engine; `known` which directories have a container; `make`, `sweep` and `sandbox` make and end; `entrance` is the way into a directory's container,
//! `reenter` the one into the container that an env lives in, which `outside` finds again; `update` and `replay` move what
//! the user added onto a newer image. Programs are started by `process`.

pub(crate) mod build;
pub(crate) mod commit;
pub(crate) mod entrance;
pub(crate) mod errand;
pub(crate) mod home;
pub(crate) mod image;
pub(crate) mod known;
mod labelled;
pub(crate) mod legacy_env;
pub(crate) mod make;
pub(crate) mod once;
pub(crate) mod outside;
pub(crate) mod own_env;
pub(crate) mod port;
pub(crate) mod reenter;
pub(crate) mod remote;
pub(crate) mod replay;
pub(crate) mod runner;
pub(crate) mod sandbox;
pub(crate) mod sweep;
pub(crate) mod update;
pub(crate) mod wake;
