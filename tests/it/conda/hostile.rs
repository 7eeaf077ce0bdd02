//! Channels and packages that are broken, or made to do harm: refused with a sentence, and nothing is changed.

use std::path::Path;

use serde_json::{Value, json};

use crate::conda::channel::crafted;
use crate::kit::patient::Patient;
use crate::support::tree;

#[track_caller]
fn refused(package: &Value, words: &str) {
    let patient = Patient::new();
    let mut before = tree::snapshot(patient.sandbox.root());
    let channel = crafted(&patient, "channel", &json!([package]));
    let told = patient.from(&format!("file://{}", channel.display()), &["evil"]).end();
    assert!(!told.status.success(), "{told}");
    assert!(told.err.contains(words), "\"{words}\" is missing: {told}");
    std::fs::remove_dir_all(&channel).unwrap();
    let mut after = tree::snapshot(patient.sandbox.root());
    // What was fetched is kept, and where packages lie ready is a directory of the env.
    let is_kept = |path: &Path| !path.starts_with("home/.cache") && path != Path::new("env");
    before.retain(|path, _| is_kept(path));
    after.retain(|path, _| is_kept(path));
    tree::assert_same(&before, &after, "everything");
}

#[test]
fn no_package_reaches_out_of_the_env_or_for_what_makes_it_one() {
    for path in [
        "../out",
        "a/../../out",
        "/tmp/mlenv-out",
        "conda-meta/history",
        "mlenv.toml",
        "baseEnv_dir/x",
    ] {
        let entry = json!({"_path": path, "path_type": "hardlink"});
        refused(
            &json!({"name": "evil", "files": {"share/x": "x"}, "paths": [entry]}),
            "the package has a file ",
        );
    }
    let noarch = json!({"_path": "site-packages/../../../../out", "path_type": "hardlink"});
    refused(
        &json!({"name": "evil", "noarch": "python", "paths": [noarch]}),
        "leads out of the env",
    );
}

#[test]
fn no_command_of_a_package_is_code_or_another_place() {
    for command in ["../../out = a:b", "x = a:b;import os", "x = a\nimport os:b", ".. = a:b"] {
        refused(
            &json!({"name": "evil", "noarch": "python", "files": {"site-packages/a.py": ""}, "link": [command]}),
            "is not an entry point",
        );
    }
}

#[test]
fn no_archive_writes_through_a_link_or_outside_of_itself() {
    for tar in [
        json!([["../out", "file", "x"]]),
        json!([["d", "link", ".."], ["d/out", "file", "x"]]),
        json!([["d", "link", "/tmp"], ["d/mlenv-out", "file", "x"]]),
        json!([["p", "pipe", ""]]),
    ] {
        refused(&json!({"name": "evil", "tar": tar}), "could not unpack evil-1.0-0.conda");
    }
}

#[test]
fn a_package_that_reads_through_a_link_of_its_own_is_refused() {
    let tar = json!([["d", "link", "/etc"]]);
    let paths = json!([{"_path": "d/passwd", "path_type": "hardlink"}]);
    refused(&json!({"name": "evil", "tar": tar, "paths": paths}), "could not copy ");
}

#[test]
fn what_is_not_what_its_channel_says_is_refused() {
    let index = json!({"sha256": "0".repeat(64)});
    refused(
        &json!({"name": "evil", "files": {"share/x": "x"}, "index": index}),
        "is not what its channel says: its sha256 is ",
    );
    let index = json!({"sha256": null});
    refused(
        &json!({"name": "evil", "files": {"share/x": "x"}, "index": index}),
        "the channel gives no sha256 of evil-1.0-0.conda",
    );
    let paths = json!([{"_path": "share/none", "path_type": "hardlink"}]);
    refused(&json!({"name": "evil", "paths": paths}), "could not copy ");
}

#[test]
fn what_is_in_the_way_stays_and_is_told() {
    let patient = Patient::new();
    let channel = crafted(
        &patient,
        "channel",
        &json!([
            {"name": "mine", "files": {"share/mine": "theirs"}},
            {"name": "first", "files": {"share/both": "first"}},
            {"name": "second", "files": {"share/both": "second"}},
            {"name": "same", "files": {"share/both": "first"}},
            {"name": "greet", "noarch": "python", "files": {"site-packages/greet/__init__.py": ""}},
        ]),
    );
    let channel = format!("file://{}", channel.display());
    std::fs::write(patient.at("share/mine"), "mine").unwrap();
    patient.pip(&["install", "-q", "greet>1"]);
    let before = tree::snapshot(&patient.env);
    let told = patient
        .from(&channel, &["mine"])
        .fails(1, "share/mine is in the way: it belongs to no conda package");
    assert!(told.err.contains("move it away"), "{told}");
    patient
        .from(&channel, &["greet"])
        .fails(1, "is in the way: it belongs to no conda package")
        .hints("--pip PACKAGE`");
    patient
        .from(&channel, &["first", "second"])
        .fails(1, "first-1.0-0 and second-1.0-0 both bring share/both");
    tree::assert_same(&before, &tree::snapshot(&patient.env), "the env");
    patient.from(&channel, &["first", "same"]).ok();
    patient.from(&channel, &["second"]).fails(1, "share/both is in the way: it is a file of ");
}
