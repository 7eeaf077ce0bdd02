//! `clone` and `rename`: the same env at another path, whole or not there.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use crate::kit::patient::Patient;
use crate::support::tree;

/// It runs, and knows where it is.
#[track_caller]
fn works(patient: &Patient, env: &Path) {
    let told = patient.sandbox.run(env.join("bin/fresh")).ok();
    assert_eq!(told.out, format!("1.0 {}\n", env.display()));
    let told = patient.sandbox.run(env.join("bin/absolute")).ok();
    assert!(told.out.starts_with(&format!("{}\n", env.display())), "{told}");
    assert_eq!(patient.findings_at(env), [""; 0]);
}

#[test]
fn a_clone_works_by_itself_and_the_original_is_as_it_was() {
    let patient = Patient::new();
    patient.pip(&["install", "-q", "fresh"]);
    let (env, base) = (tree::snapshot(&patient.env), tree::snapshot(&patient.base));
    let sandbox = &patient.sandbox;
    sandbox.mlenv(["clone", "env", "-p", "with space/copy"]).ok().says("cloned ");
    sandbox.mlenv(["clone", "env", "-n", "named"]).ok();
    tree::assert_same(&env, &tree::snapshot(&patient.env), "the original");
    tree::assert_same(&base, &tree::snapshot(&patient.base), "the base");
    let copies =
        [sandbox.path("with space/copy"), sandbox.path("home/.local/share/mlenv/envs/named")];
    for copy in &copies {
        works(&patient, copy);
        assert_eq!(tree::links(copy), tree::links(&patient.env), "links are relative and stay");
    }
    assert_eq!(sandbox.mlenv(["list"]).ok().out.lines().count(), 4);
    sandbox.mlenv(["remove", "-q", "env"]).ok();
    works(&patient, &copies[0]);
    works(&patient, &copies[1]);
}

#[test]
fn compiled_python_stays_valid_in_a_clone() {
    let patient = Patient::new();
    patient.pip(&["install", "-q", "fresh"]);
    patient.sandbox.mlenv(["clone", "-q", "env", "-p", "copy"]).ok();
    let copy = patient.sandbox.path("copy");
    let before = tree::snapshot(&copy);
    patient.python(&copy, "import fresh");
    tree::assert_same(&before, &tree::snapshot(&copy), "the clone");
}

#[test]
fn an_env_on_a_base_whose_path_holds_a_colon_can_be_cloned_and_renamed() {
    let patient = Patient::new();
    let base = patient.sandbox.path("img:v1");
    std::fs::rename(&patient.base, &base).unwrap();
    let env = patient.sandbox.env("on-colon", &base);
    patient.sandbox.mlenv(["clone", "-q", "on-colon", "-p", "copy"]).ok();
    patient.sandbox.mlenv(["rename", "-q", "on-colon", "renamed"]).ok();
    assert!(!env.exists());
    for name in ["copy", "renamed"] {
        let code = "import sys, click; print(sys.prefix)";
        let env = patient.sandbox.path(name);
        assert_eq!(patient.python(&env, code), env.to_str().unwrap());
        assert_eq!(patient.findings_at(&env), [""; 0]);
    }
}

#[test]
fn a_renamed_env_works_at_its_new_place_and_is_listed_there() {
    let patient = Patient::new();
    patient.pip(&["install", "-q", "fresh"]);
    let sandbox = &patient.sandbox;
    sandbox.mlenv(["rename", "env", "other"]).ok().says("renamed ");
    works(&patient, &sandbox.path("other"));
    std::fs::create_dir(sandbox.path("deep")).unwrap();
    sandbox
        .mlenv(["rename", "other", "deep/er"])
        .var("VIRTUAL_ENV", sandbox.path("other"))
        .ok()
        .hints("mlenv activate");
    works(&patient, &sandbox.path("deep/er"));
    assert!(!patient.env.exists() && !sandbox.path("other").exists());
    let listed = sandbox.mlenv(["list"]).ok().out;
    assert!(listed.lines().count() == 2 && listed.contains("/deep/er\n"), "{listed}");
    sandbox.mlenv(["create", "-q", "-n", "by-name", "--base"]).arg(&patient.base).ok();
    sandbox.mlenv(["rename", "by-name", "renamed"]).ok();
    sandbox.mlenv(["doctor", "renamed"]).ok();
}

#[test]
fn nothing_is_overwritten_and_links_and_moved_envs_are_refused() {
    let patient = Patient::new();
    let sandbox = &patient.sandbox;
    sandbox.write("full/precious", "");
    symlink("env", sandbox.path("link")).unwrap();
    sandbox.env("other", &patient.base);
    let before = tree::snapshot(sandbox.root());
    for (words, message) in [
        (["clone", "env", "-p", "full"], "is not empty, and it is not an env"),
        (["clone", "env", "-p", "other"], "there is already an env"),
        (["clone", "env", "-p", "env/inside"], "inside the env itself"),
        (["clone", "env", "-p", "base/inside"], "inside its base"),
        (["clone", "env", "-p", "a:b"], "its path holds a `:`"),
        (["clone", "link", "-p", "new"], "is a link to an env"),
    ] {
        sandbox.mlenv(words).fails(2, message);
    }
    sandbox.mlenv(["rename", "env", "other"]).fails(2, "there is already an env");
    sandbox.mlenv(["rename", "env", "base/inside"]).fails(2, "inside its base");
    sandbox.mlenv(["rename", "env", "env/inside"]).fails(2, "inside the env itself");
    sandbox.mlenv(["rename", "link", "new"]).fails(2, "is a link to an env");
    tree::assert_same(&before, &tree::snapshot(sandbox.root()), "all that is there");
    std::fs::rename(&patient.env, sandbox.path("moved")).unwrap();
    let run = sandbox.mlenv(["clone", "moved", "-p", "new"]);
    run.fails(2, "was moved here from").hints("mlenv doctor --fix");
}

#[test]
fn a_clone_that_is_killed_is_whole_or_not_there_and_a_killed_rename_is_mended_by_doctor() {
    let patient = Patient::new();
    patient.pip(&["install", "-q", "fresh"]);
    let began = Instant::now();
    let sandbox = &patient.sandbox;
    sandbox.mlenv(["clone", "-q", "env", "-p", "copy"]).ok();
    let whole = began.elapsed();
    let copy = sandbox.path("copy");
    let mut current = "env".to_owned();
    for part in 0..16_u32 {
        let _ = std::fs::remove_dir_all(&copy);
        let mut child = sandbox
            .mlenv(["clone", "-q", "env", "-p", "copy"])
            .command()
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(whole * part / 16);
        child.kill().unwrap();
        child.wait().unwrap();
        if copy.exists() {
            works(&patient, &copy);
        }
    }
    let _ = std::fs::remove_dir_all(&copy);
    for part in 0..16_u32 {
        let new = format!("env{part}");
        let mut child = sandbox.mlenv(["rename", "-q", &current, &new]).command().spawn().unwrap();
        std::thread::sleep(whole * part / 40);
        child.kill().unwrap();
        child.wait().unwrap();
        if sandbox.path(&new).exists() {
            current = new;
        }
        let env = sandbox.path(&current);
        sandbox.mlenv(["doctor", "-q", "--fix"]).arg(&env).end();
        let told = sandbox.run(env.join("bin/fresh")).ok();
        assert_eq!(told.out, format!("1.0 {}\n", env.display()));
    }
}
