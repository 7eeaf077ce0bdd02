//! What one channel has for one kind of machine, as it can be had: all of it at once, or by name.

use std::collections::HashMap;
use std::sync::Mutex;

use super::index::Index;
use super::offer::Offer;
use super::remote::Remote;
use super::shards::Shards;
use crate::error::Result;
use crate::parallel;

/// So many shards are fetched at once.
const SIDE_BY_SIDE: usize = 16;

/// What one channel has for one kind of machine.
pub(crate) enum Shelf<'a> {
    Whole(Index<'a>),
    ByName(ByName<'a>),
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
    /// The packages of each of these names.
    pub(crate) fn offers(&self, names: &[String]) -> Result<Vec<Vec<Offer>>> {
        match self {
            Self::Whole(index) => Ok(names.iter().map(|name| index.offers(name)).collect()),
            Self::ByName(by_name) => {
                parallel::map(SIDE_BY_SIDE, names.len(), |at| by_name.offers(&names[at]))
            }
        }
    }

    /// The names of all packages.
    pub(crate) fn names(&self) -> Vec<&str> {
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
