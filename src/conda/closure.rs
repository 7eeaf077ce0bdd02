//! What of channels can matter for what is asked for: the packages that could be needed, and nothing else is read.

use std::collections::{BTreeSet, HashSet};

use super::offer::Offer;
use super::shelf::Shelf;
use crate::error::Result;

/// What is read of packages that stay as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fixed {
    /// Nothing: nobody has to know what else there is of them.
    Unread,
    /// What else there is of them, but not what that needs: so that it can be said which of them is in the way.
    Read,
}

/// All that could be needed for `roots`, by channel: their packages, those that these need, and so on, but for those in
/// `known`, which stay as they are. What has to be fetched for that is fetched side by side, layer by layer.
pub(crate) fn closure(
    channels: &[Vec<Shelf>],
    roots: &[String],
    (known, fixed): (&HashSet<String>, Fixed),
) -> Result<Vec<Vec<Offer>>> {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut layer: Vec<String> = roots.to_vec();
    let mut offers: Vec<Vec<Offer>> = channels.iter().map(|_| Vec::new()).collect();
    while !layer.is_empty() {
        layer.retain(|name| !name.starts_with("__") && seen.insert(name.clone()));
        let mut next = BTreeSet::new();
        for (channel, found) in channels.iter().zip(&mut offers) {
            for shelf in channel {
                for offer in shelf.offers(&layer)?.into_iter().flatten() {
                    let key = offer.key();
                    let is_open = roots.contains(&key) || !known.contains(&key);
                    for need in offer.facts.needs().filter(|_| is_open) {
                        let need = need.as_ref();
                        if !seen.contains(need) && (fixed == Fixed::Read || !known.contains(need)) {
                            next.insert(need.to_owned());
                        }
                    }
                    found.push(offer);
                }
            }
        }
        layer = next.into_iter().collect();
    }
    Ok(offers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conda::index::Index;

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
        let indexes = [vec![Shelf::Whole(index)]];
        let roots = ["app".to_owned(), "nothing".to_owned()];
        let found = closure(&indexes, &roots, (&known, Fixed::Unread)).unwrap();
        let urls: Vec<&str> = found[0].iter().map(|offer| offer.url.as_str()).collect();
        assert_eq!(
            urls,
            ["https://x/c/noarch/app-1-0.conda", "https://x/c/noarch/lib-1-0.tar.bz2"]
        );
        assert_eq!(found[0][0].stem(), "app-1-0");
    }
}
