//! Who else can change this? The one judgement of files and directories, for all that run, source or believe them.
//!
//! It knows owners, groups, everybody and POSIX access lists. Root may always change everything, so what is root's
//! exposes nothing. The lists of `NFSv4` cannot be read here: there the mode bits count, which servers derive from them.

mod acl;
mod exposure;
mod people;

use std::collections::BTreeSet;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::unistd::Uid;

use crate::error::{Attempt, Error, Result};
use crate::text::Shown;
use acl::Acl;
pub(crate) use exposure::{Exposure, Who, sentences};
use people::People;

/// What a file or directory is judged as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// It is read or run itself, or a name is looked up in it: whoever can write it counts.
    Content,
    /// A directory on the way to something that is judged too: only who can rename that counts.
    Way,
}

/// Judges for one user. What the user database says is asked for only where something depends on it, and once.
#[derive(Debug)]
pub(crate) struct Judge {
    user: Uid,
    people: People,
}

impl Judge {
    /// For the user who runs this process.
    pub(crate) fn new() -> Self {
        Self::of(Uid::effective())
    }

    /// For `user`.
    pub(crate) fn of(user: Uid) -> Self {
        Self { user, people: People::new(user) }
    }

    /// Adds who could change what lies at `path`, itself and not what it links to. What is not there exposes nothing.
    pub(crate) fn look(
        &self,
        path: &Path,
        role: Role,
        out: &mut BTreeSet<Exposure>,
    ) -> Result<Option<Metadata>> {
        let meta = match path.symlink_metadata() {
            Err(cause) if crate::foreign::is_missing(&cause) => return Ok(None),
            other => other.attempt("read", path)?,
        };
        out.extend(self.exposures(path, &meta, role));
        Ok(Some(meta))
    }

    /// Adds who could put something else in the place of `path`, which holds no links: by writing in a directory
    /// above it. A directory that is also above the user's home never counts: who owns that owns the user.
    pub(crate) fn above(&self, path: &Path, out: &mut BTreeSet<Exposure>) -> Result<()> {
        for dir in path.ancestors().skip(1) {
            let mut found = BTreeSet::new();
            self.look(dir, Role::Way, &mut found)?;
            if !found.is_empty() && !self.people.is_above_home(dir) {
                out.extend(found);
            }
        }
        Ok(())
    }

    /// Who could change what `meta` was read of, by `path`.
    pub(crate) fn exposures(&self, path: &Path, meta: &Metadata, role: Role) -> Vec<Exposure> {
        let found = |who, owns| Exposure { who, path: path.to_owned(), owns };
        let owner = self.counts_as_owner(path, meta, role);
        let mut all = Vec::from_iter(owner.then(|| found(Who::User(meta.uid()), true)));
        // Below a sticky directory only an entry's owner can replace it; a link's own mode means nothing.
        let is_closed = role == Role::Way && meta.mode() & 0o1000 != 0;
        if !meta.is_symlink() && !is_closed {
            let writers = Self::writers(path, meta).into_iter();
            let writers = writers.filter(|who| self.counts_as_writer(*who, path, meta, role));
            all.extend(writers.map(|who| found(who, false)));
        }
        all
    }

    /// An owner that this user namespace does not map may be the host's root. On the way to something, where the user
    /// cannot write, or everybody can but not rename (the host's `/tmp`), that is what it most often is.
    fn counts_as_owner(&self, path: &Path, meta: &Metadata, role: Role) -> bool {
        let uid = meta.uid();
        let is_own = uid == self.user.as_raw() || uid == 0;
        let is_sticky = meta.mode() & 0o1000 != 0;
        let is_host = || people::is_unmapped_user(uid) && (is_sticky || is_shut(path));
        !(is_own || role == Role::Way && is_host())
    }

    fn counts_as_writer(&self, who: Who, path: &Path, meta: &Metadata, role: Role) -> bool {
        match who {
            Who::User(uid) => uid != self.user.as_raw() && uid != 0,
            Who::Group(gid) => {
                let is_host =
                    || role == Role::Way && people::is_unmapped_group(gid) && is_shut(path);
                !self.people.is_private(gid, meta.uid()) && !is_host()
            }
            Who::Everybody => true,
        }
    }

    /// Whom the mode bits and the access list let write. With a list the group's bits are its mask, the most that
    /// anybody in it has.
    fn writers(path: &Path, meta: &Metadata) -> Vec<Who> {
        let mode = meta.mode();
        let mut all = Vec::from_iter((mode & 0o002 != 0).then_some(Who::Everybody));
        if mode & 0o020 != 0 {
            match acl::read(path) {
                Acl::None => all.push(Who::Group(meta.gid())),
                Acl::Writers(writers) => {
                    all.extend(
                        writers.into_iter().map(|who| who.unwrap_or(Who::Group(meta.gid()))),
                    );
                }
            }
        }
        all
    }

    /// True where only the user, or root, can change what lies at `path`, following a link to it.
    pub(crate) fn is_own(&self, path: &Path) -> bool {
        let path = path.canonicalize();
        path.is_ok_and(|path| {
            let mut out = BTreeSet::new();
            matches!(self.look(&path, Role::Content, &mut out), Ok(Some(_))) && out.is_empty()
        })
    }

    /// True for what is the user's, following links, as `-O` has it in shells.
    pub(crate) fn owns(&self, path: &Path) -> bool {
        path.metadata().is_ok_and(|meta| meta.uid() == self.user.as_raw())
    }

    /// True for what is the user's and nobody else can write, not even a group of the user's own: the user's answers.
    pub(crate) fn is_users_alone(&self, path: &Path) -> bool {
        path.symlink_metadata().is_ok_and(|meta| {
            // Where there is an access list, these bits hold its mask.
            meta.uid() == self.user.as_raw() && meta.mode() & 0o022 == 0 && !meta.is_symlink()
        })
    }

    /// True for what the user or root owns and not everybody can write: a group may write what is the user's.
    pub(crate) fn is_from_own(&self, path: &Path) -> bool {
        let path = path.canonicalize();
        path.is_ok_and(|path| {
            let mut out = BTreeSet::new();
            let there = matches!(self.look(&path, Role::Content, &mut out), Ok(Some(_)));
            there && out.iter().all(|one| matches!(one.who, Who::Group(_)))
        })
    }

    /// True where every `who` is among `accepted`, or known to be a part of it.
    pub(crate) fn is_among(&self, who: Who, accepted: &BTreeSet<Who>) -> bool {
        let groups = || {
            accepted.iter().filter_map(|one| match one {
                Who::Group(gid) => Some(*gid),
                Who::User(_) | Who::Everybody => None,
            })
        };
        accepted.contains(&who)
            || accepted.contains(&Who::Everybody)
            || matches!(who, Who::User(uid) if groups().any(|gid| self.people.is_member(uid, gid)))
    }

    /// Makes the directory `dir` for the user's own memory if it is missing. Fails where others could change it, or put
    /// another in its place; at the user's home that ends, since who can write there has the user's shell already.
    pub(crate) fn make_own_dir(&self, dir: &Path) -> Result<()> {
        crate::fs::make_dirs(dir, 0o700).attempt("make", dir)?;
        let real = dir.canonicalize().attempt("find", dir)?;
        let mut out = BTreeSet::new();
        self.look(&real, Role::Content, &mut out)?;
        self.above(&real, &mut out)?;
        match out.into_iter().find(|one| !self.people.is_home(&one.path)) {
            None => Ok(()),
            Some(one) => {
                Err(Error::new(format!("{} can be changed by other users: {one}", Shown(dir)))
                    .hint("set XDG_STATE_HOME and XDG_CACHE_HOME to directories of your own"))
            }
        }
    }

    /// As `make_own_dir`, but for what nobody else may read.
    pub(crate) fn make_private_dir(&self, dir: &Path) -> Result<()> {
        self.make_own_dir(dir)?;
        let meta = dir.symlink_metadata().attempt("read", dir)?;
        if !meta.is_dir() || meta.uid() != self.user.as_raw() || meta.mode() & 0o077 != 0 {
            return Err(Error::new(format!("others can look into {}", Shown(dir)))
                .hint("it holds what you allowed: make it yours alone with `chmod 700`"));
        }
        Ok(())
    }
}

/// True where this process may not write.
fn is_shut(path: &Path) -> bool {
    !crate::fs::is_writable(path)
}

#[cfg(test)]
mod tests;
