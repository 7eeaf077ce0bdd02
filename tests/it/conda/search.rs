//! `mlenv search`: what channels have, and what of it fits.

use serde_json::json;

use crate::conda::channel::{Server, crafted};
use crate::kit::client::address;
use crate::kit::patient::Patient;
use crate::support::sandbox::Run;

/// `mlenv search -c CHANNEL ...`, with no other channel.
fn search(patient: &Patient, channel: &str, words: &[&str]) -> Run {
    let run = patient.sandbox.mlenv(["search", "-c", channel]).args(words);
    run.var("MLENV_SITE", patient.sandbox.path("no-site"))
}

#[test]
fn versions_are_told_with_what_fits_and_what_is_in_the_way() {
    let patient = Patient::new();
    let package = |version: &str, build: &str, depends: &[&str]| json!({"name": "app", "version": version, "build": build, "depends": depends});
    let packages = json!([
        package("1.9", "a", &[]),
        package("1.10", "a", &["python <3"]),
        package("1.10", "b", &["python >=3"]),
        package("2.0", "a", &["deep"]),
        package("3.0", "a", &["__cuda >=99", "python"]),
        {"name": "deep", "depends": ["python <3"]},
    ]);
    let dir = crafted(&patient, "channel", &packages);
    let channel = format!("file://{}", dir.display());
    let told = search(&patient, &channel, &["app", "-p", "env"]).ok();
    let lines: Vec<String> = told
        .out
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    assert!(
        lines[0].starts_with("app 3.0 a ")
            && lines[0].contains("does not fit: needs __cuda >=99, this machine has "),
        "{told}"
    );
    assert!(
        lines[1].ends_with("channel/linux-64 does not fit: what it needs does not fit"),
        "{told}"
    );
    assert!(lines[2].starts_with("app 1.10 b ") && lines[2].ends_with(" fits"), "{told}");
    assert!(lines[3].starts_with("app 1.9 a ") && lines.len() == 4, "{told}");
    told.says("1 more build: --all lists them");
    let told = search(&patient, &channel, &["app<2", "--all", "--json", "--base"])
        .arg(&patient.base)
        .ok()
        .json();
    let fits: Vec<&str> = told["found"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| found["fits"].as_str().unwrap())
        .collect();
    assert_eq!(fits.len(), 3);
    assert!(told["found"].to_string().contains("needs python <3, the base has 3."), "{told}");
    search(&patient, &channel, &["app=7"])
        .fails(1, "there is no app=7; there are 3.0, 2.0, 1.10, 1.9");
    search(&patient, &channel, &["ap"])
        .fails(1, "ap does not exist in file://")
        .hints("there are: app; `mlenv search '*ap*'`");
    let told = search(&patient, &channel, &["*P*"]).ok();
    assert_eq!(told.out, "app   3.0  5 builds\ndeep  1.0  1 build\n");
}

#[test]
fn what_the_base_has_is_told_with_the_word_that_lets_another_version_in() {
    let patient = Patient::new();
    let told = search(&patient, &address(), &["tools", "-p", "env"]).ok();
    assert!(
        told.out.lines().any(|line| line.starts_with("tools  3.0 ") && line.ends_with("  fits")),
        "{told}"
    );
    told.says(
        "tools 2.0 of the base is pinned: `mlenv unpin tools` lets another version into an env",
    );
}

#[test]
fn a_search_keeps_what_was_fetched_and_does_with_it_offline() {
    let patient = Patient::new();
    let dir = crafted(&patient, "channel", &json!([{"name": "app"}]));
    let server = Server::of(&dir, &[]);
    search(&patient, &server.address, &["app", "--offline"]).fails(1, "nothing of ");
    search(&patient, &server.address, &["app"]).ok();
    server.asked();
    search(&patient, &server.address, &["app", "--offline"]).ok();
    assert_eq!(server.asked(), [""; 0]);
}
