//! Stages get their name whole, or go away.

use super::*;

#[test]
fn dead_stages_are_swept_and_living_ones_are_not() {
    let root = tempfile::tempdir().unwrap();
    let make = |name: String| {
        let path = root.path().join(name);
        fs::make_dirs(&path.join("deep"), 0o755).unwrap();
        path
    };
    let dead = make(format!("{PREFIX}{}-4194400-0", fs::machine())); // above the largest process number
    let others = make(format!("{PREFIX}elsewhere-1-0"));
    let mine = Stage::new(root.path()).unwrap();
    assert!(!dead.exists());
    assert!(others.exists());
    let second = Stage::new(root.path()).unwrap();
    assert!(mine.path().exists() && second.path().exists() && mine.path() != second.path());
    let path = mine.path();
    drop(mine);
    assert!(!path.exists());
}

#[test]
fn a_commit_never_lands_on_something() {
    let root = tempfile::tempdir().unwrap();
    let target = root.path().join("env");
    fs::make_dirs(&target.join("full"), 0o755).unwrap();
    let stage = Stage::new(root.path()).unwrap();
    let path = stage.path();
    let failure = stage.commit(&target, OnExisting::Fail).unwrap_err();
    assert!(failure.to_string().contains("appeared there"));
    assert!(target.join("full").exists() && !path.exists());
    let stage = Stage::new(root.path()).unwrap();
    stage.root().write_new(Path::new("new"), b"", fs::How::DATA).unwrap();
    stage.commit(&target, OnExisting::ReplaceEnv).unwrap();
    assert!(target.join("new").exists() && !target.join("full").exists());
    assert_eq!(std::fs::read_dir(&target).unwrap().count(), 1);
    assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 1);
}

#[test]
fn what_took_the_place_of_a_stage_is_neither_committed_nor_removed() {
    let root = tempfile::tempdir().unwrap();
    let at = |name: &str| root.path().join(name);
    fs::make_dirs(&at("thesis/chapter"), 0o755).unwrap();
    let stage = Stage::new(root.path()).unwrap();
    fs::rename_dir(&stage.path(), &at("away")).unwrap();
    fs::rename_dir(&at("thesis"), &stage.path()).unwrap();
    let path = stage.path();
    let failure = stage.commit(&at("env"), OnExisting::Fail).unwrap_err();
    assert!(failure.to_string().contains("somebody put something else"), "{failure}");
    assert!(path.join("chapter").exists() && !at("env").exists());
}
