//! Whether a package fits what is there, and what of it is in the way.

use std::collections::HashSet;

use serde::Serialize;

use crate::conda::Place;
use crate::conda::here::Here;
use crate::conda::machine::{self, Virtual};
use crate::conda::market::Market;
use crate::conda::offer::{self, Offer};
use crate::conda::solve::order::Test;
use crate::conda::solve::{Question, Spec, fitting};
use crate::text::shown;

/// Whether a package fits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "fits", content = "why", rename_all = "kebab-case")]
pub(crate) enum Fit {
    /// It does.
    Yes,
    /// It is there.
    There,
    /// It does not, for this reason.
    No(String),
    /// Nobody asked what for.
    Unknown,
}

impl Fit {
    pub(crate) fn is_no(&self) -> bool {
        matches!(self, Self::No(_))
    }
}

/// Judges packages of one name.
pub(crate) struct Judge<'a> {
    here: &'a Here,
    name: &'a str,
    offers: &'a [Vec<Offer>],
    machine: Vec<Virtual>,
    market: &'a Market,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(
        place: &Place,
        market: &'a Market,
        (here, name, offers): (&'a Here, &'a str, &'a [Vec<Offer>]),
    ) -> Self {
        Self { here, name, offers, machine: machine::all(place.host, place.system()), market }
    }

    /// By what it needs itself of what stays as it is. That tells the reason.
    pub(crate) fn direct(&self, offer: &Offer) -> Fit {
        if self.here.find(self.name).is_some_and(|there| there.is_as(offer)) {
            return Fit::There;
        }
        let reason = offer.facts.depends.iter().find_map(|need| self.unmet(need));
        reason.map_or(Fit::Yes, Fit::No)
    }

    /// What is there instead of what is needed.
    fn unmet(&self, need: &str) -> Option<String> {
        let name = offer::subject(need);
        if name.starts_with("__") {
            let found = self.machine.iter().find(|found| found.name == name);
            let does = found
                .is_some_and(|found| Test::new(need).is_ok_and(|test| test.takes_virtual(found)));
            let has = found.map_or("none".to_owned(), |found| shown(&found.version));
            return (!does).then(|| format!("needs {}, this machine has {has}", shown(need)));
        }
        let there = self.here.find(&name).filter(|there| self.stays(there))?;
        let does = Test::new(need).is_ok_and(|test| test.takes(there));
        let version = shown(&there.facts.version);
        (!does).then(|| format!("needs {}, the base has {version}", shown(need)))
    }

    fn stays(&self, there: &Offer) -> bool {
        let key = there.key();
        key != self.name && (self.here.pinned.contains(&key) || key == "python")
    }

    /// With all that they need, of those that seemed to fit.
    pub(crate) fn whole(&self, rows: &mut [(&Offer, Fit)]) {
        let mut pinned = self.here.pinned.clone();
        pinned.remove(self.name);
        let installed: Vec<Offer> =
            self.here.offers.iter().filter(|there| there.key() != self.name).cloned().collect();
        let constraints = self.here.all_constraints();
        let question = Question {
            installed: &installed,
            moving: &HashSet::new(),
            pinned: &pinned,
            offers: self.offers,
            specs: &[],
            constraints: &constraints,
            machine: &self.machine,
            priority: self.market.priority,
        };
        let open: Vec<&mut (&Offer, Fit)> =
            rows.iter_mut().filter(|(_, fit)| *fit == Fit::Yes).collect();
        let specs: Vec<Spec> = open.iter().map(|(offer, _)| exactly(offer)).collect();
        for (row, fits) in open.into_iter().zip(fitting(&question, &specs)) {
            if !fits {
                row.1 = Fit::No("what it needs does not fit".to_owned());
            }
        }
    }
}

/// This very package.
fn exactly(offer: &Offer) -> Spec {
    let facts = &offer.facts;
    Spec {
        words: format!("{}=={}={}", facts.name, facts.version, facts.build),
        channel: Some(offer.channel.clone()),
    }
}
