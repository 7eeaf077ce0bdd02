//! Packages of conda's channels without a conda client: chosen against what the base has, fetched, and put into an env so
//! that conda, mamba and rattler take them for their own.
//!
//! `channel`, `condarc`, `login`, `mirrors`, `lists`, `remote` and `answer` know where packages are, `market` joins them, `index` and
//! `shards` reads of a channel what can matter, `machine` says
//! what this machine has, `here` what the env has, and `solve` chooses. `archive` and `cache` unpack; `contents`,
//! `placement`, `prefix` and `entry_point` say what becomes of a package's files, `link` lays them ready, `compile` their
//! Python, `record` writes what conda reads, `survey` looks for what is in the way, and `transaction` puts all of it in
//! place, or nothing. `decide`, `ready` and `carry` join them; `search` only looks.

mod answer;
mod archive;
mod cache;
mod carry;
mod channel;
mod closure;
mod compile;
mod condarc;
mod contents;
mod decide;
mod entry_point;
mod exact;
pub(crate) mod here;
mod index;
mod link;
mod lists;
mod login;
mod machine;
mod market;
mod mirrors;
mod offer;
mod placement;
mod prefix;
mod ready;
mod record;
mod recorded;
mod refusal;
mod remote;
mod scripts;
pub(crate) mod search;
mod shards;
mod shelf;
mod solve;
mod survey;
pub(crate) mod transaction;
mod update;
mod weigh;

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::Path;

use self::channel::Channel;
use self::here::Here;
use self::offer::Offer;
use crate::base::contents::origin_of;
use crate::host::Host;
use crate::specs::cutoff::Cutoff;
use crate::specs::direct::without_secrets;
use crate::ui::Ui;

pub(crate) use self::carry::{carry, fetch, to_fetch};
pub(crate) use self::decide::{again, install, uninstall};
pub(crate) use self::exact::exactly;
pub(crate) use self::machine::glibc;
pub(crate) use self::ready::Reach;
pub(crate) use self::update::update;
pub(crate) use self::weigh::{Weight, weigh};

/// An env that packages are put into.
pub(crate) struct Place<'a> {
    /// The env, at the place that its programs know.
    pub(crate) env: &'a Path,
    /// The image that it is made for, if it is.
    pub(crate) inside: Option<Inside<'a>>,
    pub(crate) host: &'a Host,
    /// The user's cache.
    pub(crate) cache: &'a Path,
    pub(crate) ui: Ui,
    /// Channels that the env was made from before.
    pub(crate) channels: &'a [String],
    /// Nothing is fetched.
    pub(crate) is_offline: bool,
    /// Packages that came later do not count.
    pub(crate) until: Option<Cutoff>,
    /// The variables in which scripts of packages are run; without them they are only named.
    pub(crate) scripts: Option<&'a HashMap<OsString, OsString>>,
}

/// An image for which an env is made, outside of it.
#[derive(Clone, Copy)]
pub(crate) struct Inside<'a> {
    /// The image's root.
    pub(crate) root: &'a Path,
    /// Where the env will be there: that place its programs know.
    pub(crate) prefix: &'a Path,
}

impl Place<'_> {
    /// The root of the system that the packages will run on.
    fn system(&self) -> &Path {
        self.inside.map_or(Path::new("/"), |inside| inside.root)
    }

    /// The place that the env's programs know.
    fn known_as(&self) -> &Path {
        self.inside.map_or(self.env, |inside| inside.prefix)
    }
}

/// What is to be done to an env.
#[derive(Clone, Debug, Default)]
pub(crate) struct Change {
    /// What the env has.
    here: Here,
    come: Vec<Offer>,
    go: Vec<Offer>,
    /// What was asked for, in the user's words.
    specs: Vec<String>,
    channels: Vec<Channel>,
    /// What comes is known by name and hash alone: the rest stands in the archives.
    is_bare: bool,
    /// The newest that there is of what an update is about, whether it fits or not: names and versions.
    pub(crate) newest: Vec<(String, String)>,
}

impl Change {
    /// What would be put in place.
    pub(crate) fn come(&self) -> impl Iterator<Item = Named<'_>> {
        self.come.iter().map(Named::of)
    }

    /// The archives that would be put in place, as explicit lists have them: an address and a hash. Without what lets
    /// somebody in.
    pub(crate) fn archives(&self) -> Vec<String> {
        let hash = |offer: &Offer| {
            let hash = offer.facts.sha256.as_ref();
            hash.map(|hash| format!("#sha256:{hash}")).unwrap_or_default()
        };
        self.come.iter().map(|offer| without_secrets(&offer.url) + &hash(offer)).collect()
    }

    /// What would be taken away.
    pub(crate) fn go(&self) -> impl Iterator<Item = Named<'_>> {
        self.go.iter().map(Named::of)
    }
}

/// A package, for people.
pub(crate) struct Named<'a> {
    pub(crate) name: &'a str,
    pub(crate) version: &'a str,
    /// The bytes of its archive.
    pub(crate) size: Option<u64>,
    /// Its channel, by the short name that conda has for it.
    pub(crate) from: Option<String>,
}

impl<'a> Named<'a> {
    fn of(offer: &'a Offer) -> Self {
        let origin = origin_of(&offer.channel, &offer.subdir);
        let from = origin.rsplit_once('/').map(|(channel, _)| channel.to_owned());
        Self {
            name: &offer.facts.name,
            version: &offer.facts.version,
            size: offer.facts.size,
            from,
        }
    }
}
