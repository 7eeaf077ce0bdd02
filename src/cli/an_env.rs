//! An env, as every verb that takes one takes it.

use std::ffi::OsString;

use clap::Args;

/// An env by its path or its name; named nowhere, it is the active one, else that of the nearest trusted marker.
#[derive(Debug, Default, Args)]
#[group(required = false, multiple = false)]
pub(crate) struct AnEnv {
    /// The env: a directory or a name [default: the active one, else that of the marker here or above]
    pub(crate) env: Option<OsString>,
    /// The same
    #[arg(short, long, value_name = "ENV")]
    pub(crate) prefix: Option<OsString>,
    /// The env by its name
    #[arg(short, long, value_name = "NAME")]
    pub(crate) name: Option<OsString>,
}
