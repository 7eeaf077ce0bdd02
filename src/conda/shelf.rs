//! What channels have, as it can be had of each for one kind of machine: all of it at once, or by name.

use std::collections::{BTreeSet, HashMap};
use std::sync::Mutex;

use super::index::{Index, Relations};
use super::offer::Offer;
use super::remote::Remote;
use super::shards::Shards;
use crate::error::Result;
use crate::specs::cutoff::Cutoff;

/// So many shards are fetched at once.
const SIDE_BY_SIDE: usize = 16;

/// What one channel has for one kind of machine.
pub(crate) enum Shelf<'a> {
    Whole(Index<'a>),
    ByName(ByName<'a>),
}

/// What several channels have, the first before the others.
pub(crate) struct Shelves<'a> {
    pub(crate) channels: Vec<Vec<Shelf<'a>>>,
    /// What came later does not count.
    pub(crate) until: Option<Cutoff>,
}

impl Shelves<'_> {
    /// The packages of a name, by channel.
    pub(crate) fn offers(&self, name: &str) -> Result<Vec<Vec<Offer>>> {
        let counts = |offer: &Offer| {
            self.until.as_ref().is_none_or(|until| until.takes(offer.facts.published()))
        };
        let of = |channel: &Vec<Shelf>| {
            let each: Result<Vec<_>> = channel.iter().map(|shelf| shelf.offers(name)).collect();
            each.map(|each| each.into_iter().flatten().filter(counts).collect())
        };
        self.channels.iter().map(of).collect()
    }

    /// The names of all packages that are meant, in their order.
    pub(crate) fn names(&self, is_meant: impl Fn(&str) -> bool) -> Vec<String> {
        let all = self.channels.iter().flatten().flat_map(Shelf::names);
        let all: BTreeSet<&str> = all.filter(|name| is_meant(name)).collect();
        all.into_iter().map(str::to_owned).collect()
    }

    /// So many names can be asked for at once.
    pub(crate) fn side_by_side(&self) -> usize {
        self.channels.iter().flatten().map(Shelf::side_by_side).max().unwrap_or(1)
    }
}

/// A list of shards, and what was read of them.
pub(crate) struct ByName<'a> {
    pub(crate) shards: &'a Shards,
    pub(crate) channel: &'a str,
    pub(crate) subdir: &'a str,
    pub(crate) remote: &'a Remote<'a>,
    pub(crate) read: Mutex<HashMap<String, Vec<Offer>>>,
}

impl Shelf<'_> {
    /// The packages of this name.
    fn offers(&self, name: &str) -> Result<Vec<Offer>> {
        match self {
            Self::Whole(index) => Ok(index.offers(name)),
            Self::ByName(by_name) => by_name.offers(name),
        }
    }

    /// The channels that go with this one.
    pub(crate) fn relations(&self) -> &Relations {
        match self {
            Self::Whole(index) => index.relations(),
            Self::ByName(by_name) => &by_name.shards.relations,
        }
    }

    fn side_by_side(&self) -> usize {
        match self {
            Self::Whole(_) => 1,
            Self::ByName(_) => SIDE_BY_SIDE,
        }
    }

    /// The names of all packages.
    fn names(&self) -> Vec<&str> {
        match self {
            Self::Whole(index) => index.names().collect(),
            Self::ByName(by_name) => by_name.shards.names().collect(),
        }
    }
}

impl ByName<'_> {
    fn offers(&self, name: &str) -> Result<Vec<Offer>> {
        let Some(hash) = self.shards.hash(name) else { return Ok(Vec::new()) };
        if let Some(read) = self.read.lock().ok().and_then(|read| read.get(name).cloned()) {
            return Ok(read);
        }
        let shard = self.remote.shard(&self.shards.place, hash)?;
        let offers = self.shards.offers(&shard, (self.channel, self.subdir))?;
        if let Ok(mut read) = self.read.lock() {
            read.insert(name.to_owned(), offers.clone());
        }
        Ok(offers)
    }
}
