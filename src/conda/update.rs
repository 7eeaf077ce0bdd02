//! The newest that fits in the place of what was added to an env; the base stays.

use std::collections::HashSet;

use super::channel::Channel;
use super::closure::{Fixed, closure};
use super::decide::change;
use super::here::Here;
use super::market::Market;
use super::offer::Offer;
use super::refusal::conflict;
use super::solve::order::versions;
use super::solve::{Question, Trouble, solve};
use super::{Change, Place, machine};
use crate::error::Result;

/// What moves the env's own packages of these names on, as far as what was asked for allows.
pub(crate) fn update(
    place: &Place,
    channels: &[String],
    (specs, names): (&[String], &[String]),
) -> Result<Change> {
    let here = Here::read(place.env)?;
    let market = Market::new(place, channels, specs)?;
    let is_meant =
        |own: &&Offer| names.iter().any(|name| own.facts.name.eq_ignore_ascii_case(name));
    let moving: HashSet<String> = here.own().filter(is_meant).map(Offer::key).collect();
    let free = here.offers.iter().map(Offer::key).filter(|name| !here.pinned.contains(name));
    let roots: Vec<String> = market.names().chain(free).collect();
    let lists = market.lists(place)?;
    let shelves = market.shelves(place, &lists)?;
    let mut offers = closure(&shelves, &roots, (&here.pinned, Fixed::Unread))?;
    for own in here.own().filter(|own| moving.contains(&own.key())) {
        keep(own, &market.channels, &mut offers);
    }
    let question = Question {
        installed: &here.offers,
        moving: &moving,
        pinned: &here.pinned,
        offers: &offers,
        specs: &market.specs,
        constraints: &here.all_constraints(),
        machine: &machine::all(place.host, place.system()),
        priority: market.priority,
    };
    let picks = match solve(&question) {
        Ok(picks) => picks,
        Err(Trouble::Question(error)) => return Err(error),
        Err(Trouble::Conflict(why)) => {
            return Err(conflict(place, &market, (&here, &offers), &why));
        }
    };
    let mut change = change(&here, &picks, &offers);
    change.specs = specs.to_vec();
    change.newest = newest(&moving, &offers);
    change.channels = market.channels;
    change.here = here;
    Ok(change)
}

/// What is there is there still where its channel does not have it any more.
fn keep(own: &Offer, channels: &[Channel], offers: &mut [Vec<Offer>]) {
    if offers.iter().flatten().any(|offer| offer.is_as(own)) {
        return;
    }
    let at = channels.iter().position(|channel| channel.open == own.channel).unwrap_or_default();
    if let Some(offers) = offers.get_mut(at) {
        offers.push(own.clone());
    }
}

fn newest(moving: &HashSet<String>, offers: &[Vec<Offer>]) -> Vec<(String, String)> {
    let newest = |name: &String| {
        let of_name = offers.iter().flatten().filter(|offer| offer.key() == *name);
        let version = versions(of_name).first().map(|version| (*version).to_owned());
        Some((name.clone(), version?))
    };
    moving.iter().filter_map(newest).collect()
}
