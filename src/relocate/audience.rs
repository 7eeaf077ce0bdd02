//! Who may use a base: those who may enter its directory. What they cannot read breaks it for them, though not for its
//! owner, who would never notice: rattler's tools write records with mode 0600.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use walkdir::DirEntry;

use crate::error::{Attempt, Result};

/// Those for whom a base is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    /// Everybody may enter it.
    All,
    /// Its group may.
    Group,
    /// Its owner alone: nobody else is shut out of anything.
    Owner,
}

impl Audience {
    /// For whom the base at `prefix` is, as its directory tells.
    pub(super) fn of(prefix: &Path) -> Result<Self> {
        let mode = prefix.metadata().attempt("look at", prefix)?.mode();
        Ok(if mode & 0o005 == 0o005 {
            Self::All
        } else if mode & 0o050 == 0o050 {
            Self::Group
        } else {
            Self::Owner
        })
    }

    /// True for a file or directory that is its owner's alone. One that a group may read was meant to be so.
    pub(super) fn is_shut_out_of(self, entry: &DirEntry) -> bool {
        let kind = entry.file_type();
        let of_owner = |mode: u32| mode & 0o044 == 0 && self.lacks(mode, kind.is_dir());
        (kind.is_file() || kind.is_dir())
            && entry.metadata().is_ok_and(|meta| of_owner(meta.mode()))
    }

    /// The records of packages that some of them cannot read, relative to the base: a walk for the build path passes
    /// them by.
    pub(super) fn closed_records(self, prefix: &Path) -> Vec<PathBuf> {
        let dir = prefix.join("conda-meta");
        let entries = std::fs::read_dir(&dir).into_iter().flatten().flatten();
        let closed = entries.filter(|entry| {
            let path = entry.path();
            let is_record = path.extension().is_some_and(|end| end == "json");
            let meta = path.metadata().ok().filter(|meta| is_record && meta.is_file());
            meta.is_some_and(|meta| {
                self.lacks(meta.mode(), false) || crate::foreign::open(&path).is_err()
            })
        });
        closed.map(|entry| Path::new("conda-meta").join(entry.file_name())).collect()
    }

    fn lacks(self, mode: u32, is_dir: bool) -> bool {
        let needed = if is_dir { 0o5 } else { 0o4 };
        let has = |bits: u32| mode & bits == bits;
        match self {
            Self::All => !has(needed),
            Self::Group => !has(needed << 3) && !has(needed),
            Self::Owner => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_to_fewer_than_the_base_itself_shuts_some_out() {
        for (audience, mode, lacks) in [
            (Audience::All, 0o600, true),
            (Audience::All, 0o640, true),
            (Audience::All, 0o604, false),
            (Audience::Group, 0o600, true),
            (Audience::Group, 0o640, false),
            (Audience::Group, 0o604, false),
            (Audience::Owner, 0o600, false),
        ] {
            assert_eq!(audience.lacks(mode, false), lacks, "{audience:?} {mode:o}");
        }
        assert!(Audience::All.lacks(0o744, true) && !Audience::All.lacks(0o755, true));
    }
}
