//! `install`, `uninstall`, `pin` and `unpin` with a conda client: what it may do to an env, and what it may not.

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::kit::client::{address, stand_in};
use crate::kit::patient::Patient;
use crate::support::machine;
use crate::support::testbase::slim;
use crate::support::tree;

#[test]
fn a_conda_client_installs_where_the_base_is_condas_and_one_is_there() {
    let patient = Patient::new();
    let told = patient.conda("install", &["app"]).ok();
    told.says("will add: app 1.0, fresh 1.0").says("installed into ");
    assert_eq!(
        patient.sandbox.run(patient.at("bin/fresh-tool")).ok().out,
        format!("fresh {}\n", patient.env.display())
    );
    assert_eq!(patient.requests(), json!({"conda": {"app": "app"}}));
    let told = patient.sandbox.mlenv(["packages", "--added", "--json", "env"]).ok().json();
    assert_eq!((&told[0]["name"], &told[0]["by"]), (&"app".into(), &"conda".into()));
    patient.conda("install", &["app>=1"]).ok().says("everything is already there");
    assert_eq!(patient.requests(), json!({"conda": {"app": "app>=1"}}));
    assert_eq!(patient.findings(), [""; 0]);
}

#[test]
fn channels_are_recorded_and_name_the_client_and_pip_can_be_asked_for() {
    let patient = Patient::new();
    let channel = address();
    patient.conda("install", &["-c", &channel, "fresh"]).var("TEST_CHANNELS", "").ok();
    assert_eq!(patient.requests(), json!({"conda": {"fresh": "fresh"}, "channels": [channel]}));
    let wheels = patient.sandbox.path("wheels");
    let run = patient.conda("install", &["--pip", "greet>1"]);
    run.var("PIP_NO_INDEX", "1").var("PIP_FIND_LINKS", wheels).ok();
    assert_eq!(patient.requests()["pip"], json!({"greet": "greet>1"}));
    let told = patient.conda("uninstall", &["greet", "fresh"]).ok();
    told.says("will remove: fresh 1.0").says("the base's greet 1.0 can be seen again");
    assert_eq!(patient.requests(), json!({"channels": [channel]}));
    assert_eq!(patient.findings(), [""; 0]);
}

#[test]
fn a_package_of_the_base_is_replaced_only_once_its_pin_is_lifted_and_comes_back() {
    let patient = Patient::new();
    let before = tree::shape(&patient.env);
    let pinned = || std::fs::read_to_string(patient.at("conda-meta/pinned")).unwrap();
    let told = patient.conda("install", &["tools>=3"]).end();
    assert_eq!(told.status.code(), Some(2), "{told}");
    told.says("pin on tools ==2.0 0").hints("`mlenv unpin -p ");
    for (solver, words) in [
        ("classic", "SpecsConfigurationConflictError: Requested specs conflict"),
        ("rattler", "the constraint tools ==2.0 0 cannot be fulfilled"),
    ] {
        let run = patient.conda("install", &["tools>=3"]).var("TEST_CONDA_SOLVER", solver);
        run.fails(2, words).hints(&format!("mlenv unpin -p {} tools`", patient.env.display()));
    }
    patient.conda("unpin", &["tools"]).ok().says("changed the pins on tools 2.0");
    assert!(!pinned().contains("tools") && pinned().contains("six ==1.16.0 0"));
    let told = patient.conda("install", &["tools>=3,<4"]).ok();
    told.says("will shadow packages of the base: tools 3.0 (for 2.0)");
    assert_eq!(patient.sandbox.run(patient.at("bin/shelltool")).ok().out, "shell 3.0\n");
    assert_eq!(patient.findings(), [""; 0]);
    patient.conda("install", &["needs-tools"]).ok();
    let told = patient.conda("uninstall", &["tools"]).ok();
    told.says("will remove: needs-tools 1.0, tools 3.0").says("of the base again: tools 2.0");
    assert_eq!(patient.sandbox.run(patient.at("bin/shelltool")).ok().out, "shell\n");
    assert!(pinned().contains("tools ==2.0 0"), "the base's is pinned as before");
    let mut after = tree::shape(&patient.env);
    let mut before = before;
    for changed in ["conda-meta/history", "conda-meta/pinned", "mlenv.toml", "etc/image.conf"] {
        before.remove(std::path::Path::new(changed));
        after.remove(std::path::Path::new(changed));
    }
    tree::assert_same(&before, &after, "the env");
}

#[test]
fn pins_are_lifted_and_put_back_and_only_for_packages_of_the_base() {
    let patient = Patient::new();
    let pinned = || std::fs::read_to_string(patient.at("conda-meta/pinned")).unwrap();
    let before = pinned();
    patient.conda("unpin", &["six", "tools"]).ok();
    patient.conda("unpin", &["six"]).ok().says("nothing to change");
    assert_eq!(patient.findings(), [""; 0], "doctor takes lifted pins as they are");
    patient.conda("pin", &["tools", "six"]).ok();
    let sorted =
        |text: &str| text.lines().map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(sorted(&pinned()), sorted(&before));
    patient.conda("unpin", &["nothing"]).fails(1, "the base has no conda package nothing");
    patient.conda("pin", &["greet"]).fails(1, "the base has no conda package greet");
    let sparse = Patient::with_layout("sparse");
    sparse.conda("unpin", &["six"]).fails(1, "has no pins");
}

/// What clients take out by themselves, as `conda list` does, is not installed anew by the next one.
#[test]
fn records_that_a_client_lost_are_put_back_before_anything_is_installed() {
    let patient = Patient::new();
    std::fs::remove_file(patient.at("conda-meta/tools-2.0-0.json")).unwrap();
    patient.micromamba(&["remove", "six"]).ok();
    let told = patient.conda("install", &["fresh"]).ok();
    told.says("of the base again: six 1.16.0, tools 2.0").says("will add: fresh 1.0");
    assert_eq!((patient.findings(), patient.added()), (vec![], vec!["fresh 1.0".to_owned()]));
}

/// conda itself passes over a pin where a package is asked for by name, so what it would do is looked at.
#[test]
fn a_client_that_passes_over_pins_is_not_let() {
    let patient = Patient::new();
    let pinned = patient.at("conda-meta/pinned");
    let before = tree::snapshot(&patient.env);
    let client = patient.sandbox.path("clients/passes-over");
    let real = stand_in(&patient.sandbox.path("clients"));
    let text = std::fs::read_to_string(real).unwrap();
    std::fs::write(&client, text.replace("self.pins = [line", "self.pins = [] and [line")).unwrap();
    std::fs::set_permissions(&client, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let told = patient.conda("install", &["needs-tools"]).var("MAMBA_EXE", &client);
    let told = told.fails(1, "tools of the base is pinned, and would be replaced in ");
    told.says("tools 4.0 (for 2.0)").hints("mlenv unpin -p ");
    tree::assert_same(&before, &tree::snapshot(&patient.env), "the env");
    assert!(pinned.is_file());
}

#[test]
fn a_frozen_env_is_left_alone() {
    let patient = Patient::new();
    std::fs::write(patient.at("conda-meta/frozen"), "{\"message\": \"for the course\"}").unwrap();
    patient.conda("install", &["fresh"]).fails(1, "is frozen: for the course");
    assert!(patient.added().is_empty());
}

#[test]
fn how_a_client_ended_is_told_and_what_it_left_is_put_right_or_told() {
    let patient = Patient::new();
    patient.conda("unpin", &["-q", "tools"]).ok();
    let told = patient.conda("install", &["tools>=3"]).var("TEST_CLIENT_DIES", "7").end();
    assert_eq!(told.status.code(), Some(2), "{told}");
    let told = told.says("micromamba ended with code 7").says("of the base again: tools 2.0");
    assert!(told.err.contains("hint: "), "{told}");
    assert_eq!(patient.requests(), Value::Null, "what failed is not recorded");
    assert_eq!(patient.findings(), [""; 0]);
    assert_eq!(patient.sandbox.run(patient.at("bin/shelltool")).ok().out, "shell\n");
}

#[test]
fn a_termination_is_handed_on_to_the_client_and_waited_for() {
    let patient = Patient::new();
    let sign = patient.sandbox.path("at work");
    let run = patient.conda("install", &["fresh"]).var("TEST_CLIENT_WAITS", &sign);
    let child = run.command().stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let began = Instant::now();
    while !sign.exists() {
        assert!(began.elapsed() < Duration::from_secs(30), "the client never began");
        std::thread::sleep(Duration::from_millis(10));
    }
    let id = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
    nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGTERM).unwrap();
    let output = child.wait_with_output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{words}");
    assert!(words.contains("was ended by signal 15"), "{words}");
    assert!(began.elapsed() < Duration::from_secs(40), "it slept to its end");
    assert_eq!((patient.requests(), patient.added().len()), (Value::Null, 0));
}

#[test]
fn what_only_pip_can_do_and_what_only_a_client_can_do_is_refused_together() {
    let patient = Patient::new();
    for words in [&["--conda", "./path"][..], &["-c", "x", "demo @ https://example.org/x.whl"]] {
        patient.conda("install", words).fails(2, "are for pip");
    }
    for words in
        [&["--conda", "-r", "x"][..], &["--conda", "--pip", "x"], &["-c", "x", "-e", "."], &[]]
    {
        assert_eq!(patient.conda("install", words).end().status.code(), Some(2), "{words:?}");
    }
    patient.conda("install", &["fresh", "--", "--pre", "--conda"]).end();
    patient
        .conda("install", &["--conda", "missing-package"])
        .end()
        .says("missing-package does not exist (perhaps a typo or a missing channel)");
    let plain = patient.sandbox.env("plain", &slim(machine::python()));
    let run = patient.sandbox.mlenv(["install", "--conda", "fresh", "-p"]).arg(plain);
    run.fails(2, "does not stand on a conda base");
}

#[test]
fn what_a_client_says_is_kept_and_the_hint_on_pins_comes_for_pins_alone() {
    let patient = Patient::new();
    let told = patient.conda("install", &["nosuchpkg"]).end().says("nosuchpkg does not exist");
    assert!(!told.err.contains("unsupported request") && !told.err.contains("unpin"), "{told}");
    let run = patient.conda("install", &["fresh"]).var("TEST_CHANNELS", "file:///nowhere");
    let told = run.end().says("Could not load file:///nowhere: No such file");
    assert!(!told.err.contains("does not say why") && !told.err.contains("unpin"), "{told}");
}

#[test]
fn what_does_the_work_is_said_and_what_only_conda_understands_is_not_handed_to_pip() {
    let patient = Patient::new();
    patient.conda("install", &["--dry-run", "fresh"]).ok().says("/micromamba does the work");
    patient.conda("install", &["--dry-run", "tools=2"]).ok().says("everything is already there");
    let wheels = patient.sandbox.path("wheels");
    let pip = |words: &[&str]| {
        let run = patient.sandbox.mlenv(["install", "-p", "env"]).args(words);
        run.var("PIP_NO_INDEX", "1").var("PIP_FIND_LINKS", &wheels)
    };
    pip(&["--dry-run", "fresh"]).ok().says("pip does the work, as no conda client was found");
    let told =
        pip(&["fresh=1"]).fails(2, "\"fresh=1\" is a conda spelling, and pip does the work here");
    let told =
        told.hints(&format!("`mlenv install -p {} --pip 'fresh==1.*'`", patient.env.display()));
    assert!(!told.err.contains("ERROR"), "{told}");
    pip(&["--pip", "conda-forge::fresh"]).fails(2, "is a conda spelling").hints("leave channel");
    pip(&["-q", "--pip", "fresh==1.*"]).ok();
    let patient = Patient::with_layout("sparse");
    patient
        .conda("install", &["fresh 1.0"])
        .fails(2, "is a conda spelling")
        .hints("--pip fresh==1.0`");
}

#[test]
fn what_a_client_added_goes_from_an_env_that_was_rebased_onto_a_plain_python() {
    let patient = Patient::new();
    patient.conda("install", &["fresh"]).ok();
    let plain = slim(machine::python());
    patient.sandbox.mlenv(["rebase", "env", "--base"]).arg(plain).ok();
    assert_eq!(patient.findings(), [""; 0]);
    assert!(patient.at("bin/fresh-tool").exists());
    patient.conda("install", &["--conda", "app"]).fails(2, "does not stand on a conda base");
    patient.conda("uninstall", &["fresh"]).ok().says("removed from ");
    assert!(!patient.at("bin/fresh-tool").exists());
    assert_eq!(patient.findings(), [""; 0]);
}
