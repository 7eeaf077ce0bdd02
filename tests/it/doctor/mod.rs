//! What is found on envs that time went over, and how it is mended.

pub(crate) mod away;
pub(crate) mod concerns;
pub(crate) mod conda;
pub(crate) mod finds;
pub(crate) mod mixed;
pub(crate) mod needs;
pub(crate) mod prune;
pub(crate) mod python;
pub(crate) mod rebase;
pub(crate) mod rebase_wishes;
pub(crate) mod space;
