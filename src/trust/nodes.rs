//! Who else could change a file or directory: its owner, a group, everybody.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{File, Metadata};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use nix::fcntl::OFlag;
use nix::unistd::{Gid, Group, Uid};
use serde::{Deserialize, Serialize};

use crate::error::{Attempt, Result};

/// Which part of a marker and its env is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Where {
    /// The marker itself.
    Marker,
    /// The directory that holds it.
    MarkerDir,
    /// The env's root.
    Env,
    /// The directory that holds the env: who can write there can put another env in its place.
    EnvParent,
    /// The env's programs.
    EnvBin,
}

impl Where {
    fn words(self) -> &'static str {
        match self {
            Self::Marker => "the marker",
            Self::MarkerDir => "the marker's directory",
            Self::Env => "the env",
            Self::EnvParent => "the env's parent directory",
            Self::EnvBin => "the env's bin directory",
        }
    }
}

/// One way in which others can change what consent is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Exposure {
    place: Where,
    #[serde(flatten)]
    who: Who,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "to", content = "id")]
enum Who {
    Owner(u32),
    Group(u32),
    Everybody,
}

impl fmt::Display for Exposure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place.words();
        match self.who {
            Who::Owner(uid) => write!(f, "{place} belongs to another user (uid {uid})"),
            Who::Group(gid) => write!(f, "{place} can be written by a group (gid {gid})"),
            Who::Everybody => write!(f, "{place} can be written by everybody"),
        }
    }
}

/// A handle's facts, for a path that is meant to hold no link at its end.
pub(super) fn open(path: &Path) -> Result<Metadata> {
    let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let file =
        File::options().read(true).custom_flags(flags.bits()).open(path).attempt("read", path)?;
    file.metadata().attempt("read", path)
}

/// Adds what `meta` says about `place`. Root may always change everything, so root's files expose nothing more.
pub(super) fn expose(out: &mut BTreeSet<Exposure>, place: Where, meta: &Metadata, user: Uid) {
    // Below a sticky directory only the owner of an entry can replace it: /tmp.
    let sticky = meta.is_dir()
        && meta.mode() & 0o1000 != 0
        && matches!(place, Where::MarkerDir | Where::EnvParent);
    let foreign = meta.uid() != user.as_raw() && meta.uid() != 0;
    let found = [
        foreign.then_some(Who::Owner(meta.uid())),
        (meta.mode() & 0o020 != 0 && !sticky && !is_private_group(meta))
            .then_some(Who::Group(meta.gid())),
        (meta.mode() & 0o002 != 0 && !sticky).then_some(Who::Everybody),
    ];
    out.extend(found.into_iter().flatten().map(|who| Exposure { place, who }));
}

/// True for the group that many systems make for each user, with the same number and nobody else in it. Their
/// usual umask lets the group write everything.
fn is_private_group(meta: &Metadata) -> bool {
    meta.gid() == meta.uid()
        && Group::from_gid(Gid::from_raw(meta.gid()))
            .is_ok_and(|group| group.is_none_or(|group| group.mem.is_empty()))
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests build worlds of their own")]
mod tests {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[track_caller]
    fn check(mode: u32, user: u32, place: Where, expected: &[Who]) {
        let root = tempfile::tempdir().unwrap();
        nix::unistd::chown(root.path(), None, Some(Gid::from_raw(4242))).ok();
        set_permissions(root.path(), Permissions::from_mode(mode)).unwrap();
        let mut out = BTreeSet::new();
        let meta = open(root.path()).unwrap();
        expose(&mut out, place, &meta, Uid::from_raw(user));
        let mut found: Vec<Who> = out.into_iter().map(|exposure| exposure.who).collect();
        if meta.gid() != 4242 {
            found.retain(|who| !matches!(who, Who::Group(_))); // not root: the group could not be set
        }
        assert_eq!(found, expected, "{mode:o}");
    }

    #[test]
    fn writable_by_others_is_seen() {
        let me = Uid::effective().as_raw();
        let group = || if me == 0 { vec![Who::Group(4242)] } else { vec![] };
        check(0o755, me, Where::Env, &[]);
        check(0o775, me, Where::Env, &group());
        check(0o777, me, Where::Env, &[group(), vec![Who::Everybody]].concat());
        check(0o1777, me, Where::EnvParent, &[]);
        check(0o1777, me, Where::Env, &[group(), vec![Who::Everybody]].concat());
    }

    #[test]
    fn another_users_directory_is_seen_and_roots_is_not() {
        let me = Uid::effective().as_raw();
        let expected: Vec<Who> = (me != 0).then_some(Who::Owner(me)).into_iter().collect();
        check(0o755, 4243, Where::Env, &expected);
    }
}
