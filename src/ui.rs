//! Words for people, on stderr: what was done, hints, warnings, progress.
//!
//! No decisions here and nothing on stdout. Who puts a name into a sentence shows it by `text::Shown`; what got past
//! that is filtered here, whatever it is (`text::tamed`).

mod waiting;

use std::io::Write as _;

pub(crate) use self::waiting::{Waiting, aside};
use crate::error::Error;
use crate::text::tamed;

/// Where the words of one command go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ui {
    loudness: Loudness,
    terminal: bool,
    colours: bool,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Loudness {
    /// Nothing at all: a hook's words where no terminal shows them.
    Silent,
    /// Failures only.
    Quiet,
    /// What was done, and hints.
    Normal,
    /// All that tools say, too.
    Verbose,
}

/// How the first word of a line looks, in the colours of the command line's own complaints.
#[derive(Clone, Copy)]
enum Look {
    Plain,
    Error,
    Warning,
    Hint,
}

impl Look {
    fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Error => "\x1b[1;31m",
            Self::Warning => "\x1b[33m",
            Self::Hint => "\x1b[32m",
        }
    }
}

impl Ui {
    /// `terminal` says whether stderr can draw progress, `colours` whether lines may have some.
    pub(crate) fn new(loudness: Loudness, terminal: bool, colours: bool) -> Self {
        Self { loudness, terminal, colours }
    }

    fn line(self, look: Look, first: &str, line: &str) {
        match look.code() {
            code if self.colours && !code.is_empty() => {
                aside(|| write_raw(&format!("{code}{first}\x1b[0m {}\n", tamed(line))));
            }
            _ => write_part(&format!("{first} {line}\n")),
        }
    }

    /// One line about what was done.
    pub(crate) fn say(self, line: impl AsRef<str>) {
        if self.is_heard() {
            self.line(Look::Plain, "mlenv:", line.as_ref());
        }
    }

    /// One line that tells the next command.
    pub(crate) fn hint(self, line: impl AsRef<str>) {
        if self.is_heard() {
            self.line(Look::Hint, "hint:", line.as_ref());
        }
    }

    /// True where the user hears what a question would be about.
    pub(crate) fn is_heard(self) -> bool {
        self.loudness >= Loudness::Normal
    }

    /// True where all that tools say is wanted, as they say it.
    pub(crate) fn is_verbose(self) -> bool {
        self.loudness == Loudness::Verbose
    }

    /// What a tool said that failed, as it said it.
    pub(crate) fn repeat(self, words: &[u8]) {
        if self.loudness != Loudness::Silent {
            write_part(&String::from_utf8_lossy(words));
        }
    }

    /// Asks the user, who answers with a line: true for yes. The end of the input is a no.
    pub(crate) fn ask(question: &str, unsaid: Unsaid) -> bool {
        let choice = if unsaid == Unsaid::Yes { "Y/n" } else { "y/N" };
        let mut line = String::new();
        let read = aside(|| {
            write_raw(&tamed(&format!("mlenv: {question} [{choice}] ")));
            std::io::stdin().read_line(&mut line)
        });
        let answer = line.trim().to_lowercase();
        let is_yes = matches!(answer.as_str(), "y" | "yes");
        read.is_ok_and(|count| count > 0) && (is_yes || answer.is_empty() && unsaid == Unsaid::Yes)
    }

    /// Something is not as it should be, but the work went on.
    pub(crate) fn warn(self, line: impl AsRef<str>) {
        if self.loudness != Loudness::Silent {
            self.line(Look::Warning, "mlenv: warning:", line.as_ref());
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
        self.line(Look::Error, "mlenv:", &error.to_string());
        if let Some(cure) = error.cure() {
            self.line(Look::Hint, "hint:", cure);
        }
    }

    /// A sign of life for work that may take its time; drawn on a terminal only, and from half a second on.
    pub(crate) fn waiting(self, what: &str) -> Waiting {
        if self.draws() { Waiting::shown(what) } else { Waiting::unseen() }
    }

    /// True where progress can be seen.
    pub(crate) fn draws(self) -> bool {
        self.terminal && self.loudness == Loudness::Normal
    }
}

/// What was wrong with a command line. Its labels look as those of all other lines.
pub(crate) fn complain(text: &str, colours: bool) {
    const LABELS: [(&str, Look); 3] =
        [("error:", Look::Error), ("tip:", Look::Hint), ("hint:", Look::Hint)];
    let text = tamed(text);
    let coloured = |line: &str| {
        let words = line.trim_start();
        let label = LABELS.iter().find(|(label, _)| colours && words.starts_with(label));
        let Some((label, look)) = label else { return line.to_owned() };
        let (indent, code) = (&line[..line.len() - words.len()], look.code());
        format!("{indent}{code}{label}\x1b[0m{}", &words[label.len()..])
    };
    let text: String = text.split_inclusive('\n').map(coloured).collect();
    aside(|| write_raw(&text));
}

fn write_part(text: &str) {
    aside(|| write_raw(&tamed(text)));
}

/// Who closed stderr does not want to hear it, and there is nobody else to tell.
fn write_raw(text: &str) {
    let mut stderr = std::io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}
