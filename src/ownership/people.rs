//! What the user database and the user namespace say of users and groups. The database may be a server far away: each
//! question is asked where something depends on it, and once.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use nix::unistd::{Gid, Group, Uid, User};

use crate::foreign::{self, FileKind};

/// The database, asked once.
#[derive(Debug)]
pub(super) struct People {
    user: Uid,
    homes: OnceCell<Vec<PathBuf>>,
    groups: RefCell<BTreeMap<u32, Option<Vec<String>>>>,
    users: RefCell<BTreeMap<u32, Option<(String, u32)>>>,
}

impl People {
    pub(super) fn new(user: Uid) -> Self {
        let (homes, groups, users) = Default::default();
        Self { user, homes, groups, users }
    }

    #[cfg(test)]
    pub(super) fn at_home(user: u32, home: &Path) -> Self {
        let people = Self::new(Uid::from_raw(user));
        let _ = people.homes.set(vec![home.to_owned()]);
        people
    }

    /// True for a directory that holds the user's home somewhere below. `HOME` is not asked: the user may have taken
    /// it from anywhere.
    pub(super) fn is_above_home(&self, dir: &Path) -> bool {
        self.homes().iter().any(|home| home != dir && home.starts_with(dir))
    }

    /// True for the user's home.
    pub(super) fn is_home(&self, dir: &Path) -> bool {
        self.homes().iter().any(|home| home == dir)
    }

    /// The home as it is listed, and as it is without links.
    fn homes(&self) -> &[PathBuf] {
        self.homes.get_or_init(|| {
            let listed = User::from_uid(self.user).ok().flatten().map(|user| user.dir);
            let listed = listed.filter(|dir| dir.is_absolute());
            let real = listed.as_ref().and_then(|dir| dir.canonicalize().ok());
            listed.into_iter().chain(real).collect()
        })
    }

    /// True for the group that many systems make for each user, with the same number and nobody else in it. Their
    /// usual umask lets the group write everything.
    pub(super) fn is_private(&self, gid: u32, owner: u32) -> bool {
        gid == owner && self.members(gid).is_none_or(|members| members.is_empty())
    }

    /// True where the database lists the user `uid` in the group.
    pub(super) fn is_member(&self, uid: u32, gid: u32) -> bool {
        let user = self.users.borrow_mut().entry(uid).or_insert_with(|| listed(uid)).clone();
        user.is_some_and(|(name, own)| {
            own == gid || self.members(gid).is_some_and(|members| members.contains(&name))
        })
    }

    /// `None` where there is no such group.
    fn members(&self, gid: u32) -> Option<Vec<String>> {
        let ask = || match Group::from_gid(Gid::from_raw(gid)) {
            Ok(group) => group.map(|group| group.mem),
            // Nothing is known, so it may have any members.
            Err(_) => Some(vec!["?".to_owned()]),
        };
        self.groups.borrow_mut().entry(gid).or_insert_with(ask).clone()
    }
}

/// A user's name and group.
fn listed(uid: u32) -> Option<(String, u32)> {
    let user = User::from_uid(Uid::from_raw(uid)).ok().flatten()?;
    Some((user.name, user.gid.as_raw()))
}

/// True for the number that stands for all users which this namespace does not map.
pub(super) fn is_unmapped_user(uid: u32) -> bool {
    is_unmapped(uid, "/proc/sys/kernel/overflowuid", "/proc/self/uid_map")
}

/// As `is_unmapped_user`, but for groups.
pub(super) fn is_unmapped_group(gid: u32) -> bool {
    is_unmapped(gid, "/proc/sys/kernel/overflowgid", "/proc/self/gid_map")
}

/// Where the namespace maps every number, that one is an ordinary user's. Without a kernel that tells, it is too.
fn is_unmapped(id: u32, overflow: &str, map: &str) -> bool {
    let text = |path: &str| foreign::read_text(Path::new(path), FileKind::Note).unwrap_or_default();
    text(overflow).trim().parse() == Ok(id) && !is_whole(&text(map))
}

/// True for a map of all numbers: lines of `inside outside count`. All but the last, which stands for none.
fn is_whole(map: &str) -> bool {
    let counts = map.lines().filter_map(|line| line.split_whitespace().nth(2)?.parse::<u64>().ok());
    map.is_empty() || counts.sum::<u64>() >= u64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_are_told_apart() {
        assert!(is_whole("         0          0 4294967295\n"));
        assert!(is_whole(""), "a system without namespaces");
        assert!(!is_whole("0 1000 1\n"));
        assert!(!is_whole("0 1000 1\n1 100000 65536\n"));
    }

    #[test]
    fn homes_and_what_lies_above_them() {
        let people = People::at_home(0, Path::new("/h/u"));
        assert!(people.is_above_home(Path::new("/h")) && people.is_above_home(Path::new("/")));
        assert!(!people.is_above_home(Path::new("/h/u")) && people.is_home(Path::new("/h/u")));
        assert!(
            !people.is_above_home(Path::new("/h/u/x")) && !people.is_above_home(Path::new("/x"))
        );
    }
}
