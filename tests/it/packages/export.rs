//! `export` and `create --from`: an env made again, on the same base and on another one, and what is told when not all of
//! it can be had.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::kit::client::{address, stand_in};
use crate::kit::patient::Patient;
use crate::support::sandbox::Run;
use crate::support::testbase::base;

impl Patient {
    /// Any command with client, channel and wheels at hand.
    fn equipped(&self, words: &[&str]) -> Run {
        let run = self.sandbox.mlenv(words).var("PIP_NO_INDEX", "1");
        run.var("PIP_FIND_LINKS", self.sandbox.path("wheels"))
            .var("MAMBA_EXE", stand_in(&self.sandbox.path("clients")))
            .var("TEST_CHANNELS", address())
    }

    fn added_to(&self, env: &str) -> Value {
        self.sandbox.mlenv(["packages", "--added", "--json", env]).ok().json()
    }

    /// With something of conda's, of pip's, and of a directory.
    fn with_additions() -> Self {
        let patient = Self::new();
        patient.sandbox.write(
            "sources/setup.py",
            "from setuptools import setup\nsetup(name='demo', version='1', py_modules=['demo'])\n",
        );
        patient.sandbox.write("sources/demo.py", "word = 'in place'\n");
        patient.equipped(&["unpin", "-q", "-p", "env", "tools"]).ok();
        patient.equipped(&["install", "-q", "-p", "env", "app", "tools>=3,<4"]).ok();
        patient.equipped(&["install", "-q", "-p", "env", "--pip", "greet>1"]).ok();
        let run = patient.equipped(&[
            "install",
            "-q",
            "-p",
            "env",
            "-e",
            "sources",
            "--",
            "--no-build-isolation",
        ]);
        run.var("PYTHONPATH", crate::kit::tools::setuptools()).ok();
        patient
    }
}

#[test]
fn an_env_is_made_again_from_its_export_on_the_same_base() {
    let patient = Patient::with_additions();
    let told = patient.equipped(&["export", "env", "-o", "it's.toml"]).ok();
    assert_eq!(told.out, "");
    let text = std::fs::read_to_string(patient.sandbox.path("it's.toml")).unwrap();
    assert_eq!(patient.equipped(&["export", "env"]).ok().out, text);
    for line in [
        "app = \"1.0=0\"",
        "tools = \"3.0=0\"",
        "greet = \"2.0\"",
        "app = \"app\"",
        "greet = \"greet>1\"",
    ] {
        assert!(text.contains(line), "{line} is missing: {text}");
    }
    let run = patient.equipped(&["create", "-p", "again", "--no-save", "--from", "it's.toml"]);
    let told = run
        .var("PYTHONPATH", crate::kit::tools::setuptools())
        .var("PIP_NO_BUILD_ISOLATION", "0")
        .ok();
    assert!(!told.err.contains("differs") && !told.err.contains("missing: "), "{told}");
    assert_eq!(patient.added_to("again"), patient.added_to("env"));
    let again = patient.sandbox.path("again");
    assert_eq!(patient.python(&again, "import demo; print(demo.word)"), "in place");
    assert_eq!(patient.sandbox.run(again.join("bin/shelltool")).ok().out, "shell 3.0\n");
    assert_eq!(
        patient.equipped(&["export", "again"]).ok().out,
        text,
        "an export of it is the same"
    );
    assert_eq!(patient.findings_at(&again), [""; 0]);
}

#[test]
fn on_another_base_what_that_has_is_not_installed_and_what_differs_is_told() {
    let patient = Patient::new();
    patient.equipped(&["install", "-q", "-p", "env", "app"]).ok();
    patient.equipped(&["install", "-q", "-p", "env", "--pip", "greet>1"]).ok();
    patient.equipped(&["export", "-q", "env", "-o", "env.toml"]).ok();
    // The newer base has `fresh` in the version that the env had.
    let newer = base().twin(&patient.sandbox.path("newer"));
    let record = json!({"name": "fresh", "version": "1.0", "build": "9", "build_number": 9, "depends": [], "files": []});
    std::fs::write(newer.join("conda-meta/fresh-1.0-9.json"), record.to_string()).unwrap();
    let run =
        patient.equipped(&["create", "-p", "again", "--no-save", "--from", "env.toml", "--base"]);
    let told =
        run.arg(&newer).ok().says("the base differs from the one of the export: other packages");
    let told = told.says("the base has now: fresh 1.0");
    assert!(!told.err.contains("missing: "), "{told}");
    let names: Vec<_> = patient
        .added_to("again")
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["name"].clone())
        .collect();
    assert_eq!(names, ["app", "greet"]);
    let told = patient.sandbox.mlenv(["info", "--json", "again"]).ok().json();
    assert_eq!(
        told["record"]["requests"],
        json!({"conda": {"app": "app"}, "pip": {"greet": "greet>1"}})
    );
    // Without the base nothing is made, and what cures it is told.
    std::fs::rename(&patient.base, patient.sandbox.path("hidden")).unwrap();
    let run = patient.equipped(&["create", "-p", "third", "--no-save", "--from", "env.toml"]);
    run.fails(1, "the base of that env is not here").hints("--base");
    assert!(!patient.sandbox.path("third").exists());
}

/// The env is whole before anything is put on top: what fails then is told, and can be had later.
#[test]
fn a_failed_installation_leaves_a_finished_env_that_says_what_is_missing() {
    let patient = Patient::new();
    patient.equipped(&["install", "-q", "-p", "env", "app"]).ok();
    patient.equipped(&["install", "-q", "-p", "env", "--pip", "greet>1"]).ok();
    patient.equipped(&["export", "-q", "env", "-o", "env.toml"]).ok();
    let run = patient.equipped(&["create", "-p", "again", "--no-save", "--from", "env.toml"]);
    let told = run.var("TEST_CHANNELS", "file:///nowhere").end();
    assert_eq!(told.status.code(), Some(2), "{told}");
    let told = told.says("was made, but not all of its packages").says("missing: app 1.0");
    told.says("missing: fresh 1.0").says("missing: greet 2.0").hints("mlenv install -p ");
    let again = patient.sandbox.path("again");
    assert_eq!(patient.findings_at(&again), [""; 0]);
    assert_eq!(
        patient.python(&again, "import click, sys; print(sys.prefix)"),
        again.to_str().unwrap()
    );
    let told = patient.sandbox.mlenv(["info", "--json", "again"]).ok().json();
    assert_eq!(told["record"]["requests"]["conda"], json!({"app": "app"}));
    let run = patient.equipped(&[
        "create",
        "-q",
        "-p",
        "again",
        "--no-save",
        "--force",
        "--from",
        "env.toml",
    ]);
    run.ok();
    assert_eq!(patient.added_to("again"), patient.added_to("env"));
}

#[test]
fn what_is_no_export_is_refused_before_anything_is_made() {
    let patient = Patient::new();
    let sandbox = &patient.sandbox;
    sandbox.write("newer.toml", "schema = 9\n");
    sandbox.write("broken.toml", "schema = 1\nbase = 3\n");
    for (file, words) in [
        ("newer.toml", "newer mlenv"),
        ("broken.toml", "could not use "),
        ("missing.toml", "could not read "),
    ] {
        let run = patient.equipped(&["create", "-p", "no", "--from", file]);
        run.fails(2, words);
        assert!(!sandbox.path("no").exists());
    }
    std::fs::set_permissions(sandbox.root(), PermissionsExt::from_mode(0o555)).unwrap();
    let run = patient.equipped(&["export", "env", "-o", "x.toml"]).by_ordinary_user();
    run.fails(2, "could not write ");
    std::fs::set_permissions(sandbox.root(), PermissionsExt::from_mode(0o755)).unwrap();
}

#[test]
fn files_of_others_are_told_by_what_they_are_with_the_cure_and_no_parsers_words() {
    let patient = Patient::new();
    let sandbox = &patient.sandbox;
    for (file, text, words, cure) in [
        ("x.json", "{\"schema\": 1}", "it is JSON", "mlenv export"),
        ("x.zip", "PK\u{3}\u{4}", "it is an archive", "mlenv unpack"),
        ("x.toml", "env = './x'\n", "it is a marker", "mlenv export"),
    ] {
        sandbox.write(file, text);
        let told = patient.equipped(&["create", "-p", "no", "--from", file]).fails(2, words);
        assert!(!told.err.contains("TOML parse") && told.err.lines().count() == 2, "{told}");
        told.hints(cure);
    }
    sandbox.write("project/.mlenv.toml", "env = ./my env\n");
    let told = sandbox.mlenv(["allow"]).cwd(sandbox.path("project")).end();
    let told = told.says("line 1: the text after `env` has no quotes");
    told.hints("write `env = \"./my env\"`");
    sandbox.write("home/.config/mlenv/config.toml", "base = foo bar\n");
    let told = sandbox.mlenv(["create", "-p", "no"]).end();
    told.says("line 1: the text after `base` has no quotes").hints("write `base = \"foo bar\"`");
}
