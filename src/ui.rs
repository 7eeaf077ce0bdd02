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
    /// Nothing at all: a hook's words where no terminal shows them.
    Silent,
    /// Failures only.
    Quiet,
    /// What was done, and hints.
    Normal,
}

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

    /// True where the user hears what a question would be about.
    pub(crate) fn is_heard(self) -> bool {
        self.loudness == Loudness::Normal
    }

    /// Asks the user, who answers with a line: true for yes, and for an empty one.
    pub(crate) fn ask(question: &str) -> bool {
        anstream::eprint!("mlenv: {question} [Y/n] ");
        let mut line = String::new();
        let read = std::io::stdin().read_line(&mut line);
        read.is_ok_and(|count| count > 0)
            && matches!(line.trim().to_lowercase().as_str(), "" | "y" | "yes")
    }

    /// Something is not as it should be, but the work went on.
    pub(crate) fn warn(self, line: impl AsRef<str>) {
        if self.loudness != Loudness::Silent {
            anstream::eprintln!("mlenv: warning: {}", line.as_ref());
        }
    }

    /// Something was not done, and why. The work went on.
    pub(crate) fn refuse(self, error: &Error) {
        self.fail(error);
    }

    /// The failure that ends the program.
    pub(crate) fn fail(self, error: &Error) {
        if self.loudness == Loudness::Silent {
            return;
        }
        anstream::eprintln!("mlenv: {error}");
        if let Some(cure) = error.cure() {
            anstream::eprintln!("hint: {cure}");
        }
    }

    /// A sign of life for work whose size is not known; drawn on a terminal only.
    pub(crate) fn spinner(self, what: &'static str) -> ProgressBar {
        let target =
            if self.draws() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target).with_message(what);
        if self.draws() {
            bar.set_style(ProgressStyle::default_spinner());
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        bar
    }

    /// True where progress can be seen.
    pub(crate) fn draws(self) -> bool {
        self.terminal && self.loudness == Loudness::Normal
    }
}
