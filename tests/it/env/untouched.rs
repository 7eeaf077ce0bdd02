//! The base is never written to: not by mlenv, not by what runs in an env, though the user could write it.

use std::path::{Path, PathBuf};

use crate::support::machine;
use crate::support::sandbox::Sandbox;
use crate::support::testbase::base;
use crate::support::{tree, wheel};

/// Everything that a user does with envs on `base`.
fn live(sandbox: &Sandbox, base: &Path) {
    wheel::build(&sandbox.path("wheels"), "greet", "2.0");
    for layout in ["standard", "full", "sparse"] {
        sandbox.mlenv(["create", "-q", "-p", "e", "--layout", layout, "--base"]).arg(base).ok();
        let env = sandbox.path("e");
        let python = |words: &[&str]| sandbox.run(env.join("bin/python")).args(words).ok();
        python(&[
            "-c",
            "import click, six, packaging, greet, json, ssl, email.mime.text, http.server",
        ]);
        let wheels = sandbox.path("wheels");
        let wheels = wheels.to_str().unwrap();
        python(&[
            "-m",
            "pip",
            "install",
            "-q",
            "-U",
            "--no-index",
            "--find-links",
            wheels,
            "greet",
        ]);
        python(&["-m", "pip", "uninstall", "-q", "-y", "greet", "six"]);
        python(&["-m", "venv", "--without-pip", "venv"]);
        if layout != "sparse" {
            sandbox.run(env.join("bin/absolute")).ok();
            // What a tool that replaces files does, and what one that removes them does.
            sandbox.run("sed").args(["-i", "s/x/y/", "e/etc/tools.conf"]).ok();
            std::fs::remove_dir_all(env.join("etc")).unwrap();
        }
        sandbox.mlenv(["info"]).arg(&env).ok();
        sandbox.mlenv(["list"]).ok();
        sandbox.mlenv(["create", "-q", "--force", "--reindex", "-p", "e", "--base"]).arg(base).ok();
        sandbox.mlenv(["remove", "-q", "e"]).ok();
        sandbox.mlenv(["base", "info"]).arg(base).ok();
    }
    sandbox.mlenv(["base", "add", "--name", "ml"]).arg(base).ok();
    sandbox.mlenv(["base", "index", "-q", "-o", "elsewhere", "ml"]).ok();
    sandbox.mlenv(["base", "forget", "ml"]).ok();
}

#[test]
fn a_writable_base_is_the_same_after_everything_that_envs_do() {
    let sandbox = Sandbox::new();
    let twin = base().twin(&sandbox.path("ml-base:alma9/opt/conda"));
    let before = tree::snapshot(&sandbox.path("ml-base:alma9"));
    live(&sandbox, &twin);
    tree::assert_same(&before, &tree::snapshot(&sandbox.path("ml-base:alma9")), "the base");
}

#[test]
fn base_index_adds_exactly_one_file() {
    let sandbox = Sandbox::new();
    let twin = base().twin(&sandbox.path("base"));
    let before = tree::snapshot(&twin);
    sandbox.mlenv(["base", "index", "-q"]).arg(&twin).ok();
    sandbox.mlenv(["base", "index", "-q"]).arg(&twin).ok();
    let mut after = tree::snapshot(&twin);
    assert!(after.remove(Path::new("mlenv-standard.tar.zst")).is_some());
    tree::assert_same(&before, &after, "the base");
    sandbox.mlenv(["base", "index", "-q", "--layout", "full"]).arg(&twin).ok();
    let mut after = tree::snapshot(&twin);
    assert!(
        ["mlenv-standard.tar.zst", "mlenv-full.tar.zst"]
            .iter()
            .all(|name| after.remove(Path::new(name)).is_some())
    );
    tree::assert_same(&before, &after, "the base");
    let told = sandbox.mlenv(["base", "info", "--json"]).arg(&twin).ok().json();
    assert_eq!(told["index"].as_array().unwrap().len(), 2, "{told}");
}

/// Takes the right to write from every directory of a twin; files are shared and stay.
fn without_write(prefix: &Path, mode: u32) {
    let dirs = tree::names(prefix)
        .into_iter()
        .map(|path| prefix.join(path))
        .filter(|path| path.symlink_metadata().unwrap().is_dir());
    let dirs: Vec<PathBuf> = dirs.chain([prefix.to_owned()]).collect();
    for dir in dirs {
        std::fs::set_permissions(dir, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    }
}

#[test]
fn a_base_that_may_not_be_written_works_and_its_index_goes_into_the_cache() {
    let sandbox = Sandbox::new();
    let twin = base().twin(&sandbox.path("base"));
    without_write(&twin, 0o555);
    let told = sandbox.mlenv(["base", "index"]).arg(&twin).by_ordinary_user().ok();
    let told = told.says("the index goes into your cache");
    assert!(told.err.contains("home/.cache/mlenv/indexes/"), "{told}");
    let told = sandbox.mlenv(["create", "-p", "e", "--base"]).arg(&twin).by_ordinary_user().ok();
    assert!(!told.err.contains("warning"), "{told}");
    let code = "import click, greet, sys; print(sys.prefix)";
    let told = sandbox.run(sandbox.path("e/bin/python")).args(["-c", code]).by_ordinary_user().ok();
    assert_eq!(told.out, format!("{}\n", sandbox.path("e").display()));
    sandbox.mlenv(["remove", "e"]).by_ordinary_user().ok();
    without_write(&twin, 0o755);
}

#[test]
fn a_base_on_a_read_only_file_system_works() {
    if !machine::can_mount() {
        return;
    }
    let sandbox = Sandbox::new();
    let script = r#"set -e
mkdir ro
mount --bind "$BASE" ro
mount -o remount,bind,ro ro
! touch ro/x 2> /dev/null
"$MLENV" base index ro 2> said
grep -q 'the index goes into your cache' said
"$MLENV" create -p e --base ro
e/bin/python -c 'import click, greet'
e/bin/python -m pip --version
"$MLENV" remove e
"#;
    let run = sandbox.run("unshare").args(["-m", "sh", "-c", script]);
    run.var("BASE", &base().prefix).var("MLENV", env!("CARGO_BIN_EXE_mlenv")).ok();
}
