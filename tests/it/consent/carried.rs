//! Consent: what mlenv does to an env at the user's word carries it along, where it held; markers follow their env.

use std::path::Path;

use crate::env::remove::on_terminal;
use crate::kit::patient::Patient;

/// True where the marker of the project takes effect.
fn trusts(patient: &Patient, dir: &str) -> bool {
    let told = patient.sandbox.mlenv(["status", "--json"]).cwd(patient.sandbox.path(dir)).ok();
    let status: serde_json::Value = serde_json::from_str(&told.out).unwrap();
    status["marker"]["trusted"] == true
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// A project beside the env, whose marker says more than mlenv writes.
fn project(patient: &Patient, name: &str, allowed: bool) {
    let marker = patient.sandbox.path(name).join(".mlenv.toml");
    write(&marker, "# mine\nenv = '../env' # the one\n");
    if allowed {
        patient.sandbox.mlenv(["allow"]).cwd(patient.sandbox.path(name)).ok();
    }
}

#[test]
fn rebase_create_and_doctor_carry_consent_along_but_only_where_it_held() {
    let patient = Patient::new();
    let sandbox = &patient.sandbox;
    project(&patient, "yes", true);
    project(&patient, "never", false);
    project(&patient, "edited", true);
    write(&sandbox.path("edited/.mlenv.toml"), "env = '../env'\n");
    project(&patient, "denied", true);
    sandbox.mlenv(["deny"]).cwd(sandbox.path("denied")).ok();
    let check = |what: &str| {
        assert!(trusts(&patient, ".") && trusts(&patient, "yes"), "{what}");
        for dir in ["never", "edited", "denied"] {
            assert!(!trusts(&patient, dir), "{what}: {dir}");
        }
    };
    check("before");
    let new = crate::support::testbase::base().twin(&sandbox.path("img:v2"));
    std::fs::write(new.join("conda-meta/more-1-0.json"), "{\"files\": []}").unwrap();
    sandbox.mlenv(["rebase", "env", "--base"]).arg(&new).ok();
    check("rebase");
    sandbox.mlenv(["create", "-p", "env", "--force", "--no-save", "--base"]).arg(&new).ok();
    check("create --force");
    std::fs::remove_file(patient.at("pyvenv.cfg")).unwrap();
    sandbox.mlenv(["doctor", "--fix", "env"]).ok();
    check("doctor --fix");
    // Another one at the place that the marker names, but by hand that is somebody else's.
    sandbox.mlenv(["clone", "env", "-p", "copy"]).ok();
    std::fs::rename(patient.at(""), sandbox.path("away")).unwrap();
    sandbox.mlenv(["clone", "copy", "-p", "env"]).ok();
    check("clone onto");
    std::fs::remove_dir_all(patient.at("")).unwrap();
    std::fs::rename(sandbox.path("away"), patient.at("")).unwrap();
    assert!(!trusts(&patient, "yes"));
    sandbox.mlenv(["doctor", "--fix", "env"]).end();
    assert!(!trusts(&patient, "yes"), "what did not hold before is not given");
}

#[test]
fn rename_changes_the_one_value_of_markers_and_keeps_the_rest() {
    let patient = Patient::new();
    let sandbox = &patient.sandbox;
    project(&patient, "yes", true);
    project(&patient, "never", false);
    sandbox.mlenv(["rename", "env", "it's new"]).ok();
    let text = |dir: &str| std::fs::read_to_string(sandbox.path(dir).join(".mlenv.toml")).unwrap();
    assert_eq!(text("."), "env = \"./it's new\"\n");
    let far = sandbox.path("it's new");
    assert_eq!(text("yes"), format!("# mine\nenv = \"{}\" # the one\n", far.display()));
    assert_eq!(text("never"), "# mine\nenv = '../env' # the one\n");
    assert!(trusts(&patient, ".") && trusts(&patient, "yes") && !trusts(&patient, "never"));
}

#[test]
fn remove_takes_markers_that_mlenv_wrote_and_tells_how_the_others_go() {
    let patient = Patient::new();
    let sandbox = &patient.sandbox;
    project(&patient, "yes", true);
    let tracked = sandbox.path("repo");
    write(&tracked.join("x"), "");
    sandbox.mlenv(["save", "../env"]).cwd(sandbox.path("repo")).ok();
    for words in [&["init", "-q"][..], &["add", ".mlenv.toml"]] {
        sandbox.run("git").args(words).cwd(sandbox.path("repo")).ok();
    }
    let told = sandbox.mlenv(["remove", "env"]).ok();
    let has = |dir: &str| sandbox.path(dir).join(".mlenv.toml").exists();
    assert!(!has(".") && has("yes") && has("repo"), "{told}");
    assert!(told.err.contains(".mlenv.toml, which named it"), "{told}");
    assert_eq!(told.err.matches("hint: take that away with `mlenv unsave ").count(), 2, "{told}");
    sandbox.mlenv(["unsave", "yes"]).ok();
    assert!(!has("yes"));
    sandbox.mlenv(["unsave"]).cwd(sandbox.path("yes")).fails(1, "there is no .mlenv.toml in ");
    let (code, words) = on_terminal(sandbox, "unsave repo", "n\n");
    assert!(code == Some(1) && words.contains("git has it") && has("repo"), "{words}");
    let (code, words) = on_terminal(sandbox, "unsave -y repo", "");
    assert!(code == Some(0) && !has("repo"), "{words}");
}

#[test]
fn a_tree_that_others_can_change_is_told_and_asked_about() {
    use std::os::unix::fs::PermissionsExt;
    let patient = Patient::new();
    let sandbox = &patient.sandbox;
    for dir in ["one/p", "two/p"] {
        std::fs::create_dir_all(sandbox.path(dir)).unwrap();
        let above = sandbox.path(dir).parent().unwrap().to_owned();
        std::fs::set_permissions(above, PermissionsExt::from_mode(0o777)).unwrap();
    }
    // Nobody can answer: the env is made, and not trusted.
    let base = patient.base.to_str().unwrap();
    let told =
        sandbox.mlenv(["create", "-p", "env", "--base", base]).cwd(sandbox.path("one/p")).ok();
    assert!(told.err.contains("one can be written by everybody"), "{told}");
    assert!(!trusts(&patient, "one/p"));
    sandbox
        .mlenv(["save", "./env"])
        .cwd(sandbox.path("one/p"))
        .fails(1, "can be written by everybody");
    sandbox.mlenv(["save", "--shared", "./env"]).cwd(sandbox.path("one/p")).ok();
    assert!(trusts(&patient, "one/p"));
    // It covers who, not where, and needs no second word.
    let bin = sandbox.path("one/p/env/bin");
    std::fs::set_permissions(bin, PermissionsExt::from_mode(0o777)).unwrap();
    assert!(trusts(&patient, "one/p"));
    sandbox
        .mlenv(["create", "-p", "env", "--force", "--base", base])
        .cwd(sandbox.path("one/p"))
        .ok();
    assert!(trusts(&patient, "one/p"));
    let line = "create -p two/p/env --base \"$BASE\"";
    let line = line.replace("$BASE", base);
    let (code, words) = on_terminal(sandbox, &line, "\n");
    assert!(code == Some(1) && words.contains("nothing was made"), "{words}");
    assert!(words.contains("two can be written by everybody"), "{words}");
    assert!(!sandbox.path("two/p/env").exists());
    let (code, words) = on_terminal(sandbox, &format!("{line} --shared"), "");
    assert!(code == Some(0) && !words.contains("[y/N]"), "{words}");
}
