//! Why there is nothing to be done: names that nobody has, versions that do not fit, pins in the way, and the cures.

use std::collections::BTreeSet;

use super::Place;
use super::here::Here;
use super::market::Market;
use super::offer::Offer;
use super::solve::order::versions;
use crate::error::{Error, Result};
use crate::hint::command;
use crate::text::{Shown, shown};

/// A name that nobody has is said by name, with the other place where it may be.
pub(crate) fn missing(
    place: &Place,
    market: &Market,
    here: &Here,
    offers: &[Vec<Offer>],
) -> Result<()> {
    let is_known = |name: &String| {
        here.find(name).is_some() || offers.iter().flatten().any(|offer| offer.key() == *name)
    };
    let lacking: Vec<String> = market.names().filter(|name| !is_known(name)).collect();
    if lacking.is_empty() {
        return Ok(());
    }
    let of: Vec<String> = market.channels.iter().map(|channel| shown(&channel.open)).collect();
    let (does, it) = if lacking.len() == 1 { ("does", "it") } else { ("do", "them") };
    let names = lacking.join(" ");
    let pip = command("mlenv install -p {} --pip {}", &[&place.env, &lacking]);
    Err(Error::no(format!("{} {does} not exist in {}", shown(&names), of.join(", ")))
        .hint(format!("`-c CHANNEL` names another channel; from PyPI: {pip} installs {it}")))
}

/// The solver's tree of reasons, which versions there are of what it did not find, and the pins that can be lifted.
pub(crate) fn conflict(
    place: &Place,
    market: &Market,
    (here, offers): (&Here, &[Vec<Offer>]),
    why: &str,
) -> Error {
    let mut text = format!("that does not fit what {} has:\n{}", Shown(place.env), why.trim_end());
    for name in not_found(why) {
        text.push('\n');
        text.push_str(&there_is(market, (here, offers), name));
    }
    let error = Error::no(text);
    let mut pins = BTreeSet::new();
    for line in why.lines().filter(|line| line.contains(" is locked, but ")) {
        let before = line.split(" is locked, but ").next().unwrap_or_default();
        let words: Vec<&str> = before.split_whitespace().collect();
        let name =
            words.len().checked_sub(2).and_then(|at| words.get(at)).copied().unwrap_or_default();
        if here.pinned.contains(name) {
            pins.insert(name);
        }
    }
    let names: Vec<String> = pins.into_iter().map(str::to_owned).collect();
    if names.is_empty() {
        return error.hint("ask for other versions, or leave one of the packages out");
    }
    let unpin = command("mlenv unpin -p {} {}", &[&place.env, &names]);
    error.hint(format!(
        "the base's {} {} pinned: {unpin} lets another version into this env",
        names.join(", "),
        if names.len() == 1 { "is" } else { "are" },
    ))
}

/// What the solver says behind a spec, or before it, that nothing fits.
const NOTHING: [&str; 2] =
    [", for which no candidates were found", "No candidates were found for "];

/// The packages of which no version fitted what was asked for.
fn not_found(why: &str) -> BTreeSet<&str> {
    let virtuals = |name: &&str| !name.is_empty() && !name.starts_with("__");
    why.lines().filter_map(without_candidates).filter(virtuals).collect()
}

fn without_candidates(line: &str) -> Option<&str> {
    let spec = match line.split_once(NOTHING[1]) {
        Some((_, spec)) => spec,
        None => line
            .split_once(NOTHING[0])?
            .0
            .trim_start_matches(|c: char| !c.is_alphanumeric() && c != '_'),
    };
    let name = spec.split(|c: char| c.is_whitespace() || "=<>!~[".contains(c)).next()?;
    Some(name.trim_end_matches('.'))
}

/// So many versions are told of each channel.
const FEW: usize = 6;

/// Which versions there are of a package, and where.
fn there_is(market: &Market, (here, offers): (&Here, &[Vec<Offer>]), name: &str) -> String {
    let mut places = Vec::new();
    if let Some(there) = here.find(name) {
        let whose = if here.of_base.contains(&there.key()) { "the base" } else { "the env" };
        places.push(format!("{whose} has {}", shown(&there.facts.version)));
    }
    for (channel, offers) in market.channels.iter().zip(offers) {
        let all = versions(offers.iter().filter(|offer| offer.key() == name));
        let told: Vec<String> = all.iter().take(FEW).map(|version| shown(version)).collect();
        let more = match all.len().saturating_sub(FEW) {
            0 => String::new(),
            more => format!(" and {more} older"),
        };
        if !told.is_empty() {
            places.push(format!("{} has {}{more}", shown(&channel.open), told.join(", ")));
        }
    }
    if places.is_empty() {
        return format!("{}: no channel has it", shown(name));
    }
    format!("{}: {}", shown(name), places.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_candidate_is_found_in_the_solvers_words() {
        let why = "The following packages are incompatible\n\
                   ├─ app * cannot be installed because there are no viable options:\n\
                   │  └─ app 1.0 would require\n\
                   │     ├─ __cuda >=12, for which no candidates were found.\n\
                   │     └─ lib_x >=9,<10, for which no candidates were found.\n\
                   └─ No candidates were found for numpy >=2.";
        assert_eq!(not_found(why).into_iter().collect::<Vec<_>>(), ["lib_x", "numpy"]);
    }
}
