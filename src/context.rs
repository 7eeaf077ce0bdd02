//! What a verb may look at, and the rooms that work for one.

use std::ffi::OsString;

use crate::config::Dirs;
use crate::host::Host;
use crate::ui::Ui;

/// The world of one command.
pub(crate) struct Context<'a> {
    /// Variables, directory, terminal.
    pub(crate) host: &'a Host,
    /// Where mlenv keeps what is the user's.
    pub(crate) dirs: Dirs,
    /// Words for people.
    pub(crate) ui: Ui,
    /// The command line, for what is carried out elsewhere.
    pub(crate) words: Vec<OsString>,
}
