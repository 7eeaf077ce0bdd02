//! `rebase`: an env gets another base and keeps what was put into it, or stays as it was.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Instant;

use serde_json::json;

use crate::kit::forge::hollow_base_with;
use crate::kit::patient::Patient;
use crate::support::testbase::base;
use crate::support::tree;

/// A second base: six is newer, greet is gone, there is a package and a program more.
fn second(patient: &Patient, name: &str) -> PathBuf {
    let prefix = base().twin(&patient.sandbox.path(name));
    let site = prefix.join(base().site());
    std::fs::rename(
        prefix.join("conda-meta/six-1.16.0-0.json"),
        prefix.join("conda-meta/six-1.17.0-0.json"),
    )
    .unwrap();
    std::fs::remove_file(prefix.join("bin/greet")).unwrap();
    for dir in ["greet", "greet-1.0.dist-info"] {
        std::fs::remove_dir_all(site.join(dir)).unwrap();
    }
    std::fs::write(prefix.join("conda-meta/fresh-9.0-0.json"), "{\"files\": [\"bin/newtool\"]}")
        .unwrap();
    std::fs::write(prefix.join("bin/newtool"), "#!/bin/sh\necho new\n").unwrap();
    std::fs::set_permissions(prefix.join("bin/newtool"), PermissionsExt::from_mode(0o755)).unwrap();
    prefix
}

#[test]
fn links_move_to_the_new_base_and_what_the_user_added_stays() {
    let patient = Patient::new();
    let new = second(&patient, "img:v2");
    patient.pip(&["install", "-q", "fresh"]);
    std::fs::create_dir_all(patient.at("data/empty")).unwrap();
    std::fs::write(patient.at("data/mine"), "mine").unwrap();
    symlink("/nowhere", patient.at("data/link")).unwrap();
    std::fs::remove_file(patient.at("etc/tools.conf")).unwrap();
    std::fs::write(patient.at("etc/tools.conf"), "mine").unwrap();
    let bases = [&patient.base, &new].map(|base| tree::snapshot(base));
    let told = patient.sandbox.mlenv(["rebase", "env", "--base"]).arg(&new).ok().says("moved ");
    let told = told
        .says("the new base has these too: fresh 1.0 (the base has 9.0)")
        .hints("mlenv uninstall -p ");
    assert!(!told.err.contains("warning"), "{told}");
    for (before, base) in bases.iter().zip([&patient.base, &new]) {
        tree::assert_same(before, &tree::snapshot(base), "a base");
    }
    assert_eq!(patient.findings(), [""; 0]);
    let code = "import os, sys, click; print(os.path.realpath(sys.base_prefix))";
    assert_eq!(patient.python(&patient.env, code), new.to_str().unwrap());
    let told = patient.sandbox.run(patient.at("bin/fresh")).ok();
    assert_eq!(told.out, format!("1.0 {}\n", patient.env.display()));
    assert_eq!(patient.sandbox.run(patient.at("bin/newtool")).ok().out, "new\n");
    assert!(patient.at("bin/greet").symlink_metadata().is_err(), "the old base's program");
    for path in ["data/mine", "etc/tools.conf"] {
        assert_eq!(std::fs::read_to_string(patient.at(path)).unwrap(), "mine");
    }
    assert!(patient.at("data/empty").is_dir() && patient.at("data/link").is_symlink());
    let pinned = std::fs::read_to_string(patient.at("conda-meta/pinned")).unwrap();
    assert!(pinned.contains("six ==1.17.0 0\n") && pinned.contains("fresh ==9.0 0\n"), "{pinned}");
    let told = patient.sandbox.mlenv(["info", "--json", "env"]).ok().json();
    assert_eq!(told["record"]["base"]["prefix"], new.to_str().unwrap());
    let names: Vec<_> = std::fs::read_dir(patient.sandbox.root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().starts_with(".mlenv-")), "{names:?}");
}

#[test]
fn an_update_follows_the_name_or_the_tag_and_does_nothing_where_that_did_not_move() {
    let patient = Patient::new();
    let new = second(&patient, "second");
    let sandbox = &patient.sandbox;
    let tag = sandbox.path("tag");
    symlink(&patient.base, &tag).unwrap();
    let by_tag = sandbox.env("by-tag", &tag);
    sandbox.mlenv(["base", "add", "-q", "--name", "ml"]).arg(&patient.base).ok();
    sandbox.mlenv(["create", "-q", "-p", "by-name", "--base", "ml"]).ok();
    for name in ["by-tag", "by-name"] {
        sandbox.mlenv(["rebase", name, "--update"]).ok().says("already");
    }
    std::fs::remove_file(&tag).unwrap();
    symlink(&new, &tag).unwrap();
    sandbox.mlenv(["base", "add", "-q", "--force", "--name", "ml"]).arg(&new).ok();
    for env in [by_tag, sandbox.path("by-name")] {
        sandbox.mlenv(["rebase", "--update"]).arg(&env).ok().says("moved ");
        assert_eq!(std::fs::read_link(env.join("baseEnv_dir")).unwrap(), new);
        assert_eq!(patient.findings_at(&env), [""; 0]);
    }
    assert_eq!(sandbox.mlenv(["rebase", "env"]).end().status.code(), Some(2));
}

/// As images on CVMFS: the tag is a link, the old tree is collected at once or later.
#[test]
fn a_tag_that_moved_is_told_and_the_env_works_as_long_as_the_old_tree_is_there() {
    let patient = Patient::new();
    let new = second(&patient, "flat-new");
    let sandbox = &patient.sandbox;
    let tag = sandbox.path("image:tag");
    symlink(&patient.base, &tag).unwrap();
    let env = sandbox.env("by-tag", &tag);
    let list = || {
        let told = sandbox.mlenv(["list", "--json"]).ok().json();
        let rows = told.as_array().unwrap().clone();
        rows.into_iter().find(|row| row["path"] == env.to_str().unwrap()).unwrap()
    };
    let status = || {
        let run = sandbox.mlenv(["status", "--json"]).cwd(sandbox.path("project"));
        run.ok().json()["base"].clone()
    };
    std::fs::create_dir(sandbox.path("project")).unwrap();
    sandbox.mlenv(["save", "../by-tag"]).cwd(sandbox.path("project")).ok();
    assert_eq!((&list()["update"], &status()["update"]), (&json!(null), &json!(null)));
    std::fs::remove_file(&tag).unwrap();
    symlink(&new, &tag).unwrap();
    let moved = json!(new.to_str().unwrap());
    assert_eq!((&list()["update"], &status()["update"]), (&moved, &moved));
    assert_eq!((&list()["base-state"], &status()["base-state"]), (&json!("same"), &json!("same")));
    assert!(sandbox.mlenv(["list"]).ok().out.contains("(newer: `mlenv rebase ENV --update`)"));
    let told = sandbox.mlenv(["status"]).cwd(sandbox.path("project")).ok().out;
    let follow = format!(" now: `mlenv rebase {} --update` follows", env.display());
    assert!(told.contains(&follow), "{told}");
    assert!(sandbox.mlenv(["info", "by-tag"]).ok().out.contains("its name leads to "));
    let activate = || sandbox.mlenv(["activate", "--shell", "bash"]).arg(&env);
    activate().ok();
    std::fs::remove_dir_all(&patient.base).unwrap();
    activate()
        .fails(2, "was replaced: ")
        .hints(&format!("mlenv rebase {} --update", env.display()));
    assert_eq!((&list()["base-state"], &list()["update"]), (&json!("gone"), &moved));
    let told = patient.told(&env);
    let cure = told["findings"][0]["cure"].as_str().unwrap();
    assert!(cure.contains("--update"), "{cure}");
    sandbox.mlenv(["rebase", "-q", "--update", "by-tag"]).ok();
    activate().ok();
    assert_eq!((&list()["update"], patient.findings_at(&env).len()), (&json!(null), 0));
}

#[test]
fn an_env_whose_base_is_gone_can_be_moved_with_and_without_the_old_index() {
    for forget in [false, true] {
        for layout in ["standard", "sparse"] {
            let patient = Patient::with_layout(layout);
            let new = second(&patient, "second");
            patient.pip(&["install", "-q", "fresh"]);
            std::fs::remove_dir_all(&patient.base).unwrap();
            if forget {
                let _ = std::fs::remove_dir_all(patient.sandbox.path("home/.cache"));
            }
            patient.sandbox.mlenv(["rebase", "-q", "env", "--base"]).arg(&new).ok();
            assert_eq!(patient.findings(), [""; 0], "{layout} {forget}");
            assert!(patient.at("bin/greet").symlink_metadata().is_err(), "{layout} {forget}");
            let told = patient.sandbox.run(patient.at("bin/fresh")).ok();
            assert_eq!(told.out, format!("1.0 {}\n", patient.env.display()));
        }
    }
}

/// The library directory has another name; the interpreter of the tests cannot have another version.
#[test]
fn with_another_python_pure_packages_move_along_and_compiled_ones_are_named() {
    let patient = Patient::with_layout("sparse");
    patient.pip(&["install", "-q", "fresh"]);
    let (old, site) = (base().python.clone(), patient.at(base().site()));
    let compiled = site.join("built-1.5.dist-info");
    std::fs::create_dir_all(&compiled).unwrap();
    std::fs::write(compiled.join("METADATA"), "Name: built\nVersion: 1.5\n").unwrap();
    std::fs::write(compiled.join("WHEEL"), "Tag: cp311-cp311-linux_x86_64\n").unwrap();
    std::fs::create_dir_all(site.join("built")).unwrap();
    std::fs::write(site.join("built/core.so"), "").unwrap();
    let record = "built/core.so,,\nbuilt-1.5.dist-info/METADATA,,\nbuilt-1.5.dist-info/WHEEL,,\nbuilt-1.5.dist-info/RECORD,,\n";
    std::fs::write(compiled.join("RECORD"), record).unwrap();
    let new = hollow_base_with(&patient.sandbox.path("new"), "python3.99");
    let told = patient.sandbox.mlenv(["rebase", "env", "--base"]).arg(&new).ok();
    let words = format!("compiled for {old}, and left in its directory: built==1.5");
    told.says(&words).hints(" --pip built==1.5");
    let moved = patient.at("lib/python3.99/site-packages");
    assert!(moved.join("fresh/__init__.py").is_file() && !moved.join("built").exists());
    assert!(site.join("built/core.so").is_file() && !site.join("fresh").exists());
    let head = std::fs::read_to_string(patient.at("bin/fresh")).unwrap();
    assert!(head.starts_with(&format!("#!{}/bin/python", patient.env.display())), "{head}");
    assert_eq!(patient.findings(), ["other-python"]);
    assert_eq!(patient.told(&patient.env)["findings"][0]["items"][0], "built==1.5");
}

#[test]
fn a_failure_leaves_the_env_as_it_was_and_no_litter() {
    let patient = Patient::new();
    let new = second(&patient, "second");
    patient.pip(&["install", "-q", "fresh"]);
    let sandbox = &patient.sandbox;
    let before = tree::snapshot(sandbox.root());
    sandbox
        .mlenv(["rebase", "env", "--base", "/nowhere"])
        .fails(2, "could not look at the base /nowhere");
    std::fs::set_permissions(sandbox.root(), PermissionsExt::from_mode(0o555)).unwrap();
    let run = sandbox.mlenv(["rebase", "env", "--base"]).arg(&new).var("HOME", "/nowhere");
    run.var("XDG_CACHE_HOME", sandbox.path("home"))
        .by_ordinary_user()
        .fails(2, "could not make a directory");
    std::fs::set_permissions(sandbox.root(), PermissionsExt::from_mode(0o755)).unwrap();
    let mut after = tree::snapshot(sandbox.root());
    after.retain(|path, _| before.contains_key(path));
    let env = |listing: &tree::Listing| -> tree::Listing {
        listing
            .iter()
            .filter(|(path, _)| path.starts_with("env"))
            .map(|(path, facts)| (path.clone(), facts.clone()))
            .collect()
    };
    tree::assert_same(&env(&before), &env(&after), "the env");
}

#[test]
fn a_rebase_that_is_killed_leaves_the_old_env_or_the_new_one() {
    let patient = Patient::new();
    let new = second(&patient, "second");
    patient.pip(&["install", "-q", "fresh"]);
    let sandbox = &patient.sandbox;
    let began = Instant::now();
    sandbox.mlenv(["rebase", "-q", "env", "--base"]).arg(&new).ok();
    let mut whole = began.elapsed();
    let mut interrupted = 0;
    for part in 0..20_u32 {
        let target = if part % 2 == 0 { &patient.base } else { &new };
        let mut run = sandbox.mlenv(["rebase", "-q", "env", "--base"]).arg(target).command();
        let mut child = run.stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(whole * part / 20);
        child.kill().unwrap();
        if child.wait().unwrap().success() {
            whole = whole * 3 / 4; // the machine has more to spare than it had
        } else {
            interrupted += 1;
        }
        let told = sandbox.run(patient.at("bin/fresh")).ok();
        assert_eq!(told.out, format!("1.0 {}\n", patient.env.display()));
        let findings = patient.findings();
        assert!(findings.is_empty() || findings == ["stages"], "{findings:?}");
    }
    assert!(interrupted > 3, "the kills came too late to show anything");
}
