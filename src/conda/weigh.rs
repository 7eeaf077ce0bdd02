//! How much has to be fetched for what is asked for, on several bases.

use std::collections::HashSet;

use super::closure::{Fixed, closure};
use super::decide::change;
use super::here::Here;
use super::market::Market;
use super::offer::{self, Offer};
use super::shelf::Shelves;
use super::solve::order::Test;
use super::solve::{Question, Trouble, solve};
use super::{Place, machine};
use crate::error::Result;
use crate::parallel;

/// What a base would need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    Bytes(u64),
    /// What is asked for does not fit it.
    Conflict,
}

/// For each of these, the size of what would come; what is there in a version that will not do may be replaced.
pub(crate) fn weigh(
    place: &Place,
    (channels, specs): (&[String], &[String]),
    heres: &[&Here],
) -> Result<Vec<Weight>> {
    let market = Market::new(place, channels, specs)?;
    let lists = market.lists(place)?;
    let shelves = market.shelves(place, &lists)?;
    parallel::map(parallel::for_cpu(), heres.len(), |at| one(place, &market, &shelves, heres[at]))
}

fn one(place: &Place, market: &Market, shelves: &Shelves, here: &Here) -> Result<Weight> {
    let mut pinned: HashSet<String> = here.pinned.clone();
    for spec in &market.specs {
        let name = offer::subject(&spec.words);
        let does = |there: &Offer| Test::new(&spec.words).is_ok_and(|test| test.takes(there));
        if here.find(&name).is_some_and(|there| !does(there)) {
            pinned.remove(name.as_ref());
        }
    }
    let roots: Vec<String> = market.names().collect();
    let offers = closure(shelves, &roots, (&pinned, Fixed::Unread))?;
    let question = Question {
        installed: &here.offers,
        moving: &HashSet::new(),
        pinned: &pinned,
        offers: &offers,
        specs: &market.specs,
        constraints: &here.all_constraints(),
        machine: &machine::all(place.host, place.system()),
        priority: market.priority,
    };
    match solve(&question) {
        Ok(picks) => {
            let sizes = change(here, &picks, &offers).come.into_iter();
            Ok(Weight::Bytes(sizes.filter_map(|offer| offer.facts.size).sum()))
        }
        Err(Trouble::Conflict(_)) => Ok(Weight::Conflict),
        Err(Trouble::Question(error)) => Err(error),
    }
}
