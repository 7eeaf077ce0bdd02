//! A change carried out: packages fetched and unpacked, laid ready in the env, and put in place together.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use super::cache::Cache;
use super::here::Here;
use super::link::{self, Coming};
use super::offer::Offer;
use super::placement::{self, Rule};
use super::ready::{Reach, Ready};
use super::remote::Remote;
use super::{Change, Place, contents, exact, mirrors, scripts, transaction};
use crate::env::content::BASE_LINK;
use crate::error::{Attempt, Error, Result};
use crate::fs::Root;
use crate::parallel;
use crate::text::shown;
use crate::ui::Ui;

/// So many packages are fetched at once.
const SIDE_BY_SIDE: usize = 6;

/// Fetches what no cache has. Nothing of the env is touched: whoever stops us meanwhile stops us at once.
pub(crate) fn fetch(place: &Place, change: &Change) -> Result<()> {
    unpacked(place, change).map(drop)
}

/// Carries it out. `stop` is set when the user or the system asks us to: until the packages begin to be seen, nothing is
/// left of it then; afterwards it takes no more than a moment.
pub(crate) fn carry(place: &Place, change: &Change, stop: &AtomicBool) -> Result<Reach> {
    let unpacked = unpacked(place, change)?;
    let whole;
    let change = if change.is_bare {
        whole = Change { come: exact::completed(change, &unpacked)?, ..change.clone() };
        &whole
    } else {
        change
    };
    let here = &change.here;
    let coming = coming(here, change, unpacked)?;
    let env = Root::open(place.env).attempt("open", place.env)?;
    transaction::settle(&env)?;
    link::check(&coming)?;
    let new = transaction::begin(&env)?;
    let ready = Ready { place, change, here, env: &env, new: &new };
    let (journal, reach) = match ready.lay(&coming, stop) {
        Ok(found) => found,
        Err(error) => {
            transaction::abandon(&env);
            return Err(error);
        }
    };
    transaction::commit(&env, &journal)?;
    let ran = scripts::see_to(place, &coming, stop)?;
    Ok(if ran { Reach::Joined } else { reach })
}

/// The user's cache, and what lies below it.
fn cache(place: &Place) -> Cache {
    let mut below = vec![place.cache.join("pkgs")];
    below.extend(place.host.path_var("CONDA_PKGS_DIRS"));
    below.push(place.env.join(BASE_LINK).join("pkgs"));
    Cache::new(place.cache, below)
}

/// How many packages, and how many bytes, have to be fetched.
pub(crate) fn to_fetch(place: &Place, change: &Change) -> (usize, u64) {
    let cache = cache(place);
    let lacking = change.come.iter().filter(|offer| cache.find(offer).is_none());
    lacking.fold((0, 0), |(count, bytes), offer| {
        (count + 1, bytes + offer.facts.size.unwrap_or_default())
    })
}

/// Where each package that comes lies unpacked.
fn unpacked(place: &Place, change: &Change) -> Result<Vec<PathBuf>> {
    let cache = cache(place);
    let found: Vec<Option<PathBuf>> = change.come.iter().map(|offer| cache.find(offer)).collect();
    let bar = place.ui.waiting("fetching packages");
    let remote = Remote::new(place);
    let done = parallel::map(SIDE_BY_SIDE, found.len(), |at| match &found[at] {
        Some(dir) => Ok(dir.clone()),
        None => fetched((&remote, place.ui), &cache, (change, &change.come[at])),
    });
    drop(bar);
    done
}

fn fetched(
    (remote, ui): (&Remote, Ui),
    cache: &Cache,
    (change, offer): (&Change, &Offer),
) -> Result<PathBuf> {
    let sha256 = offer.facts.sha256.as_deref().ok_or_else(|| {
        Error::no(format!("the channel gives no sha256 of {}", shown(&offer.file))).hint(
            "such a package cannot be checked: ask for another version, or use another channel",
        )
    })?;
    let of = change.channels.iter().find(|channel| channel.open == offer.channel);
    if offer.url.starts_with("http://") && !offer.channel.starts_with("http://") {
        return Err(Error::no(format!("{} was to be fetched without TLS", shown(&offer.url)))
            .hint("its channel sends its users there: tell who keeps it"));
    }
    let urls = of.map_or_else(|| vec![offer.url.clone()], |channel| channel.secrets(&offer.url));
    let archive = mirrors::first(ui, &urls, |url| {
        let into = cache.scratch()?;
        remote.archive((url, &offer.file), (sha256, offer.facts.size), into)
    })?;
    cache.add(offer, archive.ok_or_else(|| gone(&offer.file))?)
}

fn gone(name: &str) -> Error {
    Error::no(format!("the channel says that it has {}, and has it not", shown(name)))
        .hint("try again later: the channel may be changing just now")
}

/// What is known of each package once it is unpacked.
fn coming<'a>(here: &Here, change: &'a Change, dirs: Vec<PathBuf>) -> Result<Vec<Coming<'a>>> {
    let python = change.come.iter().chain(&here.offers).find(|offer| offer.key() == "python");
    let site = python.map(|python| {
        let facts = &python.facts;
        placement::site_packages(facts.python_site_packages_path.as_deref(), &facts.version)
    });
    let site = site.transpose()?;
    let coming = change.come.iter().zip(dirs).map(|(offer, dir)| {
        let rule = if offer.facts.is_for_any_python() {
            Rule::Python(site.clone().ok_or_else(|| no_python(offer))?)
        } else {
            Rule::AsTold
        };
        let contents = contents::read(&dir).map_err(|error| error.during(shown(&offer.stem())))?;
        Ok(Coming { offer, dir, contents, rule })
    });
    coming.collect()
}

fn no_python(offer: &Offer) -> Error {
    Error::no(format!("{} is for Python, and the env has none of conda's", shown(&offer.stem())))
        .hint("install `python` along with it, or with --pip")
}
