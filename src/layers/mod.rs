//! Images as layers, without an engine: unpacked into a directory, and made of an env.
//!
//! `stream` reads a layer and compares what came, `tree` puts entries into a directory that nothing leads out of, `unpack`
//! joins them, `archive` makes one tar of all, `deploy` puts images where everybody finds them (`flat`, `wishlist`), without fetching what lies there already (`noted`, `earlier`, `alike`). Nothing of a layer is believed: paths are resolved
//! inside the directory, links too, and what is no file, link or directory is left out.

pub(crate) mod alike;
pub(crate) mod archive;
pub(crate) mod deploy;
mod earlier;
pub(crate) mod flat;
pub(crate) mod freeze;
pub(crate) mod local;
mod noted;
pub(crate) mod output;
pub(crate) mod push;
pub(crate) mod saved;
mod stream;
mod tree;
pub(crate) mod unpack;
pub(crate) mod wishlist;
