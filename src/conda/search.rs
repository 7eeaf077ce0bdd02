//! What channels have of a package, and what of it fits an env or a base.

mod fit;

use std::cmp::Reverse;

use serde::Serialize;

use super::Place;
use super::closure::{Fixed, closure};
use super::here::Here;
use super::market::Market;
use super::offer::{self, Offer};
use super::shelf::Shelves;
use super::solve::order::{Test, by_version};
use crate::error::{Error, Result};
use crate::hint::command;
use crate::parallel;
use crate::text::shown;

pub(crate) use self::fit::Fit;

/// What is searched for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Query<'a> {
    /// Channels before those of the settings.
    pub(crate) channels: &'a [String],
    /// A spec, or names with `*`.
    pub(crate) words: &'a str,
    /// Every build of every version is wanted.
    pub(crate) all: bool,
}

/// What was found.
pub(crate) enum Answer {
    /// Packages of one name, the newest first.
    Builds(Builds),
    /// Names that a pattern means.
    Names(Vec<Named>),
}

/// Packages of one name.
#[derive(Serialize)]
pub(crate) struct Builds {
    pub(crate) name: String,
    /// The version that is there and stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pinned: Option<String>,
    pub(crate) found: Vec<Found>,
    /// How many more versions and builds there are.
    pub(crate) more: usize,
}

impl Builds {
    /// True where another version than the one that is there would fit.
    pub(crate) fn has_fitting(&self) -> bool {
        self.found.iter().any(|found| found.fit == Fit::Yes)
    }
}

/// One package.
#[derive(Serialize)]
pub(crate) struct Found {
    pub(crate) version: String,
    pub(crate) build: String,
    pub(crate) channel: String,
    pub(crate) subdir: String,
    pub(crate) size: Option<u64>,
    #[serde(flatten)]
    pub(crate) fit: Fit,
}

/// A name, and the newest of it.
#[derive(Serialize)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) builds: usize,
}

/// So many versions are told where not all are asked for.
const FEW: usize = 10;

/// Looks for it. `here` is what it has to fit, if anything.
pub(crate) fn search(place: &Place, here: Option<&Here>, query: Query) -> Result<Answer> {
    if query.words.contains('*') && offer::subject(query.words).eq_ignore_ascii_case(query.words) {
        return names(place, query);
    }
    let market = Market::new(place, query.channels, &[query.words.to_owned()])?;
    let spec = &market.specs[0];
    let test = Test::new(&spec.words)?;
    let name = offer::subject(&spec.words).into_owned();
    let lists = market.lists(place)?;
    let shelves = market.shelves(place, &lists)?;
    let nothing = Here::default();
    let known = &here.unwrap_or(&nothing).pinned;
    let offers = closure(&shelves, std::slice::from_ref(&name), (known, Fixed::Unread))?;
    let from = |offer: &&Offer| spec.channel.as_ref().is_none_or(|of| *of == offer.channel);
    let of_name = offers.iter().flatten().filter(|offer| offer.key() == name).filter(from);
    let of_name: Vec<&Offer> = of_name.collect();
    if of_name.is_empty() {
        return Err(nowhere(&market, &shelves, &name));
    }
    let mut found: Vec<&Offer> = of_name.iter().copied().filter(|one| test.takes(one)).collect();
    if found.is_empty() {
        return Err(no_such_version(&spec.words, &of_name));
    }
    found.sort_by_cached_key(|offer| {
        (Reverse(by_version(&offer.facts.version)), Reverse(offer.facts.build_number))
    });
    let judge = here.map(|here| fit::Judge::new(place, &market, (here, &name, &offers)));
    let direct = |offer: &Offer| judge.as_ref().map_or(Fit::Unknown, |judge| judge.direct(offer));
    let mut rows: Vec<(&Offer, Fit)> = found.iter().map(|offer| (*offer, direct(offer))).collect();
    let count = rows.len();
    if !query.all {
        rows = newest(rows);
    }
    if let Some(judge) = &judge {
        judge.whole(&mut rows);
    }
    let pinned = here.filter(|here| here.pinned.contains(&name)).and_then(|here| here.find(&name));
    let pinned = pinned.map(|there| there.facts.version.clone());
    let more = count - rows.len();
    let found = rows.into_iter().map(|(offer, fit)| Found::new(offer, fit)).collect();
    Ok(Answer::Builds(Builds { name, pinned, found, more }))
}

/// Of each version one build: the newest that seems to fit, else the newest.
fn newest(rows: Vec<(&Offer, Fit)>) -> Vec<(&Offer, Fit)> {
    let mut kept: Vec<(&Offer, Fit)> = Vec::new();
    for row in rows {
        match kept.iter_mut().find(|kept| kept.0.facts.version == row.0.facts.version) {
            Some(kept) if kept.1.is_no() && !row.1.is_no() => *kept = row,
            Some(_) => {}
            None => kept.push(row),
        }
    }
    kept.truncate(FEW);
    kept
}

impl Found {
    fn new(offer: &Offer, fit: Fit) -> Self {
        let facts = &offer.facts;
        Self {
            version: facts.version.clone(),
            build: facts.build.clone(),
            channel: offer.channel.clone(),
            subdir: offer.subdir.clone(),
            size: facts.size,
            fit,
        }
    }
}

/// Names that a pattern means.
fn names(place: &Place, query: Query) -> Result<Answer> {
    let market = Market::new(place, query.channels, &[])?;
    let lists = market.lists(place)?;
    let shelves = market.shelves(place, &lists)?;
    let pattern = query.words.to_ascii_lowercase();
    let mut found = Vec::new();
    let all = shelves.names(|name| is_like(name, &pattern));
    let offers = parallel::map(shelves.side_by_side(), all.len(), |at| shelves.offers(&all[at]))?;
    for (name, offers) in all.into_iter().zip(offers) {
        let offers: Vec<&Offer> = offers.iter().flatten().collect();
        let newest = offers.iter().max_by_key(|offer| by_version(&offer.facts.version));
        if let Some(version) = newest.map(|offer| offer.facts.version.clone()) {
            found.push(Named { name, version, builds: offers.len() });
        }
    }
    if found.is_empty() {
        return Err(Error::no(format!("no package is called like {}", shown(query.words))));
    }
    Ok(Answer::Names(found))
}

/// True for a name that a pattern with `*` means.
fn is_like(name: &str, pattern: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return name == pattern };
    let Some(name) = name.strip_prefix(start) else { return false };
    (0..=name.len()).filter(|at| name.is_char_boundary(*at)).any(|at| is_like(&name[at..], rest))
}

/// So many other names are told of.
const LIKE: usize = 6;

fn nowhere(market: &Market, shelves: &Shelves, name: &str) -> Error {
    let of: Vec<String> = market.channels.iter().map(|channel| shown(&channel.open)).collect();
    let error = Error::no(format!("{} does not exist in {}", shown(name), of.join(", ")));
    let like = shelves.names(|other| other.contains(name));
    let like: Vec<String> = like.iter().take(LIKE).map(|name| shown(name)).collect();
    if like.is_empty() {
        return error.hint("`-c CHANNEL` names another channel");
    }
    let pattern = command("mlenv search {}", &[&format!("*{name}*")]);
    error.hint(format!(
        "there are: {}; {pattern} lists all that are called like it",
        like.join(", ")
    ))
}

fn no_such_version(words: &str, offers: &[&Offer]) -> Error {
    let all = super::solve::order::versions(offers.iter().copied());
    let told: Vec<String> = all.iter().take(FEW).map(|version| shown(version)).collect();
    Error::no(format!("there is no {}; there are {}", shown(words), told.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_names() {
        for (name, pattern, is_meant) in [
            ("pytorch", "*torch*", true),
            ("torch", "*torch*", true),
            ("torch", "t*h", true),
            ("torches", "t*h", false),
            ("é", "*é", true),
        ] {
            assert_eq!(is_like(name, pattern), is_meant, "{name} {pattern}");
        }
    }
}
