//! What mlenv finds and what rattler's own library finds, asked about the same channel and the same packages: the same.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::kit::patient::Patient;
use crate::kit::tools;

const ORACLE: &str = include_str!("../kit/conda/oracle.py");

const REQUESTS: usize = 200;

fn oracle(python: &Path, words: &[&str], input: &str) -> String {
    let mut run = Command::new(python);
    run.arg("-c").arg(ORACLE).args(words).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = run.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

/// What mlenv would put into the env, by name and version; none where nothing fits.
fn told(patient: &Patient, channel: &str, request: &Value) -> Option<Vec<String>> {
    let specs = request.as_array().unwrap().iter().map(|spec| spec.as_str().unwrap());
    let run = patient.sandbox.mlenv(["install", "-p", "env", "--dry-run", "--json", "-c", channel]);
    let run = run.args(specs).var("MLENV_SITE", patient.sandbox.path("no-site"));
    let told = run.end();
    match told.status.code() {
        Some(0) => {}
        Some(1) => {
            assert!(told.err.contains("does not fit"), "{request}: {told}");
            return None;
        }
        _ => panic!("{request}: {told}"),
    }
    let told = told.json();
    for touched in ["shadow", "replace", "remove"] {
        assert_eq!(told[touched].as_array().map_or(0, Vec::len), 0, "{request}: {told}");
    }
    let text = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
    let come = told["add"].as_array().unwrap().iter();
    let mut come: Vec<String> =
        come.map(|item| text(item, "name") + " " + &text(item, "version")).collect();
    come.sort();
    Some(come)
}

#[test]
fn on_two_hundred_requests_mlenv_finds_what_rattler_finds_and_touches_nothing_pinned() {
    let Some(tools) = tools::from_pypi() else { return };
    let (patient, python) = (Patient::new(), tools.join("python"));
    let dir = patient.sandbox.path("channel");
    let (dir, env) = (dir.to_str().unwrap(), patient.env.to_str().unwrap());
    let asked = oracle(&python, &["make", dir, env, &REQUESTS.to_string()], "");
    let channel = format!("file://{dir}");
    let answers = oracle(&python, &["ask", &channel, env], &asked);
    let requests: Vec<Value> = serde_json::from_str(&asked).unwrap();
    let answers: Vec<Option<Vec<String>>> = serde_json::from_str(&answers).unwrap();
    assert_eq!((requests.len(), answers.len()), (REQUESTS, REQUESTS));
    for (request, answer) in requests.iter().zip(&answers) {
        assert_eq!(told(&patient, &channel, request), *answer, "{request}");
    }
    // Neither all nor none of them can be met: else nothing was tried.
    let met = answers.iter().filter(|answer| answer.is_some()).count();
    assert!((40..160).contains(&met), "{met} of {REQUESTS}");
}
