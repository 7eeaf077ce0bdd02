//! Words for people, on stderr: what was done, hints, warnings, progress.
//!
//! No decisions here and nothing on stdout. Control characters are taken out by whoever puts a name into a
//! sentence (`text::Shown`).

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::error::Error;

/// Where the words of one command go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ui {
    loudness: Loudness,
    terminal: bool,
}

/// How much the user wants to hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loudness {
    /// Failures only.
    Quiet,
    /// What was done, and hints.
    Normal,
}

#[expect(clippy::print_stderr, reason = "the one room that speaks to people")]
impl Ui {
    /// `terminal` says whether stderr can draw progress.
    pub(crate) fn new(loudness: Loudness, terminal: bool) -> Self {
        Self { loudness, terminal }
    }

    /// One line about what was done.
    pub(crate) fn say(self, line: impl AsRef<str>) {
        if self.loudness == Loudness::Normal {
            anstream::eprintln!("mlenv: {}", line.as_ref());
        }
    }

    /// One line that tells the next command.
    pub(crate) fn hint(self, line: impl AsRef<str>) {
        if self.loudness == Loudness::Normal {
            anstream::eprintln!("hint: {}", line.as_ref());
        }
    }

    /// Something is not as it should be, but the work went on.
    pub(crate) fn warn(self, line: impl AsRef<str>) {
        anstream::eprintln!("mlenv: warning: {}", line.as_ref());
    }

    /// Something was not done, and why. The work went on.
    pub(crate) fn refuse(self, error: &Error) {
        self.fail(error);
    }

    /// The failure that ends the program.
    pub(crate) fn fail(self, error: &Error) {
        anstream::eprintln!("mlenv: {error}");
        if let Some(cure) = error.cure() {
            anstream::eprintln!("hint: {cure}");
        }
    }

    /// A bar for work of `total` steps; drawn on a terminal only, and only when it takes long enough to see.
    pub(crate) fn progress(self, what: &'static str, total: u64) -> ProgressBar {
        let bar = ProgressBar::with_draw_target(Some(total), self.draw_target()).with_message(what);
        let style = ProgressStyle::with_template("mlenv: {msg} {wide_bar} {pos}/{len}");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        bar
    }

    /// The same for work whose size is not known.
    pub(crate) fn spinner(self, what: &'static str) -> ProgressBar {
        let bar = ProgressBar::with_draw_target(None, self.draw_target()).with_message(what);
        if self.draws() {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        bar
    }

    fn draws(self) -> bool {
        self.terminal && self.loudness == Loudness::Normal
    }

    fn draw_target(self) -> ProgressDrawTarget {
        if self.draws() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() }
    }
}
