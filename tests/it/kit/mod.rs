//! What only these tests need: envs to be damaged, bases and archives made by hand, clients, a registry.

pub(crate) mod client;
pub(crate) mod compile;
pub(crate) mod fakeregistry;
pub(crate) mod forge;
pub(crate) mod patient;
pub(crate) mod tools;
