//! `exclude-newer`: what was published later does not count.

use serde_json::{Value, json};

use crate::conda::channel::crafted;
use crate::kit::patient::Patient;
use crate::support::sandbox::Run;

/// The beginning of a year, in milliseconds.
fn year(year: i64) -> i64 {
    (year - 1970) * 31_557_600_000
}

fn package(version: &str, times: &Value) -> Value {
    json!({"name": "app", "version": version, "index": times})
}

/// A patient, and a channel with packages of several years.
fn with_times() -> (Patient, String) {
    let patient = Patient::new();
    let packages = json!([
        package("1.0", &json!({"timestamp": year(2020)})),
        // Old tools wrote seconds.
        package("1.5", &json!({"timestamp": year(2022) / 1000})),
        // Built long before it came to the channel: that is when others could look at it.
        package("2.0", &json!({"timestamp": year(2021), "indexed_timestamp": year(2025)})),
        package("3.0", &json!({"timestamp": year(2026)})),
    ]);
    let channel = format!("file://{}", crafted(&patient, "channel", &packages).display());
    (patient, channel)
}

impl Patient {
    fn until(&self, verb: &str, channel: &str, words: &[&str]) -> Run {
        let run = self.sandbox.mlenv([verb, "-p", "env", "-c", channel]).args(words);
        run.var("MLENV_SITE", self.sandbox.path("no-site"))
    }
}

#[test]
fn what_was_published_later_does_not_count() {
    let (patient, channel) = with_times();
    for (when, version) in
        [("2021-06-01", "1.0"), ("2024-06-01T00:00:00Z", "1.5"), ("2025-06-01", "2.0")]
    {
        let told =
            patient.until("install", &channel, &["app", "--dry-run", "--exclude-newer", when]);
        let told = told.ok();
        assert!(told.out.contains(&format!("app {version}")), "{when}: {told}");
        told.says("what was published after 202");
    }
    let told = patient.until("search", &channel, &["app", "--exclude-newer", "2023-01-01"]).ok();
    assert!(told.out.starts_with("app  1.5 ") && !told.out.contains("2.0"), "{told}");
    let told = patient.until("install", &channel, &["app=3", "--exclude-newer", "2023-01-01"]);
    told.fails(1, "app: file://").says("has 1.5, 1.0");
    patient
        .until("install", &channel, &["app", "--exclude-newer", "soon"])
        .fails(2, "\"soon\" is neither a date nor a time ago")
        .hints("write 2026-03-01");
    patient
        .until("install", &channel, &["app", "--exclude-newer", "1 week", "--client", "/bin/true"])
        .fails(2, "cannot leave out what was published later");
}

#[test]
fn a_setting_counts_for_every_verb_and_the_word_on_the_line_before_it() {
    let (patient, channel) = with_times();
    patient.sandbox.mlenv(["config", "set", "exclude-newer", "someday"]).fails(2, "\"someday\" is");
    patient.sandbox.mlenv(["config", "set", "exclude-newer", "2021-06-01"]).ok();
    let told = patient.sandbox.mlenv(["config", "get", "exclude-newer"]).ok();
    assert_eq!(told.out, "2021-06-01\n");
    patient.until("install", &channel, &["app"]).ok().says("will add: app 1.0");
    assert_eq!(patient.until("outdated", &channel, &[]).ok().out, "");
    let told = patient.until("outdated", &channel, &["--exclude-newer", "2025-06-01"]).ok();
    let words: Vec<&str> = told.out.split_whitespace().collect();
    assert_eq!(words, ["app", "1.0", "->", "2.0", "conda"]);
    patient
        .until("update", &channel, &["--exclude-newer", "2025-06-01"])
        .ok()
        .says("will replace in the env: app 2.0 (for 1.0)");
}
