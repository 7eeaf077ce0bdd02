//! Where pip puts packages, and what counts as installed: the env alone, whatever the user's settings and paths say.

use std::path::{Path, PathBuf};

use crate::kit::patient::Patient;
use crate::support::sandbox::Run;
use crate::support::testbase::base;

/// Settings by which pip installs elsewhere.
const AWAY: &str = "[global]\ntarget = /nowhere\n[install]\nuser = true\nprefix = /nowhere\n";

fn wheels(patient: &Patient, run: Run) -> Run {
    run.var("PIP_NO_INDEX", "1").var("PIP_FIND_LINKS", patient.sandbox.path("wheels"))
}

fn site(patient: &Patient) -> PathBuf {
    patient.at(base().site())
}

#[track_caller]
fn is_in_env(patient: &Patient, name: &str) {
    assert!(site(patient).join(name).is_dir(), "{name} is not in the env");
}

/// Variables that lead pip and uv elsewhere.
fn led_away(patient: &Patient, run: Run) -> Run {
    let away = patient.sandbox.path("away");
    let run = run.var("PIP_USER", "1").var("PIP_TARGET", &away).var("PIP_PREFIX", &away);
    let run = run.var("PIP_ROOT", &away).var("UV_TARGET", &away).var("UV_PREFIX", &away);
    wheels(patient, run.var("UV_SYSTEM_PYTHON", "1"))
}

#[test]
fn pip_lands_in_the_env_whatever_the_users_files_say() {
    for layout in ["standard", "sparse"] {
        let patient = Patient::with_layout(layout);
        patient.sandbox.write("home/.config/pip/pip.conf", AWAY);
        let pip = patient.sandbox.run(patient.at("bin/pip"));
        wheels(&patient, pip.args(["install", "-q", "fresh"])).ok();
        is_in_env(&patient, "fresh");
        // Envs of an older mlenv get it, and what the user wrote into it stays.
        std::fs::write(patient.at("pip.conf"), "[global]\ntimeout = 9\n[install]\nuser = yes\n")
            .unwrap();
        patient.finds_and_mends(&["pip-elsewhere"]);
        let text = std::fs::read_to_string(patient.at("pip.conf")).unwrap();
        assert!(
            text.contains("timeout = 9\n") && text.contains("\n[install]\nuser = false\n"),
            "{text}"
        );
        std::fs::remove_file(patient.at("pip.conf")).unwrap();
        patient.finds_and_mends(&["pip-elsewhere"]);
    }
}

#[test]
fn variables_that_lead_pip_elsewhere_have_no_effect_in_an_active_env_and_doctor_tells_of_them() {
    let patient = Patient::new();
    let install = ["run", "-p", "./env", "--", "pip", "install", "-q", "fresh"];
    led_away(&patient, patient.sandbox.mlenv(install)).ok();
    is_in_env(&patient, "fresh");
    let install = patient.sandbox.mlenv(["install", "-q", "-p", "./env", "--pip", "greet==2.0"]);
    led_away(&patient, install).ok();
    is_in_env(&patient, "greet");
    assert!(!patient.sandbox.path("away").exists());
    let told =
        led_away(&patient, patient.sandbox.mlenv(["doctor", "--json", "./env"])).end().json();
    assert_eq!(told["findings"][0]["kind"], "pip-elsewhere");
    assert_eq!(told["findings"].as_array().unwrap().len(), 1);
    // A file that is named by hand outdoes the env's: nothing is installed elsewhere behind the user's back.
    let config = patient.sandbox.write("config", AWAY);
    let install = patient.sandbox.mlenv(["install", "-q", "-p", "./env", "--pip", "fresh"]);
    let install = wheels(&patient, install).var("PIP_CONFIG_FILE", &config);
    install.fails(1, "PIP_CONFIG_FILE names ");
    let told = patient.sandbox.mlenv(["doctor", "./env"]).var("PIP_CONFIG_FILE", &config).end();
    assert!(told.out.contains("sets target and user and prefix"), "{told}");
    // An empty one stands for none.
    patient.sandbox.mlenv(["doctor", "./env"]).var("PIP_TARGET", "").ok();
}

#[test]
fn user_typed_by_hand_works_where_the_user_site_is_on() {
    let patient = Patient::new();
    patient.sandbox.mlenv(["user-site", "on", "./env"]).ok();
    let pip = patient.sandbox.run(patient.at("bin/pip"));
    wheels(&patient, pip.args(["install", "-q", "--user", "fresh"])).ok();
    let below = Path::new("home/.local").join(base().site()).join("fresh");
    assert!(patient.sandbox.path(below).is_dir());
}

#[test]
fn only_what_is_in_the_env_or_its_base_counts_as_installed() {
    let patient = Patient::new();
    for place in ["path", "here"] {
        let info = format!("{place}/fresh-1.0.dist-info");
        patient.sandbox.write(
            format!("{info}/METADATA"),
            "Metadata-Version: 2.1\nName: fresh\nVersion: 1.0\n",
        );
        patient.sandbox.write(format!("{info}/RECORD"), "");
        patient.sandbox.write(format!("{place}/pip.py"), "raise SystemExit('not this pip')\n");
        patient.sandbox.write(format!("{place}/fresh.py"), "");
    }
    let install = patient.sandbox.mlenv(["install", "-q", "-p", "../env", "--pip", "fresh"]);
    let run = wheels(&patient, install).cwd(patient.sandbox.path("here"));
    run.var("PYTHONPATH", patient.sandbox.path("path")).ok();
    is_in_env(&patient, "fresh");
    let remove = patient.sandbox.mlenv(["uninstall", "-q", "-p", "../env", "--pip", "fresh"]);
    let run = remove.cwd(patient.sandbox.path("here"));
    run.var("PYTHONPATH", patient.sandbox.path("path")).ok();
    assert!(!site(&patient).join("fresh").exists());
    assert!(patient.sandbox.path("path/fresh.py").exists());
}
