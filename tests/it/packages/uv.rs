//! What uv would put there and what pip would: the same, where uv is asked at all.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::kit::patient::Patient;
use crate::kit::tools;
use crate::support::sandbox::{Outcome, PATH};

/// An env, and a real uv in a directory of its own that writes down how it was called.
struct Pair {
    patient: Patient,
    uv: PathBuf,
}

impl Pair {
    /// None, with the reason said, where there is no network.
    fn new() -> Option<Self> {
        let tools = tools::from_pypi()?;
        let patient = Patient::new();
        let uv = patient.sandbox.path("tools");
        std::fs::create_dir_all(&uv).unwrap();
        let (log, real) = (uv.join("log"), tools.join("uv"));
        let text = format!(
            "#!/bin/sh\necho \"$*\" >>'{}'\nexec '{}' \"$@\"\n",
            log.display(),
            real.display()
        );
        // Written by another process: one that is started here meanwhile would hold it open, and nothing could run it.
        let mut shell = Command::new("sh");
        shell
            .args(["-c", "printf %s \"$1\" >\"$2\" && chmod 755 \"$2\"", "sh", &text])
            .arg(uv.join("uv"));
        assert!(shell.status().unwrap().success());
        Some(Self { patient, uv })
    }

    /// What a dry run tells, with uv on `PATH` or without.
    fn told(&self, words: &[&str], with_uv: bool, var: Option<(&str, &str)>) -> Outcome {
        let sandbox = &self.patient.sandbox;
        let mut run = sandbox.mlenv(["install", "-p", "env", "--pip", "--dry-run", "--json"]);
        run = run.args(words).with_network().without("PIP_FIND_LINKS");
        if with_uv {
            run = run.var("PATH", format!("{}:{PATH}", self.uv.display()));
        }
        match var {
            Some((name, value)) => run.var(name, value).ok(),
            None => run.ok(),
        }
    }

    /// How often uv was asked what is needed.
    fn asked(&self) -> usize {
        let log = std::fs::read_to_string(self.uv.join("log")).unwrap_or_default();
        log.lines().filter(|line| line.starts_with("pip compile ")).count()
    }
}

/// Names and versions by what becomes of them.
fn delta(told: &Outcome) -> Vec<(String, String)> {
    let told = told.json();
    let mut found = Vec::new();
    for sort in ["add", "shadow", "replace", "remove"] {
        for item in told[sort].as_array().into_iter().flatten() {
            let text = |name: &str| item[name].as_str().unwrap_or_default().to_lowercase();
            let item = match item {
                Value::String(text) => text.to_lowercase(),
                _ => format!("{} {}", text("name"), text("version")),
            };
            found.push((sort.to_owned(), item.replace('_', "-")));
        }
    }
    found.sort();
    found
}

#[test]
fn uv_and_pip_find_the_same_whatever_is_asked_for() {
    let Some(pair) = Pair::new() else { return };
    let file = pair.patient.sandbox.path("requirements.txt");
    let text = "# of all sorts\nClick>=8\nsix\nmarkdown-it-py<3 # an older one\nwin32-setctime; sys_platform == 'win32'\n";
    std::fs::write(&file, text).unwrap();
    let requests: [&[&str]; 6] = [
        &["iniconfig==2.0.0"],
        &["click<8.1", "iniconfig"],
        &["rich<14"],
        &["jinja2>3; python_version > '3'"],
        &["wheel", "uritools<5"],
        &["-r", "requirements.txt"],
    ];
    for words in requests {
        let before = pair.asked();
        let by_uv = pair.told(words, true, None);
        assert_eq!(pair.asked(), before + 1, "{words:?}: uv was to be asked: {by_uv}");
        let by_pip = pair.told(words, false, None);
        assert_eq!(delta(&by_uv), delta(&by_pip), "{words:?}");
        assert!(!delta(&by_uv).is_empty(), "{words:?}: {by_uv}");
    }
    let none = pair.told(&["click>=8", "six"], true, None);
    assert_eq!(delta(&none), [], "the base has all of that");
}

#[test]
fn what_the_user_set_for_pip_leaves_it_to_pip() {
    let Some(pair) = Pair::new() else { return };
    for (name, value) in
        [("PIP_NO_BINARY", "six"), ("PIP_PRE", "1"), ("PIP_CONSTRAINT", "/dev/null")]
    {
        pair.told(&["iniconfig==2.0.0"], true, Some((name, value)));
    }
    let wheels = pair.patient.sandbox.path("wheels/greet-2.0-py3-none-any.whl");
    pair.told(&[wheels.to_str().unwrap()], true, None);
    assert_eq!(pair.asked(), 0);
    // What uv alone was told does not count: pip, which decides elsewhere, knows nothing of it.
    let told = pair.told(&["iniconfig<3"], true, Some(("UV_INDEX_URL", "http://127.0.0.1:9/none")));
    assert_eq!((pair.asked(), delta(&told).len()), (1, 1), "{told}");
}

#[test]
fn what_was_published_later_does_not_count_for_uv_and_an_old_pip_is_not_asked() {
    let Some(pair) = Pair::new() else { return };
    let until = ["iniconfig", "--exclude-newer", "2022-01-01"];
    let told = pair.told(&until, true, None);
    assert_eq!(
        (pair.asked(), delta(&told)),
        (1, vec![("add".to_owned(), "iniconfig 1.1.1".into())])
    );
    let env = &pair.patient.env;
    let pip = pair.patient.python(env, "import pip; print(pip.__version__)");
    let run = pair.patient.sandbox.mlenv(["install", "-p", "env", "--pip", "--dry-run", "--json"]);
    let run = run.args(until).with_network().without("PIP_FIND_LINKS");
    if pip.split('.').next().unwrap().parse::<u32>().unwrap() < 26 {
        run.fails(2, &format!("pip {pip} cannot leave out what was published later"))
            .hints("install uv");
    } else {
        assert_eq!(delta(&run.ok()), delta(&told));
    }
}
