//! Surgery on colon lists such as `PATH`: entries are put in front and taken out, all else stays where it is.
//!
//! A list that is not set has no entry; one that is set but empty has one empty entry. So putting an entry in
//! front and taking it out again gives back exactly what was there.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

const COLON: u8 = b':';

/// True where `entry` is in the list, byte for byte.
pub(crate) fn holds(list: Option<&OsStr>, entry: &OsStr) -> bool {
    entries(list).any(|found| found == entry.as_bytes())
}

/// The list with `front` before everything else, in that order.
pub(crate) fn with_front(list: Option<&OsStr>, front: &[&OsStr]) -> Option<OsString> {
    join(front.iter().map(|entry| entry.as_bytes()).chain(entries(list)))
}

/// The list without the first entry that equals `entry`; the same list if there is none.
pub(crate) fn without(list: Option<&OsStr>, entry: &OsStr) -> Option<OsString> {
    let mut taken = false;
    join(entries(list).filter(|found| {
        let take = !taken && *found == entry.as_bytes();
        taken |= take;
        !take
    }))
}

/// The entries of a list, in order.
pub(crate) fn entries(list: Option<&OsStr>) -> impl Iterator<Item = &[u8]> {
    list.into_iter().flat_map(|list| list.as_bytes().split(|byte| *byte == COLON))
}

fn join<'a>(entries: impl Iterator<Item = &'a [u8]>) -> Option<OsString> {
    let entries: Vec<&[u8]> = entries.collect();
    if entries.is_empty() { None } else { Some(OsString::from_vec(entries.join(&COLON))) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(list: Option<&str>, entered: &str) {
        let list = list.map(OsStr::new);
        let inside = with_front(list, &[OsStr::new("/e/bin")]);
        assert_eq!(inside.as_deref(), Some(OsStr::new(entered)));
        assert_eq!(without(inside.as_deref(), OsStr::new("/e/bin")).as_deref(), list);
    }

    #[test]
    fn unset_empty_and_odd_lists_come_back() {
        check(None, "/e/bin");
        check(Some(""), "/e/bin:");
        check(Some(":"), "/e/bin::");
        check(Some("/usr/bin::/bin:"), "/e/bin:/usr/bin::/bin:");
        check(Some("/e/bin:/bin"), "/e/bin:/e/bin:/bin");
    }

    #[test]
    fn only_whole_entries_are_taken() {
        let list = OsStr::new("/e/bin2:/x/e/bin:/e/bin/");
        assert_eq!(without(Some(list), OsStr::new("/e/bin")).as_deref(), Some(list));
    }

    proptest! {
        #[test]
        fn entries_of_others_keep_their_places(before in "[a-z:]{0,8}", after in "[a-z:]{0,8}") {
            let changed = OsString::from(format!("{before}:/e:{after}"));
            let expected = OsString::from(format!("{before}:{after}"));
            prop_assert_eq!(without(Some(&changed), OsStr::new("/e")), Some(expected));
        }
    }
}
