//! Where an env can go and where not, what stands in the way, and what is wrong with bases: one sentence each.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use crate::kit::forge::hollow_base;
use crate::support::sandbox::Sandbox;
use crate::support::tree;

/// Nothing but a sandbox and a base that is quick to link.
fn prepared() -> (Sandbox, std::path::PathBuf) {
    let sandbox = Sandbox::new();
    let base = hollow_base(&sandbox.path("base"));
    (sandbox, base)
}

fn chmod(path: &Path, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

#[test]
fn a_file_a_link_or_a_full_directory_in_the_way_is_refused_with_and_without_force() {
    let (sandbox, base) = prepared();
    sandbox.write("file", "precious");
    sandbox.write("full/precious", "");
    sandbox.write("full/mlenv.toml.d/x", "");
    symlink("full", sandbox.path("link")).unwrap();
    symlink("nowhere", sandbox.path("dangling")).unwrap();
    sandbox.env("env", &base);
    symlink("env", sandbox.path("link-to-env")).unwrap();
    let before = tree::snapshot(sandbox.root());
    for (name, words) in [
        ("file", "there is a file of that name"),
        ("link", "there is a link of that name"),
        ("dangling", "there is a link of that name"),
        ("link-to-env", "there is a link of that name"),
        ("full", "is not empty, and it is not an env"),
    ] {
        for force in [None, Some("--force")] {
            let run = sandbox.mlenv(["create", "-p", name, "--base"]).arg(&base).args(force);
            run.fails(2, words).hints("name another place");
        }
    }
    sandbox.mlenv(["create", "-p", "file/below", "--base"]).arg(&base).fails(2, "could not");
    sandbox.mlenv(["create", "-p", "dangling/below", "--base"]).arg(&base).fails(2, "could not");
    sandbox
        .mlenv(["create", "-p", "base/new/env", "--base"])
        .arg(&base)
        .fails(2, "inside its base");
    tree::assert_same(&before, &tree::snapshot(sandbox.root()), "what was in the way");
}

#[test]
fn an_env_in_the_way_is_kept_unless_force_replaces_it_whole() {
    let (sandbox, base) = prepared();
    let env = sandbox.env("env", &base);
    sandbox.write("env/lib/mine", "installed later");
    let create = || sandbox.mlenv(["create", "-p", "env", "--base"]).arg(&base);
    create().fails(2, "there is already an env").hints("--force");
    assert!(env.join("lib/mine").exists());
    create().arg("--force").ok();
    assert!(!env.join("lib/mine").exists() && env.join("mlenv.toml").exists());
    assert_eq!(litter(&sandbox), 0);
}

#[test]
fn a_failed_replacement_keeps_the_old_env() {
    let (sandbox, base) = prepared();
    let env = sandbox.env("env", &base);
    sandbox.write("env/lib/mine", "installed later");
    std::fs::write(base.join("mlenv-standard.tar.zst"), "damaged").unwrap();
    let before = tree::snapshot(&env);
    sandbox.mlenv(["create", "--force", "-p", "env", "--base"]).arg(&base).fails(2, "damaged");
    sandbox
        .mlenv(["create", "--force", "-p", "env", "--base", "/not/there"])
        .fails(2, "/not/there");
    tree::assert_same(&before, &tree::snapshot(&env), "the env");
}

#[test]
fn force_never_replaces_what_only_looks_like_an_env() {
    let (sandbox, base) = prepared();
    sandbox.write("dir/mlenv.toml/x", "a directory of that name");
    sandbox.write("broken/mlenv.toml", "schema = [");
    sandbox.write("other/mlenv.toml", "title = 'something else'");
    sandbox.write("conda/conda-meta/history", "");
    sandbox.write("venv/pyvenv.cfg", "home = /usr/bin");
    let before = tree::snapshot(sandbox.root());
    for name in ["dir", "broken", "other", "conda", "venv"] {
        let run = sandbox.mlenv(["create", "-q", "--force", "-p", name, "--base"]).arg(&base);
        run.fails(2, "it is not an env");
        let refused = sandbox.mlenv(["remove", name]).end();
        assert!(matches!(refused.status.code(), Some(1 | 2)), "{refused}");
    }
    let mut after = tree::snapshot(sandbox.root());
    after.retain(|path, _| !path.starts_with("home"));
    let before = before.into_iter().filter(|(path, _)| !path.starts_with("home")).collect();
    tree::assert_same(&before, &after, "what is not an env");
}

#[test]
fn an_empty_directory_and_missing_parents_are_no_obstacle() {
    let (sandbox, base) = prepared();
    std::fs::create_dir(sandbox.path("empty")).unwrap();
    sandbox.env("empty", &base);
    sandbox.env("deep/er/and/deeper", &base);
    std::fs::create_dir(sandbox.path("sub")).unwrap();
    sandbox
        .mlenv(["create", "-q", "-p", "../beside", "--base"])
        .arg(&base)
        .cwd(sandbox.path("sub"))
        .ok();
    assert!(sandbox.path("beside/mlenv.toml").exists());
    // A failure takes the parents it made away again.
    std::fs::write(base.join("mlenv-standard.tar.zst"), "damaged").unwrap();
    sandbox.mlenv(["create", "-p", "new/parents/env", "--base"]).arg(&base).fails(2, "damaged");
    assert!(!sandbox.path("new").exists());
}

#[test]
fn an_env_inside_its_base_is_refused_by_any_name() {
    let (sandbox, base) = prepared();
    symlink("base", sandbox.path("alias")).unwrap();
    let before = tree::snapshot(&base);
    for place in ["base/env", "base/envs/deep/env", "alias/lib/env"] {
        sandbox.mlenv(["create", "-p", place, "--base"]).arg(&base).fails(2, "inside its base");
    }
    tree::assert_same(&before, &tree::snapshot(&base), "the base");
}

#[test]
fn a_place_that_may_not_be_written_is_named() {
    let (sandbox, base) = prepared();
    std::fs::create_dir(sandbox.path("locked")).unwrap();
    chmod(&sandbox.path("locked"), 0o555);
    for place in ["locked/env", "locked/deep/env"] {
        let run = sandbox.mlenv(["create", "-p", place, "--base"]).arg(&base).by_ordinary_user();
        run.fails(2, "Permission denied").hints("where you may write");
    }
    assert_eq!(std::fs::read_dir(sandbox.path("locked")).unwrap().count(), 0);
}

#[test]
fn every_way_in_which_a_base_can_be_missing_or_broken_is_one_sentence() {
    let (sandbox, base) = prepared();
    std::fs::create_dir(sandbox.path("empty")).unwrap();
    sandbox.write("file", "no python");
    symlink("gone", sandbox.path("dangling")).unwrap();
    sandbox.write("no-python/conda-meta/zlib-1.3-0.json", "{}");
    sandbox.write("half/conda-meta/python-3.11.7-0.json", "{}");
    sandbox.write("dead/bin/python3", "#!/bin/sh\necho it hurts >&2\nexit 3\n");
    chmod(&sandbox.path("dead/bin/python3"), 0o755);
    sandbox.write("mute/bin/python3", "#!/bin/sh\n");
    chmod(&sandbox.path("mute/bin/python3"), 0o755);
    hollow_base(&sandbox.path("damaged"));
    sandbox.write("damaged/conda-meta/zlib-1.3-0.json", "{ half a rec");
    for (named, words, hint) in [
        ("/not/there", "could not look at the base /not/there: No such file", "mounted"),
        ("./dangling", "could not look at the base", "mounted"),
        ("empty", "there is no bin/python3 in it", "name a prefix"),
        ("./file", "could not find the Python prefix around", "name the prefix itself"),
        ("no-python", "it has no Python", "install python"),
        ("half", "bin/python3.11 is missing", "damaged"),
        ("dead", "it hurts", "working Python"),
        ("damaged", "could not understand the package record", "damaged"),
    ] {
        sandbox.mlenv(["create", "-p", "env", "--base", named]).fails(2, words).hints(hint);
        assert!(!sandbox.path("env").exists());
    }
    sandbox.mlenv(["create", "-p", "env", "--base", "mute"]).fails(2, "could not understand what");
    chmod(&base, 0);
    let run = sandbox.mlenv(["create", "-p", "env", "--base"]).arg(&base).by_ordinary_user();
    run.fails(2, "Permission denied");
    chmod(&base, 0o755);
}

#[test]
fn a_vanished_base_is_told_by_info_and_list_and_the_env_can_be_removed() {
    let (sandbox, base) = prepared();
    sandbox.env("env", &base);
    std::fs::write(base.join("conda-meta/new-1-0.json"), "{}").unwrap();
    assert!(sandbox.mlenv(["info", "env"]).ok().out.contains("changed: "));
    std::fs::rename(&base, sandbox.path("moved")).unwrap();
    assert!(sandbox.mlenv(["info", "env"]).ok().out.contains("gone: is its file system mounted?"));
    assert!(sandbox.mlenv(["list"]).ok().out.contains("(base gone)"));
    assert_eq!(sandbox.mlenv(["list", "--json"]).ok().json()[0]["base-state"], "gone");
    sandbox.mlenv(["remove", "env"]).ok();
    assert!(!sandbox.path("env").exists());
}

#[test]
fn remove_takes_links_away_and_never_what_they_lead_to() {
    let (sandbox, base) = prepared();
    let env = sandbox.env("env", &base);
    sandbox.write("precious/file", "x");
    for (target, name) in
        [("../precious", "lib/out"), ("../../precious/file", "bin/out"), ("/", "root")]
    {
        symlink(target, env.join(name)).unwrap();
    }
    sandbox.write("env/locked/file", "");
    chmod(&env.join("locked"), 0o555);
    let before = tree::snapshot(&base);
    sandbox.mlenv(["remove", "env"]).by_ordinary_user().ok();
    assert!(!env.exists() && sandbox.path("precious/file").exists());
    tree::assert_same(&before, &tree::snapshot(&base), "the base");
    assert_eq!(litter(&sandbox), 0);
}

#[test]
fn remove_refuses_what_is_no_env_a_link_to_one_and_the_directory_one_is_in() {
    let (sandbox, base) = prepared();
    let env = sandbox.env("env", &base);
    sandbox.write("dir/file", "");
    sandbox.write("file", "");
    symlink("env", sandbox.path("link")).unwrap();
    for name in ["dir", "file", ".", "/", "base"] {
        sandbox.mlenv(["remove", name]).fails(1, "it has no mlenv.toml").hints("mlenv list");
    }
    sandbox.mlenv(["remove", "nothing"]).fails(1, "does not exist");
    sandbox.mlenv(["remove", "link"]).fails(2, "is a link to an env").hints("rm");
    let run = sandbox.mlenv(["remove"]).arg(&env);
    run.clone().cwd(env.join("lib")).fails(2, "you are inside").hints("cd");
    run.cwd(&env).var("PWD", sandbox.path("link")).fails(2, "you are inside");
    assert!(env.join("mlenv.toml").exists() && sandbox.path("dir/file").exists());
}

#[test]
fn a_moved_env_is_known_as_moved_and_its_old_name_is_forgotten() {
    let (sandbox, base) = prepared();
    let env = sandbox.env("env", &base);
    std::fs::rename(&env, sandbox.path("moved")).unwrap();
    assert_eq!(sandbox.mlenv(["list"]).ok().out, "");
    let told = sandbox.mlenv(["info", "moved"]).ok().out;
    assert!(told.contains(&format!("moved here from {}", env.display())), "{told}");
}

fn litter(sandbox: &Sandbox) -> usize {
    let names = std::fs::read_dir(sandbox.root()).unwrap().flatten();
    names.filter(|entry| entry.file_name().to_string_lossy().starts_with(".mlenv-")).count()
}
