//! What channels say since 2026: records with conditions and extras (CEP 43, 44, 48), channels that go together (CEP 42).

use std::path::Path;

use serde_json::{Value, json};

use crate::conda::channel::crafted;
use crate::kit::patient::Patient;

/// Changes what a channel says of one kind of machine.
fn change(channel: &Path, subdir: &str, change: impl FnOnce(&mut Value)) {
    let file = channel.join(subdir).join("repodata.json");
    let mut told: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    change(&mut told);
    std::fs::write(&file, told.to_string()).unwrap();
}

/// Moves all records to where older clients do not look.
fn to_third(told: &mut Value) {
    let records = told["packages.conda"].take();
    let records = records.as_object().unwrap().iter();
    let stem = |file: &str| file.strip_suffix(".conda").unwrap().to_owned();
    let conda: serde_json::Map<String, Value> =
        records.map(|(file, record)| (stem(file), record.clone())).collect();
    told["packages.conda"] = json!({});
    told["v3"] = json!({"conda": conda, "whl": {"odd-1.0-0": {"name": "odd", "url": "odd.whl"}}});
}

#[test]
fn conditions_and_extras_of_newer_records_count() {
    let patient = Patient::new();
    let depends = json!(["lib[when=\"python >=3\"]", "never[when=\"python <3\"]"]);
    let packages = json!([
        {"name": "app", "index": {"depends": depends, "extra_depends": {"plot": ["canvas >=1"]}}},
        {"name": "lib"},
        {"name": "canvas"},
    ]);
    let channel = crafted(&patient, "channel", &packages);
    change(&channel, "linux-64", to_third);
    let address = format!("file://{}", channel.display());
    patient.from(&address, &["app"]).ok().says("will add: app 1.0, lib 1.0");
    patient.from(&address, &["app[extras=[plot]]"]).ok().says("will add: canvas 1.0");
    patient.from(&address, &["odd"]).fails(1, "odd does not exist in ");
    assert_eq!(patient.findings(), [""; 0]);
}

#[test]
fn a_channel_that_asks_for_another_is_told_of_and_that_one_is_not_asked_by_itself() {
    let patient = Patient::new();
    let channel = crafted(&patient, "channel", &json!([{"name": "app", "depends": ["lib"]}]));
    let other = crafted(&patient, "lab", &json!([{"name": "lib"}]));
    for subdir in ["linux-64", "noarch"] {
        change(&channel, subdir, |told| {
            told["info"]["channel_relations"] = json!({"base": "../lab"});
        });
    }
    let address = |dir: &Path| format!("file://{}", dir.display());
    let (channel, other) = (address(&channel), address(&other));
    let words = format!("{channel} asks for {other} before it: `-c` names it");
    let told = patient.from(&channel, &["app"]).fails(1, "lib").says(&words);
    assert_eq!(told.err.matches("asks for").count(), 1, "{told}");
    let told = patient.from(&other, &["-c", &channel, "app"]).ok();
    assert!(!told.err.contains("asks for"), "{told}");
}
