//! What a command is to be done with, and what is said while it is done, whichever verb it is.

use super::Command;

impl Command {
    /// The moment behind which packages do not count, where one is given.
    pub(crate) fn exclude_newer(&self) -> Option<String> {
        let until = match self {
            Self::Create(arguments) => &arguments.until,
            Self::Install(arguments) => &arguments.until,
            Self::Update(arguments) => &arguments.until,
            Self::Outdated(arguments) => &arguments.until,
            #[cfg(feature = "conda")]
            Self::Search(arguments) => &arguments.until,
            Self::Sync(arguments) => &arguments.until,
            Self::Lock(arguments) => &arguments.until,
            _ => return None,
        };
        until.exclude_newer.clone()
    }

    /// What it does, for those verbs that may take their time and never hand the terminal to another program.
    pub(crate) fn work(&self) -> Option<&'static str> {
        Some(match self {
            Self::Create(_) => "making the env",
            Self::Remove(_) => "removing",
            Self::Clone(_) => "copying the env",
            Self::Rename(_) => "moving the env",
            Self::Rebase(_) => "moving the env to another base",
            Self::Doctor(_) => "looking at the env",
            Self::Prune(_) => "looking for what is left over",
            Self::Install(_) | Self::Sync(_) | Self::Update(_) | Self::Uninstall(_) => {
                "looking at the env and its base"
            }
            Self::Outdated(_) | Self::Packages(_) | Self::Why(_) | Self::Autoremove(_) => {
                "looking at packages"
            }
            Self::Lock(_) => "making the lock",
            Self::Export(_) => "writing down what is in the env",
            Self::List(_) => "looking at envs",
            Self::Info(_) => "looking",
            Self::Unpack(_) => "unpacking",
            Self::Base(_) => "looking at the base",
            Self::SelfCheck(_) => "trying what mlenv does",
            _ => return None,
        })
    }
}
