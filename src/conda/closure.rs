//! What of channels can matter for what is asked for: the packages that could be needed, and nothing else is read.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::offer::Offer;
use super::shelf::Shelves;
use crate::error::Result;
use crate::parallel;

/// What is read of packages that stay as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fixed {
    /// Nothing: nobody has to know what else there is of them.
    Unread,
    /// What else there is of them, but not what that needs: so that it can be said which of them is in the way.
    Read,
}

/// All that could be needed for `roots`, by channel, in the order of names: their packages, those that these need, and so
/// on, but for those in `known`, which stay as they are. What a package needs is fetched as soon as it is known.
pub(crate) fn closure(
    shelves: &Shelves,
    roots: &[String],
    (known, fixed): (&HashSet<String>, Fixed),
) -> Result<Vec<Vec<Offer>>> {
    let seen: Mutex<HashSet<String>> = Mutex::default();
    let found: Mutex<BTreeMap<String, Vec<Vec<Offer>>>> = Mutex::default();
    let is_new = |name: &str| !name.starts_with("__") && held(&seen).insert(name.to_owned());
    let look = |name: String| -> Result<Vec<String>> {
        let is_open = roots.contains(&name) || !known.contains(&name);
        let offers = shelves.offers(&name)?;
        let needs = offers.iter().flatten().flat_map(|offer| offer.facts.needs());
        let needs: BTreeSet<Cow<str>> = needs.filter(|_| is_open).collect();
        let is_wanted = |need: &str| fixed == Fixed::Read || !known.contains(need);
        let next = needs.into_iter().filter(|need| is_wanted(need) && is_new(need));
        let next = next.map(Cow::into_owned).collect();
        held(&found).insert(name, offers);
        Ok(next)
    };
    let first = roots.iter().filter(|name| is_new(name)).cloned().collect();
    parallel::spread(shelves.side_by_side(), first, look)?;
    let mut all: Vec<Vec<Offer>> = shelves.channels.iter().map(|_| Vec::new()).collect();
    for offers in found.into_inner().unwrap_or_else(PoisonError::into_inner).into_values() {
        all.iter_mut().zip(offers).for_each(|(all, offers)| all.extend(offers));
    }
    Ok(all)
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conda::index::Index;
    use crate::conda::shelf::Shelf;

    fn repodata(base: &str) -> String {
        let record = |name: &str, needs: &str| {
            format!(
                r#"{{"name": "{name}", "version": "1", "build": "0", "build_number": 0, "depends": [{needs}]}}"#
            )
        };
        let [app, lib] = [record("app", r#""lib >=1", "python""#), record("lib", r#""__glibc""#)];
        let other = record("other", "");
        format!(
            r#"{{"info": {{"subdir": "noarch"{base}}}, "packages": {{"lib-1-0.tar.bz2": {lib}, "liar-1-0.tar.bz2": {other}}},
                "packages.conda": {{"app-1-0.conda": {app}, "other-1-0.conda": {other}, "broken-1-0.conda": {{}}}}, "removed": []}}"#
        )
    }

    #[test]
    fn only_what_can_be_needed_is_read() {
        let text = repodata("");
        let index = Index::read(text.as_bytes(), "https://x/c", "noarch").unwrap();
        let known = HashSet::from(["python".to_owned()]);
        let shelves = Shelves { channels: vec![vec![Shelf::Whole(index)]], until: None };
        let roots = ["app".to_owned(), "nothing".to_owned()];
        let found = closure(&shelves, &roots, (&known, Fixed::Unread)).unwrap();
        let urls: Vec<&str> = found[0].iter().map(|offer| offer.url.as_str()).collect();
        assert_eq!(
            urls,
            ["https://x/c/noarch/app-1-0.conda", "https://x/c/noarch/lib-1-0.tar.bz2"]
        );
        assert_eq!(found[0][0].stem(), "app-1-0");
    }
}
