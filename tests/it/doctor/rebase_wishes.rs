//! `rebase --drop` and `--reinstall`: what the new base has too goes, what was compiled for another Python comes again.

use std::path::Path;

use crate::kit::patient::Patient;
use crate::support::machine;
use crate::support::sandbox::Run;
use crate::support::testbase::{base, slim};
use crate::support::tree;
use crate::support::wheel;

fn rebase(patient: &Patient, base: &Path, wish: &str) -> Run {
    let run = patient.sandbox.mlenv(["rebase", "env", wish, "--base"]).arg(base);
    run.var("PIP_NO_INDEX", "1").var("PIP_FIND_LINKS", patient.sandbox.path("wheels"))
}

#[test]
fn what_the_new_base_has_too_is_taken_out_where_that_is_asked_for() {
    let patient = Patient::new();
    patient.packages("install", &["-q", "fresh", "greet>1"]).ok();
    let newer = base().twin(&patient.sandbox.path("newer"));
    std::fs::write(newer.join("bin/newtool"), "").unwrap();
    std::fs::write(newer.join("conda-meta/fresh-9.0-0.json"), "{\"files\": []}").unwrap();
    let told = rebase(&patient, &newer, "--drop").ok();
    let told = told.says("fresh 1.0 (the base has 9.0), greet 2.0 (the base has 1.0)");
    // An older version of the base does not win without a word.
    told.says("kept, as the base's may be older or different: greet")
        .says("will remove: fresh 1.0");
    assert_eq!(patient.added(), ["greet 2.0"]);
    assert_eq!(patient.requests(), serde_json::json!({"pip": {"greet": "greet>1"}}));
    let told = patient.sandbox.run(patient.at("bin/greet")).ok();
    assert_eq!(told.out, format!("2.0 {}\n", patient.env.display()));
    assert_eq!(patient.findings(), [""; 0]);
}

#[test]
fn what_was_compiled_for_another_python_is_installed_again_where_that_is_asked_for() {
    let other = machine::pythons().into_iter().find(|facts| facts.name() != base().python);
    let Some(other) = other else { return machine::lacks("a second Python") };
    let patient = Patient::with_layout("sparse");
    wheel::build(&patient.sandbox.path("wheels"), "built", "1.5");
    patient.packages("install", &["-q", "built", "fresh"]).ok();
    // As a wheel that fits one Python says of itself.
    let info = patient.at(base().site()).join("built-1.5.dist-info/WHEEL");
    std::fs::write(info, "Wheel-Version: 1.0\nTag: cp311-cp311-linux_x86_64\n").unwrap();
    let newer = patient.sandbox.path("newer");
    tree::twin(&slim(&other), &newer);
    let pip = base().prefix.join(base().site());
    let site = newer.join("lib").join(other.name()).join("site-packages");
    for entry in std::fs::read_dir(pip).unwrap().flatten() {
        if entry.file_name().to_string_lossy().starts_with("pip") {
            tree::twin(&entry.path(), &site.join(entry.file_name()));
        }
    }
    let told = rebase(&patient, &newer, "--reinstall").ok();
    let words = format!("compiled for {}, and left in its directory: built==1.5", base().python);
    told.says(&words).says("will add: built 1.5").says("installed into ");
    assert_eq!(patient.added(), ["built 1.5", "fresh 1.0"]);
    let told = patient.python(&patient.env, "import built, fresh; print(built.__file__)");
    assert!(Path::new(&told).starts_with(patient.at("lib").join(other.name())), "{told}");
    let requests = serde_json::json!({"pip": {"built": "built", "fresh": "fresh"}});
    assert_eq!(patient.requests(), requests, "what was asked for stays");
}
