//! What of a lock, of the base and of time an env keeps to, as several verbs take it.

use clap::Args;

/// Whether a lock is obeyed.
#[derive(Debug, Default, Args)]
pub(crate) struct Locked {
    /// Install just what pylock.mlenv.toml says; where it does not fit the file or the base nothing is done
    #[arg(long)]
    pub(crate) locked: bool,
    /// Make pylock.mlenv.toml anew for this base first, then do as it says
    #[arg(long)]
    pub(crate) relock: bool,
}

impl Locked {
    /// Whether a lock is to be obeyed, and whether it is to be made anew first.
    pub(crate) fn pair(&self) -> (bool, bool) {
        (self.locked, self.relock)
    }
}

/// How far an env may leave its base.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct BaseKept {
    /// Take the versions of a lock although the base has others that would do
    #[arg(long)]
    pub(crate) exact: bool,
    /// Refuse whatever would shadow a package of the base
    #[arg(long)]
    pub(crate) frozen_base: bool,
    /// Name packages of the base that would not fit any more, and do nothing; else versions that fit come along
    #[arg(long)]
    pub(crate) no_repair: bool,
}

/// Which packages count.
#[derive(Debug, Default, Args)]
pub(crate) struct Until {
    /// Packages that were published later do not count: a date, a moment, or how long ago (`7 days`)
    #[arg(long, value_name = "WHEN")]
    pub(crate) exclude_newer: Option<String>,
}
