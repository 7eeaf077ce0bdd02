//! The channels that count, and what is asked for of them.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Mutex;

use super::channel::{self, Channel};
use super::index::{self, Index};
use super::offer;
use super::remote::{List, Remote};
use super::shelf::{ByName, Shelf, Shelves};
use super::solve::{Priority, Spec};
use super::{Place, condarc, machine};
use crate::env::content::BASE_LINK;
use crate::error::{Error, Result};
use crate::parallel;
use crate::text::shown;

/// As many answers are waited for at once.
const SIDE_BY_SIDE: usize = 8;

/// Channels, and what is asked for of them.
pub(crate) struct Market {
    pub(crate) channels: Vec<Channel>,
    pub(crate) specs: Vec<Spec>,
    pub(crate) priority: Priority,
}

impl Market {
    pub(crate) fn new(place: &Place, named: &[String], words: &[String]) -> Result<Self> {
        let base = place.env.join(BASE_LINK);
        let settings = condarc::read(place.host, place.env, &base)?;
        let cwd = place.host.cwd().unwrap_or_else(|_| PathBuf::from("/"));
        let mut channels = channel::all(named, place.channels, &settings, &cwd)?;
        let mut specs = Vec::new();
        for words in words {
            let (spec, of) = channel::spec(words, &settings, &cwd)?;
            specs.push(spec);
            channels
                .extend(of.filter(|of| !channels.iter().any(|channel| channel.open == of.open)));
        }
        Ok(Self { channels, specs, priority: settings.priority.unwrap_or_default() })
    }

    /// The names that are asked for.
    pub(crate) fn names(&self) -> impl Iterator<Item = String> {
        self.specs.iter().map(|spec| offer::subject(&spec.words).into_owned())
    }

    /// What the channels say that they have: for each first what is for machines of this kind, then what is for all.
    pub(crate) fn lists<'p>(&self, place: &'p Place) -> Result<Lists<'p>> {
        let bar = place.ui.waiting("asking channels what they have");
        let remote = Remote::new(place);
        let subdirs = subdirs();
        let lists = parallel::map(SIDE_BY_SIDE, self.channels.len() * 2, |at| {
            remote.list(&self.channels[at / 2], subdirs[at % 2])
        });
        drop(bar);
        Ok(Lists { lists: lists?, remote })
    }

    pub(crate) fn shelves<'t>(&'t self, place: &Place, lists: &'t Lists) -> Result<Shelves<'t>> {
        let channels = &self.channels;
        let missing = |(_, of): &(&Channel, &[Option<List>])| of.iter().all(Option::is_none);
        if let Some((channel, _)) = channels.iter().zip(lists.lists.chunks(2)).find(missing) {
            return Err(no_channel(place, channel));
        }
        let read = parallel::map(parallel::for_cpu(), lists.lists.len(), |at| {
            let of = (channels[at / 2].open.as_str(), subdirs()[at % 2]);
            lists.lists[at].as_ref().map(|list| shelf(list, of, &lists.remote)).transpose()
        })?;
        let mut channels: Vec<Vec<Shelf>> = channels.iter().map(|_| Vec::new()).collect();
        for (at, shelf) in read.into_iter().enumerate() {
            channels[at / 2].extend(shelf);
        }
        self.tell_relations(place, &channels);
        Ok(Shelves { channels, until: place.until.clone() })
    }

    /// Channels that a channel wants to be used with (CEP 42) are not asked by themselves: whose packages come is the
    /// user's to say.
    fn tell_relations(&self, place: &Place, shelves: &[Vec<Shelf>]) {
        let mut told = BTreeSet::new();
        for (channel, shelves) in self.channels.iter().zip(shelves) {
            for relations in shelves.iter().map(Shelf::relations) {
                for (other, side) in [(&relations.base, "before"), (&relations.overrides, "behind")]
                {
                    let Some(other) = other else { continue };
                    let other = index::joined(&format!("{}/", channel.open), other);
                    let other = other.trim_end_matches('/');
                    if !self.channels.iter().any(|channel| channel.open == other) {
                        let (of, other) = (shown(&channel.open), shown(other));
                        told.insert(format!("{of} asks for {other} {side} it: `-c` names it"));
                    }
                }
            }
        }
        for line in told {
            place.ui.say(line);
        }
    }
}

/// What channels said.
pub(crate) struct Lists<'p> {
    lists: Vec<Option<List>>,
    remote: Remote<'p>,
}

fn shelf<'t>(
    list: &'t List,
    (channel, subdir): (&'t str, &'t str),
    remote: &'t Remote,
) -> Result<Shelf<'t>> {
    Ok(match list {
        List::Whole(text) => Shelf::Whole(Index::read(text, channel, subdir)?),
        List::Shards(shards) => {
            let read = Mutex::default();
            Shelf::ByName(ByName { shards, channel, subdir, remote, read })
        }
    })
}

fn subdirs() -> [&'static str; 2] {
    [machine::subdir(), "noarch"]
}

fn no_channel(place: &Place, channel: &Channel) -> Error {
    let address = shown(&channel.open);
    if place.is_offline {
        return Error::no(format!("nothing of {address} was fetched before"))
            .hint("leave --offline out");
    }
    Error::no(format!("there is no conda channel at {address}: it has no repodata.json"))
        .hint("is the name right? channels come from -c, the env's record and .condarc")
}
