//! `prune`: what nothing needs goes, and nothing else.

use std::path::PathBuf;

use crate::kit::forge::hollow_base;
use crate::kit::patient::Patient;
use crate::support::machine;
use crate::support::sandbox::Sandbox;
use crate::support::testbase;
use crate::support::tree;

fn host(sandbox: &Sandbox) -> String {
    sandbox.run("hostname").ok().out.trim().to_owned()
}

/// The paths that are told of, by sort.
fn told(sandbox: &Sandbox, words: &[&str], kind: &str) -> Vec<PathBuf> {
    let told = sandbox.mlenv(["prune", "--json"]).args(words).ok().json();
    let rows = told.as_array().unwrap().iter().filter(|row| row["kind"] == kind);
    rows.map(|row| PathBuf::from(row["path"].as_str().unwrap())).collect()
}

#[test]
fn a_tidy_home_has_nothing_to_prune_and_everything_stays() {
    let patient = Patient::new();
    let sandbox = &patient.sandbox;
    let slim = testbase::slim(machine::python());
    sandbox.env("slim", &slim);
    sandbox.mlenv(["create", "-q", "-n", "named", "--base"]).arg(&patient.base).ok();
    let before = tree::snapshot(sandbox.root());
    sandbox.mlenv(["prune"]).ok().says("nothing to prune");
    tree::assert_same(&before, &tree::snapshot(sandbox.root()), "all that is there");
    std::fs::rename(&patient.base, sandbox.path("unmounted")).unwrap();
    sandbox.mlenv(["prune"]).ok().says("nothing to prune");
}

#[test]
fn indexes_of_bases_that_nothing_stands_on_go_and_those_of_named_bases_stay() {
    let sandbox = Sandbox::new();
    let named = hollow_base(&sandbox.path("named"));
    let other = hollow_base(&sandbox.path("other"));
    std::fs::write(other.join("conda-meta/more-1-0.json"), "{\"files\": []}").unwrap();
    for base in [&named, &other] {
        let env = sandbox.env("env", base);
        sandbox.mlenv(["remove", "-q"]).arg(env).ok();
    }
    sandbox.mlenv(["base", "add", "-q", "--name", "kept"]).arg(&named).ok();
    let indexes = sandbox.path("home/.cache/mlenv/indexes");
    assert_eq!(tree::names(&indexes).len(), 2);
    assert_eq!(told(&sandbox, &["--dry-run"], "index").len(), 1);
    assert_eq!(tree::names(&indexes).len(), 2, "a dry run removes nothing");
    let outcome = sandbox.mlenv(["prune"]).ok();
    assert!(outcome.out.starts_with("index of a base that nothing uses: "), "{outcome}");
    outcome.says("removed 1 thing");
    assert_eq!(tree::names(&indexes).len(), 1);
    std::fs::rename(&named, sandbox.path("renamed")).unwrap();
    sandbox.mlenv(["prune"]).ok().says("removed 1 thing");
    std::fs::rename(sandbox.path("renamed"), &named).unwrap();
    sandbox.env("again", &named);
    sandbox.env("again-too", &other);
}

#[test]
fn unfinished_envs_beside_known_ones_go_and_those_at_work_stay() {
    let patient = Patient::new();
    let sandbox = &patient.sandbox;
    let dead = sandbox.path(format!(".mlenv-new-{}-4194400-0", host(sandbox)));
    let alive = sandbox.path(format!(".mlenv-new-{}-{}-0", host(sandbox), std::process::id()));
    for stage in [&dead, &alive] {
        std::fs::create_dir_all(stage.join("deep")).unwrap();
    }
    assert_eq!(told(sandbox, &["--dry-run"], "stage"), [dead.as_path()]);
    assert!(dead.exists());
    assert_eq!(told(sandbox, &[], "stage"), [dead.as_path()]);
    assert!(!dead.exists() && alive.exists());
}

#[test]
fn envs_that_were_deleted_by_hand_are_forgotten_and_those_out_of_reach_are_not() {
    let patient = Patient::new();
    let sandbox = &patient.sandbox;
    let gone = sandbox.env("gone", &patient.base);
    let away = sandbox.env("disk/away", &patient.base);
    std::fs::remove_dir_all(&gone).unwrap();
    std::fs::rename(sandbox.path("disk"), sandbox.path("unplugged")).unwrap();
    let memories = sandbox.path("home/.local/state/mlenv/envs");
    assert_eq!(told(sandbox, &["--dry-run"], "memory"), [gone.as_path()]);
    assert_eq!(tree::names(&memories).len(), 3);
    assert_eq!(told(sandbox, &[], "memory"), [gone.as_path()]);
    assert_eq!(tree::names(&memories).len(), 2);
    std::fs::rename(sandbox.path("unplugged"), sandbox.path("disk")).unwrap();
    let listed = sandbox.mlenv(["list"]).ok().out;
    assert!(listed.contains(away.to_str().unwrap()), "{listed}");
}

#[test]
fn envs_whose_base_is_gone_for_good_go_where_that_is_asked_for_and_no_others() {
    let sandbox = Sandbox::new();
    let image = sandbox.path("images/old");
    hollow_base(&image.join("opt/conda"));
    let orphan = sandbox.env("orphan", &image);
    let kept = sandbox.env("kept", &hollow_base(&sandbox.path("base")));
    let unmounted = sandbox.env("unmounted", &hollow_base(&sandbox.path("mount/deep/base")));
    let moved = hollow_base(&sandbox.path("trees/one"));
    std::os::unix::fs::symlink(&moved, sandbox.path("tag")).unwrap();
    let tagged = sandbox.env("tagged", &sandbox.path("tag"));
    std::fs::remove_dir_all(&image).unwrap();
    std::fs::remove_dir_all(sandbox.path("mount")).unwrap();
    std::fs::rename(&moved, sandbox.path("trees/two")).unwrap();
    std::fs::remove_file(sandbox.path("tag")).unwrap();
    std::os::unix::fs::symlink(sandbox.path("trees/two"), sandbox.path("tag")).unwrap();
    let outcome = sandbox.mlenv(["prune"]).ok().hints("1 env stands on a base that is gone");
    assert!(orphan.is_dir(), "{outcome}");
    assert_eq!(told(&sandbox, &["--envs", "--dry-run"], "env"), [orphan.as_path()]);
    assert!(orphan.is_dir());
    assert_eq!(told(&sandbox, &["--envs"], "env"), [orphan.as_path()]);
    assert!(!orphan.exists() && [kept, unmounted, tagged].iter().all(|env| env.is_dir()));
    let cache = sandbox.write("home/.cache/mlenv/pkgs/x/y", "");
    sandbox.mlenv(["prune"]).ok();
    assert!(cache.exists());
    assert_eq!(told(&sandbox, &["--packages"], "packages").len(), 1);
    assert!(!cache.exists());
}
