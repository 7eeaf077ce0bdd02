//! A command as plain data: the program, its words, its variables, where it starts. `run` carries it out; `--dry-run`
//! shows it. Whoever has to put another program in front, such as a container engine, makes another command out of it.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::find;
use crate::error::Result;
use crate::plan::Vars;
use crate::shell::{Dialect, quote};
use crate::text::shown;

/// A program, its arguments, and what it sees differently from us.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Command {
    /// The program's name or path.
    pub(crate) program: OsString,
    /// Its arguments, each one a word.
    pub(crate) arguments: Vec<OsString>,
    /// Variables that it gets.
    pub(crate) set: Vec<(OsString, OsString)>,
    /// Variables that are kept from it.
    pub(crate) unset: Vec<OsString>,
    /// All of its variables, where they are not ours.
    pub(crate) vars: Option<Vars>,
    /// The name by which it is called, where that is not its own.
    pub(crate) name: Option<OsString>,
    /// Where it starts, where that is not here.
    pub(crate) dir: Option<PathBuf>,
}

impl Command {
    /// A call without arguments.
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        Self { program: program.as_ref().to_owned(), ..Self::default() }
    }

    /// A command line of the user's, its program found on the `PATH` of `vars`, as a shell would.
    pub(crate) fn found(words: &[OsString], vars: Vars) -> Result<Self> {
        let name = words.first().cloned().unwrap_or_default();
        let program = find::find(&name, &vars)?.into_os_string();
        let arguments = words.get(1..).unwrap_or_default().to_vec();
        Ok(Self { program, arguments, name: Some(name), vars: Some(vars), ..Self::default() })
    }

    /// With exactly these variables.
    #[must_use]
    pub(crate) fn with(self, vars: Vars) -> Self {
        Self { vars: Some(vars), ..self }
    }

    /// Started in `dir`.
    #[must_use]
    pub(crate) fn in_dir(self, dir: &Path) -> Self {
        Self { dir: Some(dir.to_owned()), ..self }
    }

    /// Adds one word.
    #[must_use]
    pub(crate) fn word(mut self, word: impl AsRef<OsStr>) -> Self {
        self.arguments.push(word.as_ref().to_owned());
        self
    }

    /// Adds several words.
    #[must_use]
    pub(crate) fn words<I: IntoIterator<Item: AsRef<OsStr>>>(mut self, words: I) -> Self {
        self.arguments.extend(words.into_iter().map(|word| word.as_ref().to_owned()));
        self
    }

    /// Adds an option and its value, as two words.
    #[must_use]
    pub(crate) fn option(self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.word(name).word(value)
    }

    /// The call as a line that a POSIX shell would take, for people to read.
    pub(crate) fn line(&self) -> String {
        let mut words: Vec<String> = Vec::new();
        if !self.set.is_empty() || !self.unset.is_empty() {
            words.push("env".to_owned());
            words.extend(
                self.unset.iter().flat_map(|name| ["-u".to_owned(), readable(name.as_bytes())]),
            );
            words.extend(self.set.iter().map(|(name, value)| {
                readable(&[name.as_bytes(), b"=", value.as_bytes()].concat())
            }));
        }
        words.push(readable(self.program.as_bytes()));
        words.extend(self.arguments.iter().map(|word| readable(word.as_bytes())));
        words.join(" ")
    }
}

/// A word bare where no shell would see more in it, else as a literal.
fn readable(bytes: &[u8]) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-./:=@,+%".contains(byte);
    let text = if !bytes.is_empty() && bytes.iter().all(plain) {
        bytes.to_vec()
    } else {
        quote(Dialect::Bash, OsStr::from_bytes(bytes)).unwrap_or_default()
    };
    // A newline in a literal is part of it; all else that steers a terminal is shown.
    let text = String::from_utf8_lossy(&text);
    text.split('\n').map(shown).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_can_be_typed_again() {
        let mut call = Command::new("podman").word("run").option("--name", "a b").word("");
        assert_eq!(call.line(), "podman run --name 'a b' ''");
        call.set = vec![("A".into(), "it's".into())];
        call.unset = vec!["B".into()];
        assert_eq!(call.line(), r"env -u B 'A=it'\''s' podman run --name 'a b' ''");
    }
}
