//! Names of variables: what every shell can hold, and what mlenv never sets because it belongs to the shells.

use std::borrow::Borrow;
use std::ffi::OsStr;
use std::fmt;

/// Holds what one shell has active; see `plan::session`.
pub(crate) const SESSION: &str = "__MLENV_SESSION";
/// The list of directories in which programs are found.
pub(crate) const PATH: &str = "PATH";
/// By which pip installs elsewhere than into the Python that it runs on.
pub(crate) const PIP_ELSEWHERE: [&str; 4] = ["PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT"];

/// A variable's name: a valid identifier, and not a variable by which a shell steers itself.
///
/// zsh ties `path` to `PATH`, fish refuses to set `status`, bash runs what is in `PROMPT_COMMAND`: a package or
/// a crafted session that names one of these is not followed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Name(String);

impl Name {
    /// Takes a name that mlenv may set.
    pub(crate) fn new(name: impl AsRef<OsStr>) -> Option<Self> {
        let name = name
            .as_ref()
            .to_str()
            .filter(|name| is_identifier(name) && !belongs_to_shells(name))?;
        Some(Self(name.to_owned()))
    }

    /// A name that is known to be good: the constants of this program.
    pub(crate) fn known(name: &str) -> Self {
        debug_assert!(is_identifier(name), "{name} is not an identifier");
        Self(name.to_owned())
    }

    /// The name as text; ASCII letters, digits and `_`.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<OsStr> for Name {
    fn as_ref(&self) -> &OsStr {
        OsStr::new(&self.0)
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_identifier(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn belongs_to_shells(name: &str) -> bool {
    SHELLS_OWN.binary_search(&name).is_ok()
        || name.ends_with("_functions")
        || name.to_ascii_lowercase().starts_with("__mlenv")
}

/// Sorted. Special or read-only in at least one of the shells, or run by one.
pub(crate) const SHELLS_OWN: [&str; 64] = [
    "BASHOPTS",
    "BASHPID",
    "BASH_ENV",
    "CDPATH",
    "EGID",
    "ENV",
    "EUID",
    "FPATH",
    "GID",
    "HISTCMD",
    "IFS",
    "LINENO",
    "OLDPWD",
    "OPTARG",
    "OPTIND",
    "POSIXLY_CORRECT",
    "PPID",
    "PROMPT",
    "PROMPT2",
    "PROMPT3",
    "PROMPT4",
    "PROMPT_COMMAND",
    "PS0",
    "PS1",
    "PS2",
    "PS3",
    "PS4",
    "PSVAR",
    "PWD",
    "RANDOM",
    "RPROMPT",
    "RPROMPT2",
    "RPS1",
    "RPS2",
    "SECONDS",
    "SHELLOPTS",
    "SHLVL",
    "SPROMPT",
    "UID",
    "ZDOTDIR",
    "_",
    "aliases",
    "argv",
    "cdpath",
    "commands",
    "cwd",
    "fignore",
    "fpath",
    "functions",
    "histchars",
    "history",
    "mailpath",
    "manpath",
    "module_path",
    "options",
    "parameters",
    "path",
    "pipestatus",
    "prompt",
    "psvar",
    "status",
    "umask",
    "version",
    "watch",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_identifiers_that_no_shell_owns_are_taken() {
        for good in ["PATH", "CONDA_PREFIX_1", "_x", "http_proxy"] {
            assert!(Name::new(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "1a",
            "a-b",
            "a b",
            "a=b",
            "é",
            "x[0]",
            "path",
            "PS1",
            "PROMPT_COMMAND",
            "IFS",
            SESSION,
        ] {
            assert!(Name::new(bad).is_none(), "{bad}");
        }
        assert!(Name::new("chpwd_functions").is_none());
    }

    #[test]
    fn the_table_is_sorted() {
        assert!(SHELLS_OWN.is_sorted());
    }
}
