//! What is to come into an env, and what is to go. Reads the env, asks channels; changes nothing.

use std::collections::HashSet;

use super::closure::{Fixed, closure};
use super::here::Here;
use super::market::Market;
use super::offer::{self, Offer};
use super::refusal::{conflict, missing};
use super::solve::{Pick, Question, Spec, Trouble, solve};
use super::{Change, Place, machine};
use crate::error::{Error, Result};
use crate::text::shown;

/// What puts packages there that fit these specs.
pub(crate) fn install(place: &Place, channels: &[String], specs: &[String]) -> Result<Change> {
    let here = Here::read(place.env)?;
    let market = Market::new(place, channels, specs)?;
    let constraints = here.all_constraints();
    let machine = machine::all(place.host, place.system());
    let question = Question {
        installed: &here.offers,
        moving: &HashSet::new(),
        pinned: &here.pinned,
        offers: &[],
        specs: &market.specs,
        constraints: &constraints,
        machine: &machine,
        priority: market.priority,
    };
    // What is there already needs no channel.
    if is_there(&here, &market.specs) && solve(&question).is_ok() {
        return Ok(Change { here, specs: specs.to_vec(), ..Change::default() });
    }
    let free = here.offers.iter().map(Offer::key).filter(|name| !here.pinned.contains(name));
    let roots: Vec<String> = market.names().chain(free).collect();
    let lists = market.lists(place)?;
    let shelves = market.shelves(place, &lists)?;
    let offers = closure(&shelves, &roots, (&here.pinned, Fixed::Unread))?;
    missing(place, &market, &here, &offers)?;
    let picks = match solve(&Question { offers: &offers, ..question }) {
        Ok(picks) => picks,
        Err(Trouble::Question(error)) => return Err(error),
        Err(Trouble::Conflict(why)) => {
            // The same with what else there is of the pinned ones: only then it is known which of them is in the way.
            let offers = closure(&shelves, &roots, (&here.pinned, Fixed::Read))?;
            let why = match solve(&Question { offers: &offers, ..question }) {
                Err(Trouble::Conflict(why)) => why,
                _ => why,
            };
            return Err(conflict(place, &market, (&here, &offers), &why));
        }
    };
    let mut change = change(&here, &picks, &offers);
    change.specs = specs.to_vec();
    change.channels = market.channels;
    change.here = here;
    Ok(change)
}

/// What puts exactly these packages, which are there, in place again.
pub(crate) fn again(place: &Place, channels: &[String], specs: &[String]) -> Result<Change> {
    let here = Here::read(place.env)?;
    let market = Market::new(place, channels, specs)?;
    let known: HashSet<String> = here.offers.iter().map(Offer::key).collect();
    let lists = market.lists(place)?;
    let names: Vec<String> = market.names().collect();
    let shelves = market.shelves(place, &lists)?;
    let offers = closure(&shelves, &names, (&known, Fixed::Unread))?;
    let mut change = Change::default();
    for name in names {
        let Some(there) = here.own().find(|own| own.key() == name) else { continue };
        let found = offers.iter().flatten().filter(|offer| offer.is_as(there));
        // Of two forms of one package the newer.
        let found = found.max_by_key(|offer| offer.is_newer_form());
        let found = found.ok_or_else(|| {
            Error::no(format!("no channel has {} any more", shown(&there.stem())))
                .hint("ask for another version, or leave the version out")
        })?;
        change.come.push(found.clone());
        change.go.push(there.clone());
    }
    change.channels = market.channels;
    change.here = here;
    Ok(change)
}

/// What takes the env's own packages of these names away.
pub(crate) fn uninstall(place: &Place, names: &[String]) -> Result<Change> {
    let here = Here::read(place.env)?;
    let is_named =
        |own: &&Offer| names.iter().any(|name| own.facts.name.eq_ignore_ascii_case(name));
    let go = here.own().filter(is_named).cloned().collect();
    Ok(Change { here, go, specs: names.to_vec(), ..Change::default() })
}

/// True where something of every name is there.
fn is_there(here: &Here, specs: &[Spec]) -> bool {
    specs
        .iter()
        .all(|spec| spec.channel.is_none() && here.find(&offer::subject(&spec.words)).is_some())
}

/// What was chosen, against what is there.
pub(super) fn change(here: &Here, picks: &[Pick], offers: &[Vec<Offer>]) -> Change {
    let mut change = Change::default();
    for pick in picks {
        let Pick::Offered(channel, at) = *pick else { continue };
        let offer = &offers[channel][at];
        match here.find(&offer.facts.name) {
            Some(there) if there.is_as(offer) => continue,
            Some(there) if !here.of_base.contains(&there.key()) => change.go.push(there.clone()),
            _ => {}
        }
        change.come.push(offer.clone());
    }
    change.come.sort_by_key(Offer::key);
    change.go.sort_by_key(Offer::key);
    change
}
