//! A base of which users may not read everything: rattler's tools write records that only their owner can read.

use std::os::unix::fs::PermissionsExt;

use crate::kit::patient::Patient;
use crate::relocate::image::{findings, image};

const RECORD: &str = "conda-meta/six-1.16.0-0.json";

/// The same record as a file of the base's own, with few rights.
fn shut(patient: &Patient, mode: u32) {
    let text = std::fs::read_to_string(patient.base.join(RECORD)).unwrap();
    patient.change_base(RECORD, Some(&text));
    let path = patient.base.join(RECORD);
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

#[test]
fn what_may_not_be_read_has_the_cure_for_that_and_not_the_one_for_writing() {
    let patient = Patient::new();
    shut(&patient, 0o000);
    let run = patient.sandbox.mlenv(["create", "--reindex", "-p", "second", "--base"]);
    let told = run.arg(&patient.base).by_ordinary_user().end();
    assert_eq!(told.status.code(), Some(2), "{told}");
    let told = told.says("could not read ").says(RECORD).says("Permission denied");
    let told = told.hints("you may not read it");
    assert!(!told.err.contains("where you may write"), "{told}");
    let told = patient.sandbox.mlenv(["base", "index"]).arg(&patient.base).by_ordinary_user().end();
    told.says("could not read ").hints("you may not read it");
}

#[test]
fn base_check_names_what_others_cannot_read_to_whoever_asks() {
    let patient = Patient::new();
    let check = || patient.sandbox.mlenv(["base", "check", "--json"]).arg(&patient.base);
    shut(&patient, 0o600);
    patient.change_base("lib/closed.txt", Some("x"));
    let closed = patient.base.join("lib/closed.txt");
    std::fs::set_permissions(closed, PermissionsExt::from_mode(0o600)).unwrap();
    for run in [check(), check().by_ordinary_user()] {
        let told = run.end().json();
        let found = told["findings"].as_array().unwrap().iter();
        let found: Vec<_> = found.filter(|finding| finding["kind"] == "unreadable").collect();
        assert_eq!(found.len(), 1, "{told}");
        assert_eq!(found[0]["items"], serde_json::json!([RECORD, "lib/closed.txt"]));
        assert!(found[0]["cure"].as_str().unwrap().contains("chmod -R a+rX"), "{told}");
    }
}

#[test]
fn a_base_of_its_owner_alone_shuts_nobody_out() {
    let sandbox = crate::support::sandbox::Sandbox::new();
    let prefix = image(&sandbox.path("base"));
    sandbox.mlenv(["base", "prepare", "-q"]).arg(&prefix).ok();
    std::fs::set_permissions(&prefix, PermissionsExt::from_mode(0o700)).unwrap();
    crate::relocate::image::put(&prefix, "share/doc/private", "x", 0o600);
    assert_eq!(findings(&sandbox, &prefix), [""; 0]);
}
