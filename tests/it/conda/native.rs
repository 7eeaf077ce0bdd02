//! `install` and `uninstall` of conda packages by mlenv itself: no conda client is on the machine.

use serde_json::{Value, json};

use crate::kit::client::address;
use crate::kit::patient::Patient;
use crate::support::sandbox::Run;
use crate::support::tree;

impl Patient {
    /// `mlenv VERB -p env ...` with the test channel as the user's, and nothing that asks for a client.
    pub(crate) fn native(&self, verb: &str, words: &[&str]) -> Run {
        let settings = format!("channels:\n  - {}\n", address());
        let settings = self.sandbox.write("condarc", settings);
        let run = self.sandbox.mlenv([verb, "-p", "env"]).args(words);
        run.var("MLENV_SITE", self.sandbox.path("no-site")).var("CONDARC", settings)
    }

    /// `python3.11` for the base's Python.
    pub(crate) fn lib(&self) -> String {
        let lib = std::fs::read_dir(self.base.join("lib")).unwrap();
        let mut names = lib.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.find(|name| name.starts_with("python3.")).unwrap()
    }

    fn record(&self, stem: &str) -> Value {
        let text = std::fs::read_to_string(self.at(format!("conda-meta/{stem}.json"))).unwrap();
        serde_json::from_str(&text).unwrap()
    }
}

#[test]
fn packages_come_with_what_they_need_and_go_again() {
    let patient = Patient::new();
    let before = tree::shape(&patient.env);
    let told = patient.native("install", &["app"]).ok();
    told.says("mlenv itself does the work").says("will add: app 1.0, fresh 1.0");
    assert_eq!(
        patient.sandbox.run(patient.at("bin/fresh-tool")).ok().out,
        format!("fresh {}\n", patient.env.display())
    );
    assert_eq!(patient.python(&patient.env, "import freshpkg; print(freshpkg.__version__)"), "1.0");
    assert_eq!(patient.requests(), json!({"conda": {"app": "app"}}));
    assert_eq!(patient.findings(), [""; 0]);
    let record = patient.record("app-1.0-0");
    assert_eq!(record["requested_specs"], json!(["app"]));
    assert_eq!(record["files"], json!(["bin/app"]));
    assert_eq!(patient.record("fresh-1.0-0")["requested_specs"], Value::Null);
    let history = std::fs::read_to_string(patient.at("conda-meta/history")).unwrap();
    assert!(
        history.ends_with("/noarch::app-1.0-0\n+file://")
            || history.contains("::app-1.0-0\n+file://")
                && history.ends_with("::fresh-1.0-0\n# update specs: [\"app\"]\n"),
        "{history}"
    );
    patient.native("install", &["app>=1"]).ok().says("everything is already there");
    let told = patient.native("uninstall", &["fresh"]).ok();
    told.says("will remove: app 1.0, fresh 1.0");
    let mut after = tree::shape(&patient.env);
    let mut before = before;
    for changed in ["conda-meta/history", "mlenv.toml"] {
        before.remove(std::path::Path::new(changed));
        after.remove(std::path::Path::new(changed));
    }
    tree::assert_same(&before, &after, "the env");
    assert_eq!(patient.findings(), [""; 0]);
}

#[test]
fn a_package_of_the_base_is_replaced_only_once_its_pin_is_lifted_and_comes_back() {
    let patient = Patient::new();
    let before = tree::snapshot(&patient.base);
    let told = patient.native("install", &["needs-tools"]).fails(1, "that does not fit what ");
    told.says("tools 2.0 is locked")
        .hints(&format!("mlenv unpin -p {} tools`", patient.env.display()));
    patient.native("unpin", &["tools"]).ok();
    let told = patient.native("install", &["tools>=3,<4"]).ok();
    told.says("will shadow packages of the base: tools 3.0 (for 2.0)")
        .says("has a script for after its installation, which is not run");
    assert_eq!(patient.sandbox.run(patient.at("bin/shelltool")).ok().out, "shell 3.0\n");
    assert!(!patient.at("conda-meta/tools-2.0-0.json").exists());
    assert_eq!(patient.findings(), [""; 0]);
    patient.native("install", &["needs-tools"]).ok();
    patient
        .native("install", &["tools=4"])
        .ok()
        .says("will replace in the env: tools 4.0 (for 3.0)");
    let told = patient.native("uninstall", &["tools"]).ok();
    told.says("will remove: needs-tools 1.0, tools 4.0").says("of the base again: tools 2.0");
    assert_eq!(patient.sandbox.run(patient.at("bin/shelltool")).ok().out, "shell\n");
    assert_eq!((patient.findings(), patient.added()), (vec![], Vec::<String>::new()));
    tree::assert_same(&before, &tree::snapshot(&patient.base), "the base");
}

#[test]
fn what_no_channel_has_is_told_with_the_other_place_where_it_may_be() {
    let patient = Patient::new();
    let told =
        patient.native("install", &["nosuchpkg"]).fails(1, "nosuchpkg does not exist in file://");
    told.hints("--pip nosuchpkg`");
    let told = patient.native("install", &["-c", "file:///nowhere", "fresh"]);
    told.fails(1, "there is no conda channel at file:///nowhere");
    assert!(patient.added().is_empty());
}

#[test]
fn a_version_that_nobody_has_is_told_with_those_that_there_are() {
    let patient = Patient::new();
    let told =
        patient.native("install", &["tools>=9"]).fails(1, "tools: the base has 2.0; file://");
    assert!(told.err.contains(" has 4.0, 3.0"), "{told}");
    let told = patient.native("install", &["fresh=7"]).fails(1, "fresh: file://");
    assert!(told.err.contains(" has 1.0"), "{told}");
}

#[test]
fn dry_runs_tell_who_would_do_what() {
    let patient = Patient::new();
    let before = tree::snapshot(&patient.env);
    let told = patient.native("install", &["--dry-run", "--json", "app"]).ok().json();
    assert_eq!((&told["tool"], &told["add"][1]["name"]), (&json!("mlenv"), &json!("fresh")));
    assert!(
        told["add"][1]["size"].as_u64().unwrap() > 0 && told["fetch"]["packages"] == 2,
        "{told}"
    );
    tree::assert_same(&before, &tree::snapshot(&patient.env), "the env");
}

#[test]
fn a_client_does_it_where_it_is_asked_to() {
    let patient = Patient::new();
    let client = crate::kit::client::stand_in(&patient.sandbox.path("clients"));
    let run = patient.native("install", &["fresh", "--client"]).arg(&client);
    let run = run.var("TEST_CHANNELS", address());
    run.ok().says("/micromamba does the work");
    let run = patient.native("uninstall", &["fresh", "--client", "micromamba"]);
    run.var("MAMBA_EXE", &client).ok();
    let run = patient.native("install", &["fresh", "--client", "mamba"]);
    run.var("MAMBA_EXE", &client).fails(2, "there is no conda client mamba");
    assert!(patient.added().is_empty());
}

#[test]
fn an_explicit_list_is_installed_exactly_but_for_what_the_base_has() {
    let patient = Patient::new();
    let channel = address();
    let text =
        std::fs::read_to_string(crate::kit::client::channel().join("linux-64/repodata.json"));
    let told: Value = serde_json::from_str(&text.unwrap()).unwrap();
    let md5 = told["packages"]["fresh-1.0-0.tar.bz2"]["md5"].as_str().unwrap().to_owned();
    let list = format!(
        "# comment\n@EXPLICIT\n{channel}/linux-64/six-1.16.0-0.tar.bz2#{0}\n\
         {channel}/linux-64/fresh-1.0-0.tar.bz2#{md5}\n{channel}/linux-64/app-1.0-0.tar.bz2\n",
        "0".repeat(32)
    );
    patient.sandbox.write("list.txt", list.replace(&md5, &"1".repeat(32)));
    patient.native("install", &["-r", "list.txt"]).fails(1, "");
    patient.sandbox.write("list.txt", &list);
    patient.native("install", &["-r", "list.txt"]).ok().says("will add: app 1.0, fresh 1.0");
    patient.native("install", &["-r", "list.txt"]).ok().says("everything is already there");
    assert_eq!(patient.added(), ["app 1.0", "fresh 1.0"]);
    patient.sandbox.write("list.txt", "@EXPLICIT\nnumpy\n");
    patient
        .native("install", &["-r", "list.txt"])
        .fails(2, "is not the address of a conda package");
}

#[test]
fn scripts_of_packages_run_only_where_the_user_says_so() {
    let patient = Patient::new();
    let before = tree::snapshot(&patient.base);
    patient.native("unpin", &["tools"]).ok();
    let told = patient.native("install", &["tools=3"]).ok();
    assert!(!patient.at("etc/tools.installed").exists(), "{told}");
    let told = patient.native("install", &["tools=4", "--run-scripts"]).ok();
    assert!(!told.err.contains("is not run"), "{told}");
    assert_eq!(std::fs::read_to_string(patient.at("etc/tools.installed")).unwrap(), "more\n");
    tree::assert_same(&before, &tree::snapshot(&patient.base), "the base");
}
