//! Images in registries, and what is told of them.

pub(crate) mod again;
pub(crate) mod again_there;
pub(crate) mod catalogue;
pub(crate) mod described;
pub(crate) mod freeze;
pub(crate) mod info;
pub(crate) mod killed;
pub(crate) mod layers;
pub(crate) mod locked;
pub(crate) mod own_conda;
pub(crate) mod packages;
pub(crate) mod pin;
pub(crate) mod push;
pub(crate) mod recipe;
pub(crate) mod renewed;
pub(crate) mod trouble;
pub(crate) mod trust;
pub(crate) mod upload;
mod written;
