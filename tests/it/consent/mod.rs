//! The user's consent, and what becomes of it.

pub(crate) mod carried;
