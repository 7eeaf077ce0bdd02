//! What every container of a user gets of the user: the directory, the home, the variables, the shell.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::runner::Runner;
use crate::container::gpu::Gpus;
use crate::container::spec::{Inner, Terminal, is_inherited, is_visible};
use crate::container::{Mount, Powers};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::text::shown;

/// The directories seen in every container: `dir`, the home, and what was asked for, which comes last and so wins.
pub(crate) fn mounts(host: &Host, dir: &Path, extra: &[Mount]) -> Vec<Mount> {
    let home = host.home().ok();
    let mut mounts: Vec<Mount> = Vec::new();
    mounts.extend(home.as_deref().filter(|home| home.is_dir()).map(Mount::same));
    if !is_visible(dir, &mounts) {
        mounts.push(Mount::same(dir));
    }
    for mount in extra {
        mounts.retain(|other| other.target != mount.target);
        mounts.push(mount.clone());
    }
    mounts
}

/// The words for graphics processors, if there are any.
pub(crate) fn gpu_words(context: &Context, runner: &Runner, wanted: bool) -> Vec<OsString> {
    if !wanted {
        return Vec::new();
    }
    let gpus = Gpus::look(Path::new("/"));
    if gpus.is_empty() {
        context.ui.say("this machine has no graphics processor: going on without it");
    }
    gpus.words(runner.engine)
}

/// How a command of the user's runs: here, if that is seen inside, else in `dir`.
pub(crate) fn inner(context: &Context, dir: &Path, mounts: &[Mount]) -> Inner {
    let host = context.host;
    let cwd = host.cwd().ok().filter(|cwd| cwd == dir || is_visible(cwd, mounts));
    let mut inherit: Vec<String> = host
        .vars()
        .keys()
        .filter_map(|name| name.to_str())
        .filter(|name| is_inherited(name))
        .map(str::to_owned)
        .collect();
    inherit.sort();
    Inner {
        dir: cwd.unwrap_or_else(|| dir.to_owned()),
        set: Vec::new(),
        inherit,
        terminal: if host.keyboard { Terminal::Full } else { Terminal::Pipes },
        user: None,
    }
}

/// What a user asks to have inside, by `--env NAME` or `--env NAME=VALUE`, for this one command.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// As written.
    pub(crate) set: Vec<(String, OsString)>,
    /// As the caller has it.
    pub(crate) inherit: Vec<String>,
}

impl Asked {
    /// Understands the words. A name that the caller does not have is none inside.
    pub(crate) fn of(host: &Host, words: &[OsString]) -> Result<Self> {
        let mut asked = Self::default();
        for word in words {
            let bytes = word.as_bytes();
            let at = bytes.iter().position(|byte| *byte == b'=');
            let name = String::from_utf8_lossy(&bytes[..at.unwrap_or(bytes.len())]).into_owned();
            check_name(&name)?;
            asked.inherit.retain(|other| *other != name);
            asked.set.retain(|(other, _)| *other != name);
            match at {
                Some(at) => asked.set.push((name, OsStr::from_bytes(&bytes[at + 1..]).to_owned())),
                None if host.var(&name).is_some() => asked.inherit.push(name),
                None => {}
            }
        }
        Ok(asked)
    }

    /// True where this variable is asked for.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.inherit.iter().chain(self.set.iter().map(|(name, _)| name)).any(|own| own == name)
    }

    /// Lets `how` have them.
    pub(crate) fn add_to(&self, how: &mut Inner) {
        how.inherit.retain(|name| !self.has(name));
        how.inherit.extend(self.inherit.iter().cloned());
        how.set.extend(self.set.iter().cloned());
    }
}

fn check_name(name: &str) -> Result<()> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let is_name = name.bytes().all(fits) && !name.starts_with(|first: char| first.is_ascii_digit());
    if is_name && !name.is_empty() {
        return Ok(());
    }
    Err(Error::new(format!("`{}` cannot be the name of a variable", shown(name)))
        .hint("write `--env NAME`, for the value that it has here, or `--env NAME=VALUE`"))
}

/// `UID:GID`, where commands in the container would run as the host's root and the user is not root.
pub(crate) fn as_me(powers: Powers) -> Option<String> {
    (powers == Powers::Root && !Host::is_root()).then(Host::user_and_group)
}

/// Shells to try, the user's own first.
pub(crate) fn shells(host: &Host) -> Vec<OsString> {
    let own = host.path_var("SHELL").or_else(Host::listed_shell);
    let own = own.as_deref().and_then(Path::file_name).map(OsString::from);
    let mut shells: Vec<OsString> = own.into_iter().collect();
    for name in ["bash", "sh"] {
        if !shells.iter().any(|shell| shell == name) {
            shells.push(name.into());
        }
    }
    shells
}

/// Files by which names of users are known inside, where users are the host's.
pub(crate) fn user_files(powers: Powers, runner: &Runner) -> Vec<Mount> {
    use crate::container::mount::Mode;
    if !runner.has_store() || as_me(powers).is_none() {
        return Vec::new();
    }
    let files = ["/etc/passwd", "/etc/group"].map(PathBuf::from);
    files
        .iter()
        .filter(|file| file.is_file())
        .map(|file| Mount::new(file, file, Mode::ReadOnly))
        .collect()
}
