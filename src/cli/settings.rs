//! The arguments of the verbs that set mlenv up: the user's rc file, the user's settings.

use std::ffi::OsString;

use clap::{Args, Subcommand, ValueEnum};

use super::CompletionShell;

/// Put the hook and completions into your shell's rc file
///
/// The lines stand between two marks at its end. They are shown first, and on a terminal you are asked. Twice is once; `--undo`
/// takes them out again and leaves the rest of the file as it is.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mlenv init zsh
  mlenv init bash --undo")]
pub(crate) struct Init {
    /// The shell
    pub(crate) shell: CompletionShell,
    /// Take the lines out again
    #[arg(long)]
    pub(crate) undo: bool,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
}

/// Your settings: show them, change them
#[derive(Debug, Subcommand)]
pub(crate) enum Settings {
    /// List the settings, and where each comes from
    #[command(visible_alias = "ls")]
    List {
        /// Print them as JSON
        #[arg(long)]
        json: bool,
    },
    /// Print a setting; it ends with 1 where it is not set
    Get {
        /// The setting
        key: SettingKey,
    },
    /// Change a setting, in your own config.toml
    #[command(after_help = "\
Examples:
  mlenv config set base ml
  mlenv config set client auto
  mlenv config set exclude-newer '7 days'")]
    Set {
        /// The setting
        key: SettingKey,
        /// Its value
        value: OsString,
    },
    /// Take a setting out of your own config.toml
    Unset {
        /// The setting
        key: SettingKey,
    },
}

/// What can be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SettingKey {
    /// The base that `create` takes where none is named: a path or a known name
    Base,
    /// Who sees to conda's packages: a client's path or name, or `auto`
    Client,
    /// Packages that were published later do not count: a date, or how long ago (`7 days`)
    ExcludeNewer,
}

impl SettingKey {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Base, Self::Client, Self::ExcludeNewer];

    /// As it stands in the file.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Client => "client",
            Self::ExcludeNewer => "exclude-newer",
        }
    }
}
