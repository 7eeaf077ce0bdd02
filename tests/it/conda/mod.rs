//! Conda packages without a conda client: channels, solutions, archives, links.

pub(crate) mod channel;
pub(crate) mod cutoff;
pub(crate) mod hostile;
pub(crate) mod locks;
pub(crate) mod matching;
pub(crate) mod native;
pub(crate) mod oracle;
pub(crate) mod places;
pub(crate) mod search;
pub(crate) mod shards;
pub(crate) mod third;
pub(crate) mod update;
pub(crate) mod web;
