//! Failures as sentences: what was tried, on which path, why it failed, and one hint that cures it.
//!
//! One type for the whole program. Rooms build it where they know most; `main` alone prints it and
//! turns it into an exit code. Callers that must branch on a failure get an enum of their own instead.

use std::fmt;
use std::io;
use std::path::Path;

use crate::text::{Shown, tamed};

/// The result of everything here that can fail.
pub(crate) type Result<T> = std::result::Result<T, Error>;

/// How the process ends; the table in the README says the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The honest "no": not found, nothing active.
    No,
    /// A usage or environment error.
    Unable,
    /// `run` found the program, but could not run it. As shells have it.
    NotRunnable,
    /// `run` found no such program. As shells have it.
    NoProgram,
    /// Stopped by Ctrl-C or a termination signal.
    Interrupted,
}

impl Exit {
    /// The number that the shell sees.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::No => 1,
            Self::Unable => 2,
            Self::NotRunnable => 126,
            Self::NoProgram => 127,
            Self::Interrupted => 130,
        }
    }
}

/// One failure: a sentence, perhaps a cure, and the way the process ends.
#[derive(Debug)]
pub(crate) struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    message: String,
    hint: Option<String>,
    exit: Exit,
    kind: FailureKind,
}

/// What callers tell failures apart by; sentences are for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// No caller asks.
    #[default]
    Other,
    /// The env lives in a container that can be entered from here.
    InContainer,
    /// A conda client refused because of pins on these packages.
    Pinned(Vec<String>),
}

impl Error {
    /// A failure that ends the program with code 2. `message` starts in lower case, without a final stop.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        let message = tamed(&message.into()).into_owned();
        Self(Box::new(Inner { message, hint: None, exit: Exit::Unable, kind: FailureKind::Other }))
    }

    /// The honest "no", which ends the program with code 1.
    pub(crate) fn no(message: impl Into<String>) -> Self {
        let mut error = Self::new(message);
        error.0.exit = Exit::No;
        error
    }

    /// A failure that ends the program in a way of its own.
    pub(crate) fn ending(message: impl Into<String>, exit: Exit) -> Self {
        let mut error = Self::new(message);
        error.0.exit = exit;
        error
    }

    /// The user, or the system, asked us to stop.
    pub(crate) fn interrupted() -> Self {
        let mut error = Self::new("interrupted; nothing was left behind");
        error.0.exit = Exit::Interrupted;
        error
    }

    /// As `interrupted`, where a tool was at work: what it left is its to tell.
    pub(crate) fn stopped(message: impl Into<String>) -> Self {
        let mut error = Self::new(message);
        error.0.exit = Exit::Interrupted;
        error
    }

    /// A system call that failed: "could not `verb` `path`: reason".
    pub(crate) fn io(verb: &str, path: &Path, cause: &io::Error) -> Self {
        let error = Self::new(format!("could not {verb} {}: {}", Shown(path), reason(cause)));
        match cure(verb, cause) {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }

    /// Adds the cure; the outermost one is the one that is printed.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(tamed(&hint.into()).into_owned());
        self
    }

    /// Says what was being done when the failure came up: "`what`: message".
    #[must_use]
    pub(crate) fn during(mut self, what: impl fmt::Display) -> Self {
        self.0.message = tamed(&format!("{what}: {}", self.0.message)).into_owned();
        self
    }

    /// Says by what callers tell it apart.
    #[must_use]
    pub(crate) fn of_kind(mut self, kind: FailureKind) -> Self {
        self.0.kind = kind;
        self
    }

    /// By what callers tell it apart.
    pub(crate) fn kind(&self) -> &FailureKind {
        &self.0.kind
    }

    /// The cure, if one is known.
    pub(crate) fn cure(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// How the process ends.
    pub(crate) fn exit(&self) -> Exit {
        self.0.exit
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

/// Turns the error of a system call into a sentence about a path.
pub(crate) trait Attempt<T> {
    /// `verb` completes "could not ... PATH".
    fn attempt(self, verb: &str, path: &Path) -> Result<T>;
}

impl<T, E: Into<io::Error>> Attempt<T> for std::result::Result<T, E> {
    fn attempt(self, verb: &str, path: &Path) -> Result<T> {
        self.map_err(|cause| Error::io(verb, path, &cause.into()))
    }
}

/// The system's words without the number that Rust adds: "Permission denied".
pub(crate) fn reason(cause: &io::Error) -> String {
    let text = cause.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

/// What a failed attempt was about: each has cures of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Aim {
    /// To know something.
    Read,
    /// To make a program run.
    Start,
    /// To read here and write there: which of them failed is not known.
    Copy,
    /// To change something.
    Write,
}

/// The words that begin "could not ..." when nothing would have been changed, or not only that.
const AIMS: [(&str, Aim); 13] = [
    ("read", Aim::Read),
    ("look", Aim::Read),
    ("open", Aim::Read),
    ("resolve", Aim::Read),
    ("find", Aim::Read),
    ("enter", Aim::Read),
    ("list", Aim::Read),
    ("start", Aim::Start),
    ("run", Aim::Start),
    ("copy", Aim::Copy),
    ("bring along", Aim::Copy),
    ("pack", Aim::Copy),
    ("unpack", Aim::Copy),
];

fn aim(verb: &str) -> Aim {
    let is = |word: &str| {
        let rest = verb.strip_prefix(word);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    // To open something up is to give its owner the right to write there.
    let known = AIMS.iter().find(|(word, _)| is(word) && verb != "open up");
    known.map_or(Aim::Write, |(_, aim)| *aim)
}

/// What helps against the failures that users of shared file systems meet.
fn cure(verb: &str, cause: &io::Error) -> Option<&'static str> {
    match (cause.kind(), aim(verb)) {
        (io::ErrorKind::PermissionDenied, Aim::Read) => Some(
            "you may not read it: ask its owner for that right (`ls -ld` on it and the directories above shows whose they are)",
        ),
        (io::ErrorKind::PermissionDenied, Aim::Start) => Some(
            "you may not run it, or its file system is mounted `noexec`: ask its owner, or name another one",
        ),
        (io::ErrorKind::PermissionDenied, Aim::Copy) => Some(
            "make sure that you may read what is copied and write where it goes, or ask the owners",
        ),
        (io::ErrorKind::PermissionDenied, Aim::Write) => {
            Some("choose a place where you may write, or ask its owner")
        }
        (io::ErrorKind::StorageFull, _) => Some(
            "free some space or inodes there (`df -h`, `df -i`), or choose a place on another file system",
        ),
        (io::ErrorKind::QuotaExceeded, _) => Some(
            "your quota is used up (`quota -s`): remove files there, or choose a place on another file system",
        ),
        (io::ErrorKind::ReadOnlyFilesystem, _) => {
            Some("that file system is read-only: choose a place that you can write to")
        }
        (io::ErrorKind::StaleNetworkFileHandle | io::ErrorKind::NotConnected, _) => {
            Some("the file system is gone or was mounted anew: check it with `ls`, then try again")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_io_failure_reads_as_a_sentence_with_its_cure() {
        let cause = io::Error::from_raw_os_error(28);
        let error = Error::io("write", Path::new("/x/y"), &cause);
        assert_eq!(error.to_string(), "could not write /x/y: No space left on device");
        assert!(error.cure().is_some_and(|hint| hint.contains("df -i")));
        assert_eq!(error.exit().code(), 2);
    }

    #[test]
    fn failures_to_read_to_write_and_to_start_have_hints_of_their_own() {
        let cause = io::Error::from_raw_os_error(13);
        let hint = |verb: &str| {
            Error::io(verb, Path::new("/x"), &cause).cure().unwrap_or_default().to_owned()
        };
        for verb in ["read", "read the base", "look at", "open", "open the base", "resolve"] {
            assert!(hint(verb).starts_with("you may not read it"), "{verb}: {}", hint(verb));
        }
        for verb in ["write", "make", "remove", "link", "rename", "replace", "open up", "change"] {
            assert!(hint(verb).contains("where you may write"), "{verb}: {}", hint(verb));
        }
        assert!(hint("start").contains("may not run it"), "{}", hint("start"));
        assert!(hint("pack").contains("may read what is copied"), "{}", hint("pack"));
    }

    #[test]
    fn context_goes_in_front() {
        let error = Error::no("no such env").during("removing it");
        assert_eq!(error.to_string(), "removing it: no such env");
        assert_eq!(error.exit().code(), 1);
    }
}
