//! What an open directory holds to, and what of it is shared with the functions by path.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use super::*;

#[test]
fn nothing_outside_is_reached_through_a_link_or_a_path_that_climbs() {
    let place = tempfile::tempdir().unwrap();
    let (inside, outside) = (place.path().join("in"), place.path().join("out"));
    fs::create_dir_all(inside.join("a/b")).unwrap();
    fs::create_dir_all(outside.join("b")).unwrap();
    symlink(&outside, inside.join("link")).unwrap();
    symlink("../a", inside.join("a/near")).unwrap();
    symlink(outside.join("victim"), inside.join("name")).unwrap();
    let root = Root::open_itself(&inside).unwrap();
    for path in ["link/x", "link/b/x", "../out/x", "a/../../out/x", "/x", "a/near/b/x"] {
        let path = Path::new(path);
        let above = path.parent().unwrap();
        assert!(root.write(path, b"x", How::DATA).is_err(), "{path:?}");
        assert!(root.write_new(path, b"x", How::DATA).is_err(), "{path:?}");
        assert!(root.link(path, "y").is_err(), "{path:?}");
        assert!(root.make_dir(path).is_err() && root.make_dirs(path).is_err(), "{path:?}");
        assert!(root.rename(Path::new("a/b"), path).is_err(), "{path:?}");
        assert!(root.below(above).is_err() && root::ways::slow(&root, above).is_err(), "{path:?}");
        assert!(root.remove_tree(above).is_err() || above == Path::new("a/near/b"), "{path:?}");
        assert!(root.set_dir_mode(Path::new("link"), 0o700).is_err());
    }
    root.write(Path::new("name"), b"x", How::DATA).unwrap();
    assert!(inside.join("name").symlink_metadata().unwrap().is_file(), "the link is replaced");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
    assert_eq!(fs::read_dir(outside.join("b")).unwrap().count(), 0);
    assert!(Root::open_itself(&inside.join("link")).is_err());
}

#[test]
fn what_takes_the_place_of_an_open_directory_is_not_written_to() {
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name);
    fs::create_dir(at("stage")).unwrap();
    fs::create_dir(at("victim")).unwrap();
    let root = Root::open_itself(&at("stage")).unwrap();
    fs::rename(at("stage"), at("moved")).unwrap();
    symlink("victim", at("stage")).unwrap();
    root.write_new(Path::new("a"), b"x", How::DATA).unwrap();
    root.make_dirs(Path::new("d/e")).unwrap().link(Path::new("l"), "t").unwrap();
    assert!(at("moved/a").exists() && at("moved/d/e").exists());
    assert_eq!(fs::read_dir(at("victim")).unwrap().count(), 0);
    assert!(!root.is(&at("stage")) && root.is(&at("moved")));
    assert!(root.seen().join("a").exists());
    root.clear(&["a"]).unwrap();
    assert_eq!(fs::read_dir(at("moved")).unwrap().count(), 0);
}

#[test]
fn what_is_there_stays_where_nothing_may_be_replaced() {
    let place = tempfile::tempdir().unwrap();
    let root = Root::open(place.path()).unwrap();
    let name = Path::new("x");
    root.write_if_free(name, b"old", How::DATA).unwrap();
    root.write_if_free(name, b"new", How::DATA).unwrap();
    root.link_if_free(name, "new").unwrap();
    assert_eq!(fs::read(place.path().join(name)).unwrap(), b"old");
    assert_eq!(root.list().unwrap().len(), 1);
    root.replace_link(name, "target").unwrap();
    assert_eq!(root.read_link(name).unwrap(), "target");
}

#[test]
fn temporary_files_of_the_dead_go_and_those_of_the_living_stay() {
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name);
    let dead = format!(".mlenv-tmp-{}-4194400-0", machine()); // above the largest process number
    let ours = format!(".mlenv-tmp-{}-{}-ff", machine(), std::process::id());
    let others = [".mlenv-tmp-elsewhere-4194400-0", ".mlenv-tmp-notes", ".mlenv-backup"];
    let held = format!(".mlenv-tmp-{}-4194401-0", machine());
    for name in [&dead, &ours, &held].into_iter().map(String::as_str).chain(others) {
        fs::write(at(name), "").unwrap();
    }
    symlink("x", at(&dead.replace("-0", "-1"))).unwrap();
    let holder = File::open(at(&held)).unwrap();
    holder.lock().unwrap();
    assert_eq!(litter(place.path()).len(), 2);
    write_atomic(&at("new"), b"").unwrap();
    let mut left: Vec<_> =
        fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    let mut expected: Vec<_> =
        [&ours, &held, "new"].into_iter().chain(others).map(std::ffi::OsString::from).collect();
    expected.sort();
    assert_eq!(left, expected);
}

#[test]
fn a_file_keeps_the_permissions_that_it_is_meant_to_keep() {
    let place = tempfile::tempdir().unwrap();
    let root = Root::open(place.path()).unwrap();
    let mode = |name: &str| place.path().join(name).metadata().unwrap().mode() & 0o777;
    root.write(Path::new("p"), b"", How::PRIVATE).unwrap();
    assert_eq!(mode("p"), 0o600);
    fs::set_permissions(place.path().join("p"), Permissions::from_mode(0o640)).unwrap();
    root.write(Path::new("p"), b"", How::DATA.as_before()).unwrap();
    assert_eq!(mode("p"), 0o640);
}

#[test]
fn removal_spares_what_links_point_to() {
    let root = tempfile::tempdir().unwrap();
    let (keep, gone) = (root.path().join("keep"), root.path().join("gone"));
    fs::create_dir_all(gone.join("deep/er")).unwrap();
    fs::create_dir(&keep).unwrap();
    fs::write(keep.join("file"), "x").unwrap();
    symlink(&keep, gone.join("deep/link")).unwrap();
    fs::set_permissions(gone.join("deep"), Permissions::from_mode(0o500)).unwrap();
    remove_tree(&gone).unwrap();
    assert!(!gone.exists());
    assert!(keep.join("file").exists());
}

#[test]
fn a_link_given_as_the_tree_is_refused() {
    let root = tempfile::tempdir().unwrap();
    symlink("/", root.path().join("link")).unwrap();
    assert!(remove_tree(&root.path().join("link")).is_err());
}

#[test]
fn a_locked_directory_is_seen_as_held() {
    let root = tempfile::tempdir().unwrap();
    let first = try_lock_dir(root.path()).unwrap();
    assert!(matches!(first, Lock::Ours(_)));
    assert!(matches!(try_lock_dir(root.path()).unwrap(), Lock::Held));
}
