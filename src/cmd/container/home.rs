//! What every container of a user gets of the user: the directory, the home, the variables, the shell.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::super::Context;
use super::runner::Runner;
use crate::container::gpu::Gpus;
use crate::container::order::{Inner, Terminal, is_inherited, is_visible};
use crate::container::{Mount, Powers};
use crate::host::Host;

/// The directories seen in every container: `dir`, the home, and what was asked for, which comes last and so wins.
pub(super) fn mounts(host: &Host, dir: &Path, extra: &[Mount]) -> Vec<Mount> {
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
pub(in crate::cmd) fn gpu_words(context: &Context, runner: &Runner, wanted: bool) -> Vec<OsString> {
    if !wanted {
        return Vec::new();
    }
    let gpus = Gpus::look(Path::new("/"));
    if gpus.is_empty() {
        context.ui.say("this machine has no graphics processor: going on without");
    }
    gpus.words(runner.engine)
}

/// How a command of the user's runs: here, if that is seen inside, else in `dir`.
pub(in crate::cmd) fn inner(context: &Context, dir: &Path, mounts: &[Mount]) -> Inner {
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

/// `UID:GID`, where commands in the container would run as the host's root and the user is not root.
pub(super) fn as_me(powers: Powers) -> Option<String> {
    (powers == Powers::Root && !Host::is_root()).then(Host::user_and_group)
}

/// Shells to try, the user's own first.
pub(in crate::cmd) fn shells(host: &Host) -> Vec<OsString> {
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
pub(super) fn user_files(powers: Powers, runner: &Runner) -> Vec<Mount> {
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
