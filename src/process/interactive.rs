//! A shell of the user's with an env active once it has read the user's own files: they may reset `PATH`, and still
//! the env is there, with its prompt and with packages' functions and aliases.
//!
//! Each shell is given a text that reads the user's files and then activates. bash reads it from a pipe, fish takes it
//! as an option. zsh and tcsh look for a file in a directory that a variable names: the directory holds two files that
//! never differ, and is kept in the cache. Any other shell gets the variables, and what its files then do stands.

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::command::Command;
use super::run;
use crate::config::Dirs;
use crate::error::{Attempt, Result};
use crate::plan::Vars;
use crate::shell::start;
use crate::text::hex;

/// What is to be made.
pub(crate) struct Interactive<'a> {
    /// The user's shell.
    pub(crate) shell: PathBuf,
    /// This program.
    pub(crate) program: PathBuf,
    /// What the shell is to have active: an absolute path.
    pub(crate) env: &'a Path,
    /// Variables without it.
    pub(crate) outside: Vars,
}

/// The shells that can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ShellKind {
    Bash,
    Zsh,
    Tcsh,
    Fish,
}

/// The shell as a command, and what it finds open; `None` for one that cannot be told to activate after its files.
pub(crate) fn interactive(
    wanted: Interactive<'_>,
    dirs: &Dirs,
) -> Result<Option<(Command, Vec<OwnedFd>)>> {
    let Interactive { shell, program, env, outside: mut vars } = wanted;
    let Some(kind) = kind(&shell) else { return Ok(None) };
    let mut command = Command::new(&shell);
    command.name = shell.file_name().map(OsStr::to_owned);
    let mut arguments: Vec<OsString> = Vec::new();
    let mut held = Vec::new();
    vars.insert(start::PROGRAM.into(), program.into());
    vars.insert(start::ENV.into(), env.into());
    match kind {
        ShellKind::Bash => {
            let pipe = run::held(start::BASH)?;
            let number = pipe.as_raw_fd().to_string();
            arguments
                .extend(["--rcfile".into(), OsString::from(format!("/proc/self/fd/{number}"))]);
            vars.insert(start::HELD.into(), number.into());
            held.push(pipe);
        }
        ShellKind::Fish => arguments.extend(["-C", start::FISH].map(OsString::from)),
        ShellKind::Zsh => instead(&mut vars, "ZDOTDIR", start::ZDOTDIR, dirs)?,
        ShellKind::Tcsh => instead(&mut vars, "HOME", start::HOME, dirs)?,
    }
    arguments.push("-i".into());
    Ok(Some((command.words(arguments).with(vars), held)))
}

fn kind(shell: &Path) -> Option<ShellKind> {
    let name = |path: &Path| path.file_name().map(OsStr::to_owned);
    match name(shell)?.to_str()? {
        "bash" => Some(ShellKind::Bash),
        "zsh" => Some(ShellKind::Zsh),
        "fish" => Some(ShellKind::Fish),
        "tcsh" => Some(ShellKind::Tcsh),
        // csh is tcsh under another name, or a shell that we do not speak.
        "csh" if name(&shell.canonicalize().ok()?)? == "tcsh" => Some(ShellKind::Tcsh),
        _ => None,
    }
}

/// Lets `variable` name our directory, and keeps its value in `saved`.
fn instead(vars: &mut Vars, variable: &str, saved: &str, dirs: &Dirs) -> Result<()> {
    let dir = directory(dirs)?;
    if let Some(value) = vars.insert(variable.into(), dir.into()) {
        vars.insert(saved.into(), value);
    }
    Ok(())
}

/// The directory with the files, made on first use, named for what is in it. Others must not be able to change it.
fn directory(dirs: &Dirs) -> Result<PathBuf> {
    let hash = start::FILES.iter().fold(Sha256::new(), |hash, (_, text)| hash.chain_update(text));
    let name = hex(&hash.finalize()[..8]);
    let made = in_dir(&dirs.cache.join("shell").join(&name));
    made.or_else(|_| in_dir(&dirs.scratch.join("shell").join(&name)))
}

fn in_dir(dir: &Path) -> Result<PathBuf> {
    crate::ownership::Judge::new().make_private_dir(dir)?;
    for (name, text) in start::FILES {
        let path = dir.join(name);
        crate::fs::keep_private(&path, text.as_bytes()).attempt("write", &path)?;
    }
    Ok(dir.to_owned())
}
