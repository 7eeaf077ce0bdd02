//! A change of one file of a base, as data: some bytes are replaced by others.

use std::path::PathBuf;

/// One file's change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edit {
    /// The file, relative to the base.
    pub(crate) path: PathBuf,
    /// What is replaced, from front to back, without overlap.
    pub(crate) splices: Vec<Splice>,
}

/// A replacement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Splice {
    /// Where in the old file.
    pub(crate) offset: u64,
    /// The bytes that must be there.
    pub(crate) old: Vec<u8>,
    /// What comes in their place.
    pub(crate) new: Vec<u8>,
}

impl Splice {
    /// Turns `old` into `new`, keeping what both begin and end with.
    pub(crate) fn between(old: &[u8], new: &[u8]) -> Self {
        let same = |pairs: &mut dyn Iterator<Item = (&u8, &u8)>| {
            pairs.take_while(|(left, right)| left == right).count()
        };
        let front = same(&mut old.iter().zip(new));
        let back = same(&mut old[front..].iter().rev().zip(new[front..].iter().rev()));
        Self {
            offset: front as u64,
            old: old[front..old.len() - back].to_vec(),
            new: new[front..new.len() - back].to_vec(),
        }
    }
}

impl Edit {
    /// The change of a whole text.
    pub(crate) fn of_text(path: PathBuf, old: &[u8], new: &[u8]) -> Self {
        Self { path, splices: vec![Splice::between(old, new)] }
    }

    /// The edit that undoes this one.
    pub(crate) fn inverse(&self) -> Self {
        let mut moved = 0_i128;
        let splices = self.splices.iter().map(|splice| {
            let offset = u64::try_from(i128::from(splice.offset) + moved).unwrap_or(u64::MAX);
            moved += splice.new.len() as i128 - splice.old.len() as i128;
            Splice { offset, old: splice.new.clone(), new: splice.old.clone() }
        });
        Self { path: self.path.clone(), splices: splices.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_keeps_what_is_the_same_and_its_inverse_follows_lengths() {
        let splice = Splice::between(b"#!/opt/x\nbody", b"#!/bin/sh\nbody");
        assert_eq!((splice.offset, splice.old.as_slice()), (3, &b"opt/x"[..]));
        assert_eq!(splice.new, b"bin/sh");
        let splice = Splice::between(b"aa", b"aaa");
        assert_eq!((splice.old.len(), splice.new.as_slice()), (0, &b"a"[..]));
        let two = Edit {
            path: "x".into(),
            splices: vec![
                Splice { offset: 1, old: b"a".into(), new: b"abc".into() },
                Splice { offset: 9, old: b"b".into(), new: b"".into() },
            ],
        };
        let inverse = two.inverse();
        assert_eq!((inverse.splices[0].offset, inverse.splices[1].offset), (1, 11));
        assert_eq!(inverse.inverse(), two);
    }
}
