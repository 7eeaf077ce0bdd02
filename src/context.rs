//! What a verb may look at, and the rooms that work for one.

use std::ffi::OsString;

use crate::config::{Config, Dirs};
use crate::error::Result;
use crate::host::Host;
use crate::specs::cutoff::Cutoff;
use crate::ui::Ui;

/// The world of one command.
pub(crate) struct Context<'a> {
    /// Variables, directory, terminal.
    pub(crate) host: &'a Host,
    /// Where mlenv keeps what is the user's.
    pub(crate) dirs: Dirs,
    /// Words for people.
    pub(crate) ui: Ui,
    /// The moment behind which packages do not count, as it was given.
    pub(crate) exclude_newer: Option<String>,
    /// The command line, for what is carried out elsewhere.
    pub(crate) words: Vec<OsString>,
}

impl Context<'_> {
    /// The moment behind which packages do not count: as given, else as set.
    pub(crate) fn cutoff(&self) -> Result<Option<Cutoff>> {
        let words = match &self.exclude_newer {
            Some(words) => Some(words.clone()),
            None => Config::load(&self.dirs)?.exclude_newer,
        };
        words.map(|words| Cutoff::parse(&words, jiff::Timestamp::now())).transpose()
    }
}
