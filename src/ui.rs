//! Words for people, on stderr: what was done, hints, warnings, progress.
//!
//! No decisions here and nothing on stdout. Who puts a name into a sentence shows it by `text::Shown`; what got past
//! that is filtered here, whatever it is (`text::tamed`).

use std::io::Write as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::error::Error;
use crate::text::tamed;

/// Where the words of one command go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ui {
    loudness: Loudness,
    terminal: bool,
}

/// What an empty line answers to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unsaid {
    /// Yes: it can be undone.
    Yes,
    /// No: something would be lost.
    No,
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
            write_line(&format!("mlenv: {}", line.as_ref()));
        }
    }

    /// One line that tells the next command.
    pub(crate) fn hint(self, line: impl AsRef<str>) {
        if self.loudness == Loudness::Normal {
            write_line(&format!("hint: {}", line.as_ref()));
        }
    }

    /// True where the user hears what a question would be about.
    pub(crate) fn is_heard(self) -> bool {
        self.loudness == Loudness::Normal
    }

    /// Asks the user, who answers with a line: true for yes. The end of the input is a no.
    pub(crate) fn ask(question: &str, unsaid: Unsaid) -> bool {
        let choice = if unsaid == Unsaid::Yes { "Y/n" } else { "y/N" };
        write_part(&format!("mlenv: {question} [{choice}] "));
        let mut line = String::new();
        let read = std::io::stdin().read_line(&mut line);
        let answer = line.trim().to_lowercase();
        let is_yes = matches!(answer.as_str(), "y" | "yes");
        read.is_ok_and(|count| count > 0) && (is_yes || answer.is_empty() && unsaid == Unsaid::Yes)
    }

    /// Something is not as it should be, but the work went on.
    pub(crate) fn warn(self, line: impl AsRef<str>) {
        if self.loudness != Loudness::Silent {
            write_line(&format!("mlenv: warning: {}", line.as_ref()));
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
        write_line(&format!("mlenv: {error}"));
        if let Some(cure) = error.cure() {
            write_line(&format!("hint: {cure}"));
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

fn write_line(line: &str) {
    write_part(&format!("{line}\n"));
}

/// Words whose form is complete: what was wrong with a command line.
pub(crate) fn complain(text: &str) {
    write_part(text);
}

/// Who closed stderr does not want to hear it, and there is nobody else to tell.
fn write_part(text: &str) {
    let mut stderr = std::io::stderr().lock();
    let _ = stderr.write_all(tamed(text).as_bytes()).and_then(|()| stderr.flush());
}
