//! `install` and `uninstall` with pip: shown before it is done, recorded, and the base's own back afterwards.

use std::path::Path;

use serde_json::{Value, json};

use crate::kit::patient::Patient;
use crate::support::sandbox::Run;
use crate::support::testbase::base;
use crate::support::tree;

impl Patient {
    /// `mlenv VERB -p env ...`, with the wheels of the test in place of the network, and no conda client.
    pub(crate) fn packages(&self, verb: &str, words: &[&str]) -> Run {
        let run = self.sandbox.mlenv([verb, "-p", "env"]).args(words);
        run.var("PIP_NO_INDEX", "1").var("PIP_FIND_LINKS", self.sandbox.path("wheels"))
    }

    /// What the record says was asked for.
    pub(crate) fn requests(&self) -> Value {
        let told = self.sandbox.mlenv(["info", "--json", "env"]).ok().json();
        told["record"].get("requests").cloned().unwrap_or(Value::Null)
    }

    /// Names and versions of what was added.
    pub(crate) fn added(&self) -> Vec<String> {
        let told = self.sandbox.mlenv(["packages", "--added", "--json", "env"]).ok().json();
        let row = |row: &Value| {
            format!("{} {}", row["name"].as_str().unwrap(), row["version"].as_str().unwrap())
        };
        told.as_array().unwrap().iter().map(row).collect()
    }
}

#[test]
fn a_package_is_shown_installed_and_recorded() {
    for layout in ["standard", "sparse"] {
        let patient = Patient::with_layout(layout);
        let told = patient.packages("install", &["fresh>=1"]).ok().says("will add: fresh 1.0");
        assert!(told.out.is_empty(), "stdout is for results: {told}");
        assert_eq!(patient.added(), ["fresh 1.0"]);
        assert_eq!(patient.requests(), json!({"pip": {"fresh": "fresh>=1"}}));
        let told = patient.sandbox.run(patient.at("bin/fresh")).ok();
        assert_eq!(told.out, format!("1.0 {}\n", patient.env.display()));
        patient.packages("install", &["fresh"]).ok().says("everything is already there");
        assert_eq!(patient.requests(), json!({"pip": {"fresh": "fresh"}}));
        assert_eq!(patient.findings(), [""; 0]);
    }
}

#[test]
fn an_upgrade_tells_what_it_shadows_and_an_uninstall_brings_the_bases_program_back() {
    let patient = Patient::new();
    let before = tree::shape(&patient.at("bin"));
    let told = patient.packages("install", &["greet>1"]).ok();
    told.says("will shadow packages of the base: greet 2.0 (for 1.0)");
    let told = patient.sandbox.run(patient.at("bin/greet")).ok();
    assert_eq!(told.out, format!("2.0 {}\n", patient.env.display()));
    let told = patient.packages("uninstall", &["greet"]).ok();
    told.says("will remove: greet 2.0").says("the base's greet 1.0 can be seen again");
    let told = patient.sandbox.run(patient.at("bin/greet")).ok();
    assert_eq!(told.out, format!("1.0 {}\n", patient.env.display()));
    tree::assert_same(&before, &tree::shape(&patient.at("bin")), "bin");
    assert_eq!((patient.requests(), patient.added().len()), (Value::Null, 0));
}

#[test]
fn a_dry_run_tells_as_text_and_as_json_and_changes_nothing() {
    let patient = Patient::new();
    let before = tree::snapshot(&patient.env);
    let told = patient.packages("install", &["--dry-run", "fresh", "greet>1"]).ok();
    assert_eq!(
        told.out,
        "will add: fresh 1.0\nwill shadow packages of the base: greet 2.0 (for 1.0)\n"
    );
    let told =
        patient.packages("install", &["--dry-run", "--json", "fresh", "greet>1"]).ok().json();
    let swap = json!([{"name": "greet", "version": "2.0", "instead_of": "1.0"}]);
    let expected = json!({"tool": "pip", "add": [{"name": "fresh", "version": "1.0"}], "replace": [], "shadow": swap, "remove": [], "remove-of-base": []});
    assert_eq!(told, expected);
    tree::assert_same(&before, &tree::snapshot(&patient.env), "the env");
    patient.packages("install", &["-q", "fresh"]).ok();
    patient.packages("install", &["--dry-run", "fresh"]).ok().says("everything is already there");
    let told = patient.packages("uninstall", &["--dry-run", "fresh"]).ok();
    assert_eq!((told.out.as_str(), patient.added().len()), ("will remove: fresh 1.0\n", 1));
}

#[test]
fn requirements_and_editable_directories_are_recorded_so_that_they_can_be_had_again() {
    let patient = Patient::new();
    let demo = "my demo/$x";
    patient.sandbox.write(
        format!("{demo}/setup.py"),
        "from setuptools import setup\nsetup(name='Demo_pkg', version='1', py_modules=['demo'])\n",
    );
    patient.sandbox.write(format!("{demo}/demo.py"), "word = 'edited in place'\n");
    patient.sandbox.write("needs.txt", "# what is needed\nfresh==1.0  # not newer\n\ngreet>1\n");
    patient.packages("install", &["-r", "needs.txt"]).ok();
    let expected = json!({"pip": {"fresh": "fresh==1.0", "greet": "greet>1"}});
    assert_eq!(patient.requests(), expected);
    let path = patient.sandbox.path(demo);
    let run = patient.packages("install", &["-e", demo, "--", "--no-build-isolation"]);
    // The base has no setuptools: the machine's are lent.
    let setuptools = crate::kit::tools::setuptools();
    run.var("PYTHONPATH", setuptools).ok();
    assert_eq!(patient.python(&patient.env, "import demo; print(demo.word)"), "edited in place");
    assert_eq!(patient.requests()["pip"]["demo-pkg"], format!("-e {}", path.display()));
    patient.packages("uninstall", &["demo.pkg"]).ok();
    assert_eq!(patient.requests(), expected);
}

#[test]
fn a_failure_of_pip_is_a_sentence_and_leaves_env_and_record_as_they_were() {
    let patient = Patient::new();
    let before = tree::snapshot(&patient.env);
    let told = patient.packages("install", &["nothing-like-it"]).end();
    assert_eq!(told.status.code(), Some(2), "{told}");
    let told = told
        .says("mlenv: pip ended with code 1 while working out what is needed; nothing was changed");
    assert!(told.err.contains("nothing-like-it"), "pip's own words: {told}");
    patient.packages("install", &["-r", "missing.txt"]).fails(2, "could not read ");
    patient.packages("install", &["--", "--no-deps"]).end();
    patient.packages("install", &["fresh", "--conda"]).fails(2, "no conda client was found");
    patient
        .packages("install", &["fresh", "-c", "x"])
        .fails(2, "no conda client was found")
        .hints("MAMBA_EXE");
    tree::assert_same(&before, &tree::snapshot(&patient.env), "the env");
    let sparse = Patient::with_layout("sparse");
    sparse
        .packages("install", &["fresh", "--conda"])
        .fails(2, "is sparse")
        .hints("--layout standard --fix");
}

#[test]
fn what_belongs_to_the_base_stays_and_what_is_nowhere_is_told() {
    let patient = Patient::new();
    patient.packages("uninstall", &["six"]).fails(1, "six 1.16.0 belongs to the base and stays");
    patient
        .packages("uninstall", &["nothing"])
        .fails(1, "nothing is not installed in ")
        .hints("--added");
    patient.packages("install", &["-q", "six"]).ok();
    assert_eq!(patient.requests(), json!({"pip": {"six": "six"}}));
    patient.packages("uninstall", &["six"]).ok().says("no longer asked for");
    assert_eq!(patient.requests(), Value::Null);
    assert_eq!(patient.python(&patient.env, "import six; print(six.__version__)"), "1.16.0");
}

#[test]
fn an_env_is_named_by_its_place_or_its_name_as_conda_users_do() {
    let patient = Patient::new();
    let sandbox = &patient.sandbox;
    sandbox.mlenv(["create", "-q", "--no-save", "-n", "tune", "--base", "/usr"]).ok();
    for named in [["-n", "tune"], ["--name", "tune"], ["-p", "tune"]] {
        let run = sandbox.mlenv(["uninstall"]).args(named).arg("nothing");
        run.fails(1, "nothing is not installed in ").says("envs/tune");
    }
    sandbox.mlenv(["install", "-n", "nowhere", "x"]).fails(1, "nowhere does not exist");
    sandbox.mlenv(["install", "-n", "tune", "-p", "tune", "x"]).end().says("cannot be used with");
}

#[test]
fn an_env_that_cannot_be_used_or_is_being_changed_is_left_alone() {
    let patient = Patient::new();
    let lock = std::fs::File::open(&patient.env).unwrap();
    lock.lock().unwrap();
    patient.packages("install", &["fresh"]).fails(2, "another mlenv is at work");
    drop(lock);
    std::fs::rename(&patient.base, patient.sandbox.path("hidden")).unwrap();
    patient.packages("install", &["fresh"]).fails(2, "the base of ").hints("rebase");
    std::fs::rename(patient.sandbox.path("hidden"), &patient.base).unwrap();
    std::fs::rename(&patient.env, patient.sandbox.path("moved")).unwrap();
    let run = patient.sandbox.mlenv(["install", "-p", "moved", "fresh"]);
    run.fails(2, "was moved here").hints("doctor --fix");
}

/// `script` gives it a terminal to ask on.
#[test]
fn on_a_terminal_it_asks_unless_told_not_to() {
    let patient = Patient::new();
    let ask = |options: &str, answer: &str| {
        let answer = patient.sandbox.write("answer", answer);
        let line = format!("\"$MLENV\" install {options} -p env --pip fresh");
        let run = patient.sandbox.run("script").args([
            "-q",
            "-e",
            "-E",
            "never",
            "-c",
            &line,
            "/dev/null",
        ]);
        let run = run.var("MLENV", env!("CARGO_BIN_EXE_mlenv")).var("PIP_NO_INDEX", "1");
        let run = run.var("PIP_FIND_LINKS", patient.sandbox.path("wheels"));
        let output = run.command().stdin(std::fs::File::open(answer).unwrap()).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (code, words) = ask("", "n\n");
    assert!(words.contains("will add: fresh 1.0") && words.contains("go on? [Y/n]"), "{words}");
    assert!(code == Some(1) && words.contains("nothing was changed"), "{code:?} {words}");
    assert!(patient.added().is_empty());
    let (code, words) = ask("", "y\n");
    assert_eq!((code, patient.added()), (Some(0), vec!["fresh 1.0".to_owned()]), "{words}");
    patient.packages("uninstall", &["-q", "fresh"]).ok();
    let (code, words) = ask("--yes", "");
    assert!(code == Some(0) && !words.contains("go on?"), "{words}");
    assert_eq!(patient.added().len(), 1);
}

#[test]
fn an_env_without_pip_says_how_to_get_it() {
    let patient = Patient::new();
    let site = patient.base.join(base().site());
    for entry in std::fs::read_dir(&site).unwrap().flatten() {
        if entry.file_name().to_string_lossy().starts_with("pip") {
            std::fs::remove_dir_all(entry.path()).unwrap();
        }
    }
    for entry in std::fs::read_dir(patient.base.join("conda-meta")).unwrap().flatten() {
        if entry.file_name().to_string_lossy().starts_with("pip-") {
            std::fs::remove_file(entry.path()).unwrap();
        }
    }
    patient.packages("install", &["fresh"]).fails(2, " has no pip").hints("ensurepip");
}

#[test]
fn odd_names_of_envs_and_of_wheels_reach_pip_whole() {
    for name in ["it's $HOME", "wow! 100% übung"] {
        let patient = Patient::new();
        let env = patient.sandbox.env(name, &base().prefix);
        let wheel = crate::support::wheel::build(&patient.sandbox.path("it's $x"), "fresh", "1.0");
        patient.sandbox.mlenv(["install", "-q", "-p", name]).arg(&wheel).ok();
        let told = patient.sandbox.run(env.join("bin/fresh")).ok();
        assert_eq!(told.out, format!("1.0 {}\n", env.display()));
        let told = patient.sandbox.mlenv(["info", "--json", name]).ok().json();
        assert_eq!(told["record"]["requests"]["pip"]["fresh"], wheel.to_str().unwrap());
    }
}

/// pip counts the base's packages as installed, uv does not: uv puts in place what pip found to be needed.
#[test]
fn uv_puts_in_place_what_pip_found_to_be_needed_and_nothing_of_the_base_again() {
    let patient = Patient::new();
    let Some(tools) = crate::kit::tools::from_pypi() else { return };
    let path = format!("{}:{}", tools.display(), crate::support::sandbox::PATH);
    let run = patient.sandbox.mlenv(["install", "-p", "env", "iniconfig==2.0.0", "click"]);
    let told = run.with_network().without("PIP_FIND_LINKS").var("PATH", path).ok();
    assert!(told.err.contains("will add: iniconfig 2.0.0\n"), "{told}");
    let installer = patient.at(base().site()).join("iniconfig-2.0.0.dist-info/INSTALLER");
    assert_eq!(std::fs::read_to_string(installer).unwrap().trim(), "uv", "{told}");
    assert_eq!(patient.added(), ["iniconfig 2.0.0"], "click is the base's");
    patient.packages("uninstall", &["-q", "iniconfig"]).ok();
    assert!(patient.added().is_empty());
    assert!(Path::new(&patient.at("bin/python")).exists());
}
