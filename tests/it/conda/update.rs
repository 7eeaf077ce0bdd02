//! `update` and `outdated`: what was added is moved to the newest that fits, and the base stays.

use serde_json::{Value, json};

use crate::conda::channel::crafted;
use crate::kit::patient::Patient;
use crate::support::sandbox::Run;
use crate::support::{tree, wheel};

impl Patient {
    /// `mlenv VERB -p env -c CHANNEL ...`, with no other channel, and with the wheels of the sandbox.
    fn newer(&self, verb: &str, words: &[&str]) -> Run {
        let run = self.sandbox.mlenv([verb, "-p", "env"]).args(words);
        let run = run.var("MLENV_SITE", self.sandbox.path("no-site")).var("PIP_NO_INDEX", "1");
        run.var("PIP_FIND_LINKS", self.sandbox.path("wheels")).without("UV_FIND_LINKS")
    }
}

fn package(name: &str, version: &str, depends: &[&str]) -> Value {
    let file = format!("share/{name}-{version}");
    json!({"name": name, "version": version, "depends": depends, "files": {file: version}})
}

#[test]
fn what_was_added_moves_to_the_newest_that_fits_and_the_base_stays() {
    let patient = Patient::new();
    let old =
        [package("app", "1.0", &["lib"]), package("lib", "1.0", &[]), package("other", "1.0", &[])];
    let old = crafted(&patient, "old", &json!(old));
    let new = [
        package("app", "1.5", &["lib"]),
        package("app", "2.0", &["lib"]),
        package("lib", "1.1", &[]),
        package("lib", "2.0", &["tools >=3"]),
        package("other", "1.1", &["python <3"]),
        package("tools", "9.0", &[]),
    ];
    let new = crafted(&patient, "new", &json!(new));
    let channel = |dir: &std::path::Path| format!("file://{}", dir.display());
    let (old, new) = (channel(&old), channel(&new));
    patient.newer("update", &[]).ok().says("nothing was added to ");
    patient.newer("install", &["-c", &old, "app<2", "other"]).ok();
    let before = tree::snapshot(&patient.base);
    let told = patient.newer("outdated", &["-c", &new]).ok();
    let rows: Vec<Vec<&str>> =
        told.out.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(
        rows,
        [
            vec!["app", "1.0", "->", "1.5", "conda", "2.0", "does", "not", "fit"],
            vec!["lib", "1.0", "->", "1.1", "conda", "2.0", "does", "not", "fit"],
            vec!["other", "1.0", "stays", "conda", "1.1", "does", "not", "fit"],
        ],
        "{told}"
    );
    patient.newer("update", &["-c", &new, "lib", "--dry-run"]).ok();
    patient
        .newer("update", &["-c", &new, "lib"])
        .ok()
        .says("will replace in the env: lib 1.1 (for 1.0)");
    assert_eq!(patient.added(), ["app 1.0", "lib 1.1", "other 1.0"]);
    patient.newer("update", &["-c", &new]).ok().says("will replace in the env: app 1.5 (for 1.0)");
    patient.newer("update", &["-c", &new]).ok().says("everything is up to date");
    assert_eq!(patient.added(), ["app 1.5", "lib 1.1", "other 1.0"]);
    assert!(!patient.at("share/app-1.0").exists() && patient.at("share/app-1.5").exists());
    let record = std::fs::read_to_string(patient.at("conda-meta/app-1.5-0.json")).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&record).unwrap()["requested_specs"],
        json!(["app<2"])
    );
    assert_eq!(patient.findings(), [""; 0]);
    tree::assert_same(&before, &tree::snapshot(&patient.base), "the base");
    patient
        .newer("update", &["tools"])
        .fails(1, "tools belongs to the base")
        .hints("mlenv unpin -p ");
    patient.newer("update", &["nosuch"]).fails(1, "nosuch is not installed in ");
}

#[test]
fn pips_part_moves_too_and_what_needs_a_newer_package_of_the_base_waits() {
    let patient = Patient::new();
    let wheels = patient.sandbox.path("wheels");
    patient.newer("install", &["--pip", "greet==2.0", "fresh"]).ok();
    assert_eq!(patient.requests()["pip"], json!({"fresh": "fresh", "greet": "greet==2.0"}));
    wheel::build(&wheels, "fresh", "1.1");
    wheel::build(&wheels, "greet", "3.0");
    let told = patient.newer("outdated", &["--json"]).ok().json();
    assert_eq!(
        told,
        json!([{"name": "fresh", "version": "1.0", "update": "1.1", "newest": null, "by": "pip"}])
    );
    patient.newer("update", &[]).ok().says("will replace in the env: fresh 1.1 (for 1.0)");
    patient.newer("update", &["fresh"]).ok().says("everything is up to date");
    patient.newer("outdated", &[]).ok().says("is up to date");
    assert_eq!(patient.requests()["pip"], json!({"fresh": "fresh", "greet": "greet==2.0"}));
    wheel::build(&wheels, "grow", "1.0");
    patient.newer("install", &["--pip", "grow"]).ok();
    wheel::build_needing(&wheels, "grow", "2.0", &["six>=99"]);
    wheel::build(&wheels, "six", "99");
    patient.newer("update", &[]).ok().says("everything is up to date");
    wheel::build(&wheels, "grow", "1.5");
    patient.newer("update", &[]).ok().says("will replace in the env: grow 1.5 (for 1.0)");
    assert_eq!(patient.added(), ["fresh 1.1", "greet 2.0", "grow 1.5"]);
}
