//! The world as the process found it: variables, working directory, terminal. Read once, passed down.
//!
//! Nothing else in the program reads the environment, so a test can hand any world to any room.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::text::Shown;

/// Where the system's programs are.
pub(crate) const SYSTEM_PATH: &str = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";

/// The process's surroundings.
#[expect(clippy::struct_excessive_bools, reason = "each stream is a terminal or is not")]
pub(crate) struct Host {
    vars: HashMap<OsString, OsString>,
    cwd: Option<PathBuf>,
    program: Option<PathBuf>,
    /// True where words may use colour and progress may be drawn.
    pub(crate) terminal: bool,
    /// True where somebody types: a question can be asked and answered.
    pub(crate) answers: bool,
    /// True where somebody sees what a program prints.
    pub(crate) screen: bool,
    /// How wide that is, where it is known.
    pub(crate) columns: Option<usize>,
    /// True where somebody types, and sees what a program prints.
    pub(crate) keyboard: bool,
}

impl Host {
    /// Takes the world in. The only place that reads it.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the world")]
    pub(crate) fn from_process() -> Self {
        Self {
            vars: std::env::vars_os().collect(),
            cwd: std::env::current_dir().ok(),
            program: std::env::current_exe().ok(),
            terminal: std::io::stderr().is_terminal(),
            answers: std::io::stdin().is_terminal() && std::io::stderr().is_terminal(),
            screen: std::io::stdout().is_terminal(),
            columns: terminal_size::terminal_size_of(std::io::stdout())
                .map(|(width, _)| usize::from(width.0)),
            keyboard: std::io::stdin().is_terminal() && std::io::stdout().is_terminal(),
        }
    }

    /// A variable's value; one that is set but empty counts as not set, as XDG and conda have it.
    pub(crate) fn var(&self, name: &str) -> Option<&OsStr> {
        self.vars.get(OsStr::new(name)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// All variables, with the values that the shell gave them.
    pub(crate) fn vars(&self) -> &HashMap<OsString, OsString> {
        &self.vars
    }

    /// As `vars`, with the system's directories as `PATH` where there is none: what a shell would look through.
    pub(crate) fn vars_with_path(&self) -> HashMap<OsString, OsString> {
        let mut vars = self.vars.clone();
        if self.var("PATH").is_none() {
            vars.insert("PATH".into(), SYSTEM_PATH.into());
        }
        vars
    }

    /// This program's own file.
    pub(crate) fn program(&self) -> Result<PathBuf> {
        self.program.clone().ok_or_else(|| Error::new("could not find out where this program is"))
    }

    /// A variable that names a path, if it is absolute; relative ones are ignored, as XDG asks.
    pub(crate) fn path_var(&self, name: &str) -> Option<PathBuf> {
        self.var(name).map(PathBuf::from).filter(|path| path.is_absolute())
    }

    /// The working directory, by the shell's own name for it (`$PWD`) where that is the same place.
    pub(crate) fn cwd(&self) -> Result<PathBuf> {
        let physical = self.cwd.as_deref().ok_or_else(|| {
            Error::new("could not find the working directory: it was removed or cannot be read")
                .hint("run `cd` first")
        })?;
        Ok(match self.path_var("PWD") {
            Some(logical) if same_place(&logical, physical) => logical,
            _ => physical.to_owned(),
        })
    }

    /// `path` made absolute against the working directory. `..` means what it means to the kernel, so that
    /// `-p ../x` makes what `ls ../x` shows; all else keeps the name that the user gave it.
    pub(crate) fn absolute(&self, path: &Path) -> Result<PathBuf> {
        if path.is_absolute() { Ok(tidy(path)) } else { Ok(tidy(&self.cwd()?.join(path))) }
    }

    /// The first executable called `name` on `$PATH`, absolute directories only.
    pub(crate) fn find_program(&self, name: &str) -> Option<PathBuf> {
        self.programs(name).into_iter().next()
    }

    /// All of them, in order.
    pub(crate) fn programs(&self, name: &str) -> Vec<PathBuf> {
        use std::os::unix::fs::PermissionsExt;
        let is_program = |path: &PathBuf| {
            path.metadata()
                .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
        };
        let dirs = self.var("PATH").into_iter().flat_map(std::env::split_paths);
        let absolute = dirs.filter(|dir| dir.is_absolute()).map(|dir| dir.join(name));
        absolute.filter(is_program).collect()
    }

    /// What the user database says of this user's name; its number where it says none.
    pub(crate) fn listed_name() -> String {
        let user = nix::unistd::User::from_uid(nix::unistd::geteuid()).ok().flatten();
        user.map_or_else(|| nix::unistd::geteuid().to_string(), |user| user.name)
    }

    /// True for root.
    pub(crate) fn is_root() -> bool {
        nix::unistd::geteuid().is_root()
    }

    /// This process's user and group, `UID:GID`.
    pub(crate) fn user_and_group() -> String {
        format!("{}:{}", nix::unistd::geteuid(), nix::unistd::getegid())
    }

    /// What the user database says of this user's home.
    pub(crate) fn listed_home() -> Option<PathBuf> {
        let user = nix::unistd::User::from_uid(nix::unistd::geteuid()).ok().flatten()?;
        Some(user.dir).filter(|dir| dir.is_absolute() && dir.parent().is_some())
    }

    /// What it says of this user's shell.
    pub(crate) fn listed_shell() -> Option<PathBuf> {
        let user = nix::unistd::User::from_uid(nix::unistd::geteuid()).ok().flatten()?;
        Some(user.shell).filter(|shell| shell.is_absolute())
    }

    /// Where temporary files go. Fails where that is not there, whoever said so.
    pub(crate) fn temporary_dir(&self) -> Result<PathBuf> {
        let named = self.path_var("TMPDIR");
        let dir = named.clone().unwrap_or_else(|| PathBuf::from("/tmp"));
        if dir.is_dir() {
            return Ok(dir);
        }
        let error = Error::new(format!(
            "could not make temporary files in {}: there is no such directory",
            Shown(&dir)
        ));
        Err(error.hint(if named.is_some() {
            "TMPDIR names it: make it, or unset TMPDIR"
        } else {
            "set TMPDIR to a directory of yours"
        }))
    }

    /// The user's home directory.
    pub(crate) fn home(&self) -> Result<PathBuf> {
        self.path_var("HOME").ok_or_else(|| {
            Error::new("could not find your home directory: HOME is not set")
                .hint("set HOME, or give paths with -p")
        })
    }
}

/// True where both names lead to the same file or directory.
pub(crate) fn same_place(left: &Path, right: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (left.metadata(), right.metadata()) {
        (Ok(left), Ok(right)) => (left.dev(), left.ino()) == (right.dev(), right.ino()),
        _ => false,
    }
}

/// Takes `.` and `..` out of an absolute path; links are followed only where a `..` comes after them.
fn tidy(path: &Path) -> PathBuf {
    use std::path::Component;
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                out = out.canonicalize().unwrap_or(out);
                out.pop();
            }
            Component::CurDir => {}
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
impl Host {
    /// A made-up world for tests.
    pub(crate) fn fake(vars: &[(&str, &str)], cwd: &Path) -> Self {
        let vars = vars.iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self {
            vars,
            cwd: Some(cwd.to_owned()),
            program: None,
            terminal: false,
            answers: false,
            screen: false,
            columns: None,
            keyboard: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_absolute() {
        let host = Host::fake(&[], Path::new("/a/b"));
        assert_eq!(host.absolute(Path::new("../c/./d")).unwrap(), Path::new("/a/c/d"));
        assert_eq!(host.absolute(Path::new("/x/../y")).unwrap(), Path::new("/y"));
    }

    #[test]
    fn empty_variables_count_as_unset_and_relative_paths_are_ignored() {
        let host = Host::fake(&[("A", ""), ("B", "rel")], Path::new("/"));
        assert_eq!(host.var("A"), None);
        assert_eq!(host.path_var("B"), None);
    }
}
