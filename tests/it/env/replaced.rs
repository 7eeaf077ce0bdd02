//! An env that is not there as such: replaced by another tool, or not to be read.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::kit::forge::hollow_base;
use crate::support::machine;
use crate::support::sandbox::Sandbox;

/// What a tool leaves in place of an env: all that was there is gone.
fn replace(sandbox: &Sandbox, config: &str) {
    let env = sandbox.path("env");
    std::fs::remove_dir_all(&env).unwrap();
    sandbox.write("env/pyvenv.cfg", config);
    sandbox.write("env/bin/python3", "");
}

#[test]
fn an_env_that_another_tool_replaced_is_said_as_that() {
    for (config, who) in [
        ("home = /x\nuv = 0.9.1\n", "uv made a venv"),
        ("home = /x\nvirtualenv = 20.1\n", "virtualenv made a venv"),
        ("home = /x\ncommand = /x -m venv --clear env\n", "`python -m venv` made a venv"),
    ] {
        let sandbox = Sandbox::new();
        let base = hollow_base(&sandbox.path("base"));
        sandbox.mlenv(["create", "-q", "-p", "env", "--base"]).arg(&base).ok();
        replace(&sandbox, config);
        sandbox.mlenv(["doctor", "./env"]).fails(1, who).hints("mlenv create -p");
        sandbox.mlenv(["info", "./env"]).fails(1, who);
        sandbox.mlenv(["run", "-p", "./env", "--", "true"]).fails(1, who);
        let told = sandbox.mlenv(["activate", "--shell", "bash", "./env"]).end();
        assert!(told.err.contains(who) && !told.status.success(), "{told}");
        let told = sandbox.mlenv(["status", "--json"]).ok().json();
        assert!(told["marker"]["why"].as_str().unwrap().contains(who), "{told}");
    }
}

#[test]
fn a_venv_that_never_was_an_env_is_activated_as_ever() {
    let sandbox = Sandbox::new();
    sandbox.write("venv/pyvenv.cfg", "home = /x\nuv = 1\n");
    sandbox.write("venv/bin/python3", "");
    sandbox.mlenv(["run", "-p", "./venv", "--", "true"]).ok();
}

#[test]
fn an_env_that_may_not_be_read_is_no_missing_one() {
    let sandbox = Sandbox::new();
    let base = hollow_base(&sandbox.path("base"));
    let env = sandbox.env("env", &base);
    std::fs::set_permissions(&env, PermissionsExt::from_mode(0o000)).unwrap();
    let ask = |words: &[&str]| sandbox.mlenv(words).by_ordinary_user().end();
    if machine::is_root()
        && std::process::Command::new("setpriv").arg("--version").output().is_err()
    {
        return machine::lacks("setpriv");
    }
    for words in [
        &["doctor", "./env"][..],
        &["info", "./env"],
        &["packages", "./env"],
        &["run", "-p", "./env", "--", "true"],
        &["install", "-p", "./env", "x"],
        &["rename", "./env", "new"],
        &["remove", "-y", "./env"],
        &["clone", "./env", "-p", "other"],
        &["rebase", "./env", "--base", "/usr"],
        &["pack", "./env", "-o", "x"],
        &["vars", "list", "./env"],
        &["activate", "--shell", "bash", "./env"],
    ] {
        let told = ask(words);
        assert!(!told.status.success(), "{told}");
        let words = told.err.to_lowercase();
        assert!(words.contains("permission denied") && !words.contains("no env"), "{told}");
    }
    ask(&["list"]);
    std::fs::set_permissions(&env, PermissionsExt::from_mode(0o755)).unwrap();
    let told = sandbox.mlenv(["list"]).ok();
    assert!(told.out.contains(Path::new("env").to_str().unwrap()), "forgotten meanwhile: {told}");
}
