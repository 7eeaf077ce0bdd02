//! What all suites share: a home of its own for every test, the base that most stand on, what the machine can do, real
//! shells, a batch system.

pub(crate) mod machine;
pub(crate) mod sandbox;
pub(crate) mod shells;
pub(crate) mod slurm;
pub(crate) mod testbase;
pub(crate) mod tree;
pub(crate) mod wheel;
