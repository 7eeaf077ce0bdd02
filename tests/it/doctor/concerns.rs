//! Of what changed in a base only that is told which concerns the env: its Python, and what it shows of the base.

use std::path::Path;

use crate::kit::patient::Patient;
use crate::support::machine;
use crate::support::sandbox::Sandbox;
use crate::support::testbase::{base, slim};
use crate::support::tree;

/// Nothing is said at entry, the base is as it was, and the env is healthy.
#[track_caller]
fn is_silent(sandbox: &Sandbox) {
    let told = sandbox.mlenv(["run", "-p", "./env", "--", "true"]).ok();
    assert_eq!(told.err, "", "{told}");
    let told = sandbox.mlenv(["activate", "--shell", "bash", "./env"]).ok();
    assert_eq!(told.err, "", "{told}");
    let told = sandbox.mlenv(["info", "--json", "env"]).ok().json();
    assert_eq!(told["base-state"], "same");
    assert!(!sandbox.mlenv(["list"]).ok().out.contains("changed"));
    sandbox.mlenv(["doctor", "env"]).ok().says("is healthy");
}

/// A package that pip puts into a base beside what is there.
fn gain(prefix: &Path, python: &str) {
    let info = prefix.join("lib").join(python).join("site-packages/gained-1.dist-info");
    std::fs::create_dir_all(&info).unwrap();
    std::fs::write(info.join("METADATA"), "Name: gained\nVersion: 1\n").unwrap();
}

#[test]
fn a_package_that_a_plain_python_gained_is_nobodys_business() {
    let facts = machine::python();
    for layout in ["sparse", "standard"] {
        let sandbox = Sandbox::new();
        let prefix = sandbox.path("python");
        tree::twin(&slim(facts), &prefix);
        let run = sandbox.mlenv(["create", "-q", "--no-save", "--layout", layout, "-p", "env"]);
        run.arg("--base").arg(&prefix).ok();
        is_silent(&sandbox);
        // The stamp of a directory counts seconds.
        gain(&prefix, &facts.name());
        let site = prefix.join("lib").join(facts.name()).join("site-packages");
        sandbox.run("touch").args(["-d", "2 hours ago"]).arg(&site).ok();
        is_silent(&sandbox);
    }
}

#[test]
fn an_env_that_shows_nothing_of_its_base_hears_of_its_python_alone() {
    let patient = Patient::with_layout("sparse");
    patient
        .change_base("conda-meta/gained-1-0.json", Some("{\"name\": \"gained\", \"files\": []}"));
    patient.change_base("bin/gained", Some("#!/bin/sh\n"));
    patient.change_base("conda-meta/six-1.16.0-0.json", None);
    patient
        .sandbox
        .run("touch")
        .args(["-d", "2 hours ago"])
        .arg(patient.base.join("conda-meta"))
        .ok();
    is_silent(&patient.sandbox);
    let record = format!("conda-meta/python-{}-0.json", base().version);
    let text = std::fs::read_to_string(patient.base.join(&record)).unwrap();
    patient.change_base(&record, None);
    let patch = format!("{}.99", base().python.trim_start_matches("python"));
    patient.change_base(&format!("conda-meta/python-{patch}-0.json"), Some(&text));
    let told = patient.sandbox.mlenv(["doctor", "env"]).end();
    assert!(told.out.contains("the base changed in place, and its Python from"), "{told}");
    assert!(!told.out.contains("lead nowhere"), "a sparse env has no links that could: {told}");
    patient.finds_and_mends(&["base-changed"]);
}

#[test]
fn an_env_that_shows_its_bases_records_hears_at_entry_of_those_that_went() {
    let patient = Patient::new();
    let entry = || patient.sandbox.mlenv(["run", "-p", "./env", "--", "true"]).ok().err;
    let old = || {
        let dir = patient.base.join("conda-meta");
        patient.sandbox.run("touch").args(["-d", "2 hours ago"]).arg(dir).ok()
    };
    patient
        .change_base("conda-meta/gained-1-0.json", Some("{\"name\": \"gained\", \"files\": []}"));
    old();
    assert_eq!(entry(), "");
    patient.change_base("conda-meta/six-1.16.0-0.json", None);
    old();
    assert!(entry().contains("packages of the base changed since"), "{}", entry());
    let told = patient.sandbox.mlenv(["doctor", "env"]).end();
    assert!(told.out.contains("+gained 1"), "{told}");
}
