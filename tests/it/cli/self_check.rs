//! `mlenv self-check`: what it says where all is well, and where it is not.

use crate::support::sandbox::Sandbox;
use crate::support::testbase;

#[test]
fn where_all_is_well_every_check_works_and_nothing_is_left_behind() {
    let sandbox = Sandbox::new();
    let checks = sandbox
        .mlenv(["self-check", "--json"])
        .var("MLENV_BASE", &testbase::base().prefix)
        .var("PYTHONHOME", "/nonexistent")
        .ok()
        .json();
    let names: Vec<&str> =
        checks.as_array().unwrap().iter().map(|check| check["what"].as_str().unwrap()).collect();
    assert_eq!(names, ["program", "state", "cache", "base", "env"]);
    assert!(checks.as_array().unwrap().iter().all(|check| check["works"] == true), "{checks}");
    let left = walkdir::WalkDir::new(sandbox.path("home")).into_iter().flatten();
    let left: Vec<_> =
        left.filter(|entry| entry.file_name().to_string_lossy().contains("self-check")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn what_does_not_work_is_named_with_its_reason() {
    let sandbox = Sandbox::new();
    let base = testbase::base().twin(&sandbox.path("base"));
    let python = base.join("bin").join(&testbase::base().python);
    std::fs::remove_file(&python).unwrap(); // it may be a hard link to the one that all tests share
    std::fs::write(python, "#!/bin/sh\nexit 3\n").unwrap();
    sandbox.write("home/.cache", "a file");
    let told = sandbox.mlenv(["self-check"]).var("MLENV_BASE", &base).end();
    assert_eq!(told.status.code(), Some(1), "{told}");
    for words in ["cache    FAILS: could not make", "env      FAILS: ", "state    /"] {
        assert!(told.out.contains(words), "{words}: {told}");
    }
    sandbox.mlenv(["self-check"]).var("MLENV_BASE", "/nonexistent").end().says("checks failed");
}
