//! Directories of others, made by root for the tests; an ordinary user sees the same through other eyes.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests build worlds of their own, and say what they could not test"
)]

use std::fs::{self, Permissions, set_permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::PathBuf;

use super::*;

const ME: u32 = 4242;
const OTHER: u32 = 4243;
const GROUP: u32 = 4244;

/// A world that only root can make; elsewhere the parts that need it are told to be left out.
struct World(tempfile::TempDir);

impl World {
    fn new() -> Option<Self> {
        if !Uid::effective().is_root() {
            eprintln!("only root can hand files to other users: this was not tested");
            return None;
        }
        let root = tempfile::tempdir().unwrap();
        set_permissions(root.path(), Permissions::from_mode(0o755)).unwrap();
        Some(Self(root))
    }

    fn path(&self, below: &str) -> PathBuf {
        self.0.path().canonicalize().unwrap().join(below)
    }

    fn dir(&self, below: &str, uid: u32, gid: u32, mode: u32) -> PathBuf {
        let path = self.path(below);
        fs::create_dir_all(&path).unwrap();
        chown(&path, Some(uid), Some(gid)).unwrap();
        set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        path
    }
}

fn look(path: &Path, role: Role) -> Vec<Who> {
    let mut out = BTreeSet::new();
    Judge::of(Uid::from_raw(ME)).look(path, role, &mut out).unwrap();
    out.into_iter().map(|one| one.who).collect()
}

fn above(path: &Path) -> Vec<Who> {
    let mut out = BTreeSet::new();
    Judge::of(Uid::from_raw(ME)).above(path, &mut out).unwrap();
    out.into_iter().map(|one| one.who).collect()
}

#[test]
fn owners_groups_and_everybody_are_seen() {
    let Some(world) = World::new() else { return };
    let check = |uid, gid, mode, role, expected: &[Who]| {
        let path = world.dir("d", uid, gid, mode);
        assert_eq!(look(&path, role), expected, "{uid} {gid} {mode:o} {role:?}");
    };
    let (group, everybody) = (Who::Group(GROUP), Who::Everybody);
    for role in [Role::Content, Role::Way] {
        check(ME, GROUP, 0o755, role, &[]);
        check(0, 0, 0o755, role, &[]);
        check(ME, GROUP, 0o775, role, &[group]);
        check(ME, GROUP, 0o2775, role, &[group]);
        check(ME, ME, 0o775, role, &[]); // the private group
        check(0, GROUP, 0o777, role, &[group, everybody]);
        check(OTHER, GROUP, 0o755, role, &[Who::User(OTHER)]);
    }
    check(0, 0, 0o1777, Role::Way, &[]);
    check(ME, GROUP, 0o3775, Role::Way, &[]);
    check(OTHER, 0, 0o1777, Role::Way, &[Who::User(OTHER)]);
    check(0, 0, 0o1777, Role::Content, &[everybody]);
}

#[test]
fn an_access_list_says_more_than_the_modes() {
    let Some(world) = World::new() else { return };
    let path = world.dir("d", ME, ME, 0o755);
    let set = |entries: &[(u16, u16, u32)]| {
        let list = acl::tests::list(entries);
        let flags = rustix::fs::XattrFlags::empty();
        rustix::fs::setxattr(&path, "system.posix_acl_access", &list, flags)
    };
    let none = u32::MAX;
    if let Err(cause) = set(&[(2, 7, OTHER), (4, 5, none), (0x10, 7, none)]) {
        eprintln!("this file system keeps no access lists ({cause}): they were not tested");
        return;
    }
    // To the modes alone it is the private group that may write.
    assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o775);
    assert_eq!(look(&path, Role::Content), [Who::User(OTHER)]);
    set(&[(4, 5, none), (8, 7, GROUP), (0x10, 7, none)]).unwrap();
    assert_eq!(look(&path, Role::Content), [Who::Group(GROUP)]);
    set(&[(2, 7, ME), (4, 7, none), (0x10, 7, none)]).unwrap();
    assert_eq!(look(&path, Role::Content), []);
    set(&[(2, 7, OTHER), (4, 5, none), (0x10, 5, none)]).unwrap();
    assert_eq!(look(&path, Role::Content), [], "the mask takes it away");
}

#[test]
fn every_directory_above_counts_up_to_the_root() {
    let Some(world) = World::new() else { return };
    let deep = world.dir("t/mal/p/q", ME, ME, 0o755);
    world.dir("t/mal/p", ME, ME, 0o755);
    assert_eq!(above(&deep), []);
    world.dir("t/mal", OTHER, OTHER, 0o755);
    assert_eq!(above(&deep), [Who::User(OTHER)]);
    world.dir("t/mal", 0, GROUP, 0o775);
    assert_eq!(above(&deep), [Who::Group(GROUP)]);
    // A project tree: in a sticky directory the child's owner decides.
    world.dir("t/mal", 0, GROUP, 0o3777);
    assert_eq!(above(&deep), []);
    world.dir("t/mal/p", OTHER, GROUP, 0o755);
    assert_eq!(above(&deep), [Who::User(OTHER)]);
}

#[test]
fn what_is_also_above_the_home_of_the_user_database_never_counts() {
    let Some(world) = World::new() else { return };
    let project = world.dir("vol3/me/p", ME, ME, 0o755);
    let home = world.dir("vol3/me", ME, ME, 0o755);
    // A filer's own user, as automounters show it.
    world.dir("vol3", OTHER, OTHER, 0o777);
    let judge = Judge { user: Uid::from_raw(ME), people: People::at_home(ME, &home) };
    let mut out = BTreeSet::new();
    judge.above(&project, &mut out).unwrap();
    assert!(out.is_empty(), "{out:?}");
    let beside = world.dir("vol3/other/p", ME, ME, 0o755);
    world.dir("vol3/other", OTHER, OTHER, 0o755);
    judge.above(&beside, &mut out).unwrap();
    assert_eq!(sentences(&out).len(), 1, "{out:?}");
    out.clear();
    set_permissions(&home, Permissions::from_mode(0o777)).unwrap();
    judge.above(&project, &mut out).unwrap();
    assert_eq!(out.len(), 1, "the home itself counts: {out:?}");
}

#[test]
fn consent_to_a_group_covers_its_members_and_to_everybody_all() {
    let judge = Judge::new();
    let covers = |who, accepted: &[Who]| judge.is_among(who, &accepted.iter().copied().collect());
    assert!(covers(Who::Group(GROUP), &[Who::Group(GROUP)]));
    assert!(
        covers(Who::User(OTHER), &[Who::Everybody]) && covers(Who::Group(1), &[Who::Everybody])
    );
    assert!(!covers(Who::Everybody, &[Who::Group(GROUP), Who::User(OTHER)]));
    assert!(!covers(Who::Group(GROUP), &[Who::User(OTHER)]));
    assert!(!covers(Who::User(OTHER), &[Who::Group(GROUP)]), "nobody lists that user");
    if let Ok(Some(daemon)) = nix::unistd::User::from_name("daemon") {
        assert!(covers(Who::User(daemon.uid.as_raw()), &[Who::Group(daemon.gid.as_raw())]));
    }
}

#[test]
fn a_directory_for_memory_is_made_and_an_open_one_refused() {
    let root = tempfile::tempdir().unwrap();
    let judge = Judge::new();
    let dir = root.path().join("a/b");
    judge.make_private_dir(&dir).unwrap();
    assert_eq!(dir.metadata().unwrap().mode() & 0o777, 0o700);
    set_permissions(&dir, Permissions::from_mode(0o750)).unwrap();
    judge.make_own_dir(&dir).unwrap();
    assert!(judge.make_private_dir(&dir).unwrap_err().to_string().contains("look into"));
    set_permissions(&dir, Permissions::from_mode(0o707)).unwrap();
    assert!(judge.make_own_dir(&dir).unwrap_err().to_string().contains("by everybody"));
    set_permissions(&dir, Permissions::from_mode(0o700)).unwrap();
    set_permissions(root.path().join("a"), Permissions::from_mode(0o707)).unwrap();
    assert!(judge.make_own_dir(&dir).is_err(), "who can put another one in its place");
}
