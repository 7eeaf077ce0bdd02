//! What an env can stand on: which base is taken, what a path means as one, what users may read of it.

pub(crate) mod choice;
pub(crate) mod meaning;
pub(crate) mod rights;
