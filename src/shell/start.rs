//! What a shell reads when `mlenv shell` starts it: the user's own files, then the env.
//!
//! Texts are the same for every env and user; what differs comes in variables, which the texts take away again.

/// bash's `--rcfile`; `/etc/bash.bashrc` is read by bash itself.
pub(crate) const BASH: &str = include_str!("../../shell/start/rc.bash");
/// fish's `--init-command`.
pub(crate) const FISH: &str = include_str!("../../shell/start/init.fish");
/// zsh and tcsh take no text, and find their first file by a directory.
pub(crate) const FILES: [(&str, &str); 2] = [
    (".zshenv", include_str!("../../shell/start/zshenv")),
    (".cshrc", include_str!("../../shell/start/cshrc")),
];

/// This program.
pub(crate) const PROGRAM: &str = "__mlenv_shell_program";
/// What is to be active: an absolute path.
pub(crate) const ENV: &str = "__mlenv_shell_env";
/// The number of the pipe that bash reads.
pub(crate) const HELD: &str = "__mlenv_shell_held";
/// `HOME` as it was, for tcsh.
pub(crate) const HOME: &str = "__mlenv_shell_home";
/// `ZDOTDIR` as it was, for zsh.
pub(crate) const ZDOTDIR: &str = "__mlenv_shell_zdotdir";
