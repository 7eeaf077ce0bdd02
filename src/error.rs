//! Failures as sentences: what was tried, on which path, why it failed, and one hint that cures it.
//!
//! One type for the whole program. Rooms build it where they know most; `main` alone prints it and
//! turns it into an exit code. Callers that must branch on a failure get an enum of their own instead.

use std::fmt;
use std::io;
use std::path::Path;

use crate::text::Shown;

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
}

impl Error {
    /// A failure that ends the program with code 2. `message` starts in lower case, without a final stop.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(Box::new(Inner { message: message.into(), hint: None, exit: Exit::Unable }))
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

    /// The same where a tool was at work: what it left is its to tell.
    pub(crate) fn stopped(message: impl Into<String>) -> Self {
        let mut error = Self::new(message);
        error.0.exit = Exit::Interrupted;
        error
    }

    /// A system call that failed: "could not `verb` `path`: reason".
    pub(crate) fn io(verb: &str, path: &Path, cause: &io::Error) -> Self {
        let error = Self::new(format!("could not {verb} {}: {}", Shown(path), reason(cause)));
        match cure(cause) {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }

    /// Adds the cure; the outermost one is the one that is printed.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Says what was being done when the failure came up: "`what`: message".
    #[must_use]
    pub(crate) fn during(mut self, what: impl fmt::Display) -> Self {
        self.0.message = format!("{what}: {}", self.0.message);
        self
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

/// What helps against the failures that users of shared file systems meet.
fn cure(cause: &io::Error) -> Option<&'static str> {
    match cause.kind() {
        io::ErrorKind::StorageFull => Some(
            "free some space or inodes there (`df -h`, `df -i`), or choose a place on another file system",
        ),
        io::ErrorKind::QuotaExceeded => Some(
            "your quota is used up (`quota -s`): remove files there, or choose a place on another file system",
        ),
        io::ErrorKind::ReadOnlyFilesystem => {
            Some("that file system is read-only: choose a place that you can write")
        }
        io::ErrorKind::PermissionDenied => {
            Some("choose a place where you may write, or ask its owner")
        }
        io::ErrorKind::StaleNetworkFileHandle | io::ErrorKind::NotConnected => {
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
    fn context_goes_in_front() {
        let error = Error::no("no such env").during("removing it");
        assert_eq!(error.to_string(), "removing it: no such env");
        assert_eq!(error.exit().code(), 1);
    }
}
