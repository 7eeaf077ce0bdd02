//! How much an archive may ask for, all of it together: bytes, entries, levels, lengths of names. Pure.
//!
//! The limits are at least ten times the largest real thing that is known: a base of 60,000 files gives an index of
//! 700 KB with 25 MB of tar in it, and nothing in it lies deeper than 15 levels.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Most entries of one archive.
const ENTRIES: usize = 2_000_000;

/// Most directories above an entry. Work on a path grows with its levels.
const LEVELS: usize = 128;

/// Longest name, as file systems have it.
const NAME: usize = 255;

/// Longest path below an env, and longest text of a link: longer ones no system call takes.
pub(crate) const PATH: usize = 4095;

/// Most frames of an archive; a parcel of four terabytes has as many.
pub(crate) const FRAMES: usize = 4 << 20;

/// Longest description behind an archive: a parcel's holds the env's record.
pub(crate) const ABOUT: usize = 16 << 20;

/// Most bytes of tar in an index of `packed` bytes. Links shrink to a fortieth when they are compressed; what shrinks to
/// less than a four-hundredth was made to fill somebody's memory.
pub(crate) fn tar_in_index(packed: usize) -> usize {
    (16_usize << 20).saturating_add(packed.saturating_mul(400)).min(2 << 30)
}

/// Why an entry's path is refused, if it is.
pub(crate) fn path(path: &[u8]) -> Result<(), &'static str> {
    if path.len() > PATH {
        return Err("a path in it is longer than any system takes");
    }
    let mut levels = 0;
    for part in path.split(|&byte| byte == b'/') {
        levels += 1;
        if part.len() > NAME {
            return Err("a name in it is longer than file systems take");
        }
    }
    if levels > LEVELS { Err("it has more levels of directories than any env") } else { Ok(()) }
}

/// Counts the entries of one archive, whoever reads them.
#[derive(Default)]
pub(crate) struct Entries(AtomicUsize);

impl Entries {
    /// One more; why not, where it is one too many.
    pub(crate) fn one_more(&self) -> Result<(), &'static str> {
        let before = self.0.fetch_add(1, Ordering::Relaxed);
        if before < ENTRIES { Ok(()) } else { Err("it has more than two million entries") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_deep_or_many_is_refused_and_real_things_pass() {
        for fine in ["a", "lib/python3.11/site-packages/x.py", &"d/".repeat(127), &"n".repeat(255)]
        {
            path(fine.as_bytes()).unwrap();
        }
        for bad in ["d/".repeat(128), "n".repeat(256), "long/".repeat(900)] {
            assert!(path(bad.as_bytes()).is_err());
        }
        let entries = Entries(AtomicUsize::new(ENTRIES - 1));
        entries.one_more().unwrap();
        assert!(entries.one_more().is_err());
        assert!(tar_in_index(80_000) < 50 << 20 && tar_in_index(700_000) > 10 * (25 << 20));
        assert_eq!(tar_in_index(usize::MAX), 2 << 30);
    }
}
