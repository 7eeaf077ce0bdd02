//! Whether a base works from any path, and what would make it: for who builds images.
//!
//! `look` reads the files of a prefix, pure rules (`script`, `search`, `text`) say what each should be, `judge` turns
//! that into findings with their edits as data. `apply` alone writes, file by file in one step each, after `record`
//! holds how to undo it; `proof` starts programs from two paths; `inuse` tells who stands on the base.

pub(crate) mod apply;
mod audience;
mod built;
pub(crate) mod edit;
pub(crate) mod file;
pub(crate) mod finding;
pub(crate) mod findings;
pub(crate) mod inuse;
pub(crate) mod list;
pub(crate) mod record;
pub(crate) mod scan;
mod script;
mod search;
pub(crate) mod smoke_test;
mod text;
