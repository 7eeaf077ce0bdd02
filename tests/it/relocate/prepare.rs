//! `base check` and `base prepare`: a base that was built at one path works from every path, and back.

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use serde_json::json;

use crate::env::kills;
use crate::kit::compile::{Source, loaded};
use crate::relocate::image::{BUILT, findings, image, put};
use crate::support::machine;
use crate::support::sandbox::Sandbox;
use crate::support::testbase::base;
use crate::support::tree;

const ALL: [&str; 7] =
    ["scripts", "other-scripts", "search-paths", "kernels", "root-config", "package-list", "index"];

/// Hazard H17.
#[test]
fn a_prepared_base_works_from_any_path_and_undoing_gives_back_every_byte() {
    let sandbox = Sandbox::new();
    let prefix = image(&sandbox.path("image/opt/conda"));
    let before = tree::snapshot(&prefix);
    assert_eq!(findings(&sandbox, &prefix), ALL);
    let told = sandbox.mlenv(["base", "check", "--json"]).arg(&prefix).end().json();
    assert_eq!(told["built-at"], BUILT);
    let holding = [("share/doc/binary", "binary"), ("share/doc/readme", "text")];
    let holding = holding.map(|(path, form)| json!({"path": path, "form": form}));
    assert_eq!(told["holding"], json!(holding));
    let dry = sandbox.mlenv(["base", "prepare", "--dry-run", "--json"]).arg(&prefix).ok().json();
    tree::assert_same(&before, &tree::snapshot(&prefix), "a base that was only looked at");
    let done = sandbox.mlenv(["base", "prepare", "--json"]).arg(&prefix).ok().json();
    assert_eq!(dry["changed"], done["changed"]);
    assert_eq!(done["findings"], json!([]));
    assert_eq!(findings(&sandbox, &prefix), [""; 0]);
    let once = tree::snapshot(&prefix);
    let twice = sandbox.mlenv(["base", "prepare"]).arg(&prefix).ok();
    assert!(twice.out.starts_with("nothing to change\n"), "{twice}");
    tree::assert_same(&once, &tree::snapshot(&prefix), "a base that was prepared twice");
    works(&sandbox, &prefix);
    sandbox.mlenv(["base", "prepare", "--undo", "--dry-run"]).arg(&prefix).ok();
    tree::assert_same(&once, &tree::snapshot(&prefix), "a base whose undoing was only told");
    sandbox.mlenv(["base", "prepare", "--undo"]).arg(&prefix).ok();
    tree::assert_same(&shape(&before), &shape(&tree::snapshot(&prefix)), "the base");
    sandbox.mlenv(["base", "prepare", "--undo"]).arg(&prefix).fails(1, "nothing was prepared");
}

/// Without times.
fn shape(listing: &tree::Listing) -> tree::Listing {
    let untimed = |text: &String| {
        let words: Vec<&str> = text.split(' ').collect();
        if words[0].starts_with('4') {
            words[0].to_owned()
        } else {
            [&words[..2], &words[3..]].concat().join(" ")
        }
    };
    listing.iter().map(|(path, text)| (path.clone(), untimed(text))).collect()
}

/// Programs run from two paths without activation, beside another Python, through links, and in an env.
fn works(sandbox: &Sandbox, prefix: &Path) {
    let second = sandbox.path("second place");
    symlink(prefix, &second).unwrap();
    for place in [prefix, &second] {
        for script in ["absolute", "envpython", "longpath", "imagetool"] {
            let told = sandbox.run(place.join("bin").join(script)).args(["a b", "$x"]).ok();
            let (home, arguments) = told.out.split_once('\n').unwrap();
            assert_eq!(Path::new(home).canonicalize().unwrap(), prefix, "{script}: {told}");
            assert_eq!(arguments, "['a b', '$x']\n");
        }
        assert_eq!(sandbox.run(place.join("bin/heretool")).ok().out, "7\n");
        let by_loader = loaded(&place.join("bin/heretool"));
        assert!(by_loader.contains("/bin/../lib/libdeep.so.1"), "{by_loader}");
    }
    symlink(prefix.join("bin/absolute"), sandbox.path("mytool")).unwrap();
    let told = sandbox.run(sandbox.path("mytool")).ok();
    assert!(told.out.starts_with(&*prefix.to_string_lossy()), "{told}");
    let libs = sandbox.run(prefix.join("bin/root-config")).arg("--libs").ok().out;
    assert_eq!(libs, "-lCore -lm -ldl -lz\n");
    let list = std::fs::read_to_string(prefix.join("list-of-pkgs-inside.txt")).unwrap();
    assert!(list.contains("click 8.1.7\n") && list.contains("greet 1.0\n"), "{list}");
    let env = sandbox.env("env", prefix);
    let told = sandbox.run(env.join("bin/absolute")).ok();
    assert_eq!(told.out.lines().next(), env.to_str(), "{told}");
    let kernel = std::fs::read(env.join("share/jupyter/kernels/python3/kernel.json")).unwrap();
    let kernel: serde_json::Value = serde_json::from_slice(&kernel).unwrap();
    let program = kernel["argv"][0].as_str().unwrap();
    let program = program
        .replace("{resource_dir}", env.join("share/jupyter/kernels/python3").to_str().unwrap());
    let told = sandbox.run(program).args(["-c", "import sys; print(sys.prefix)"]).ok();
    assert_eq!(Path::new(told.out.trim()).canonicalize().unwrap(), env, "{told}");
    sandbox.mlenv(["remove", "env"]).ok();
}

#[test]
fn modes_and_owners_stay_and_other_names_of_a_file_keep_its_text() {
    let sandbox = Sandbox::new();
    let prefix = image(&sandbox.path("base"));
    let (script, cached) = (prefix.join("bin/absolute"), sandbox.path("cached"));
    std::fs::hard_link(&script, &cached).unwrap();
    std::fs::set_permissions(&script, PermissionsExt::from_mode(0o750)).unwrap();
    if machine::is_root() {
        std::os::unix::fs::chown(&script, Some(1234), Some(4321)).unwrap();
    }
    let (before, text) = (script.metadata().unwrap(), std::fs::read(&cached).unwrap());
    let told = sandbox.mlenv(["base", "prepare"]).arg(&prefix).ok();
    assert!(told.err.contains("had other names by hard links"), "{told}");
    let after = script.metadata().unwrap();
    assert_ne!(std::fs::read(&script).unwrap(), text);
    assert_eq!(
        (before.mode(), before.uid(), before.gid()),
        (after.mode(), after.uid(), after.gid())
    );
    assert_eq!(std::fs::read(&cached).unwrap(), text);
}

#[test]
fn what_cannot_be_replaced_safely_is_told_and_left_as_it_is() {
    let sandbox = Sandbox::new();
    let prefix = image(&sandbox.path("base"));
    sandbox.mlenv(["base", "prepare", "-q"]).arg(&prefix).ok();
    // The linker keeps the symbol's name in the last letters of the path.
    let shared = prefix.join("lib/libshared.so");
    let path = format!("-rpath=$ORIGIN:{BUILT}/lib/shared_name");
    let text = "int shared_name(void) {return 1;}";
    Source { to: shared.clone(), text, soname: Some("libshared.so"), needs: &[], linker: &[&path] }
        .compile();
    let room = prefix.join("lib/a/b/c/d/e/f/g/h/i/j/libroom.so");
    let path = format!("-rpath={BUILT}");
    Source {
        to: room.clone(),
        text: "int room;",
        soname: Some("libroom.so"),
        needs: &[],
        linker: &[&path],
    }
    .compile();
    put(&prefix, "bin/latin", "", 0o755);
    let latin = [
        b"#!/opt/built-by-nobody/conda/bin/python\n# coding: latin-1\n".as_slice(),
        b"print('\xe9')\n",
    ]
    .concat();
    std::fs::write(prefix.join("bin/latin"), &latin).unwrap();
    put(&prefix, "bin/odd", &format!("#!{BUILT}/bin/perl $x\n"), 0o755);
    put(&prefix, "pyvenv.cfg", "home = /elsewhere\n", 0o644);
    let before = [&shared, &room].map(|path| std::fs::read(path).unwrap());
    let told = sandbox.mlenv(["base", "prepare", "--json", "--built-at", BUILT]).arg(&prefix).end();
    assert_eq!(told.status.code(), Some(1), "{told}");
    let told = told.json();
    let kinds: Vec<&str> = told["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["odd-scripts", "fixed-search-paths", "base-hijacked"], "{told}");
    let items = told["findings"][1]["items"].to_string();
    assert!(
        items.contains("libroom.so: has no room")
            && items.contains("libshared.so: shares the bytes"),
        "{items}"
    );
    assert_eq!([&shared, &room].map(|path| std::fs::read(path).unwrap()), before);
    assert_eq!(std::fs::read(prefix.join("bin/latin")).unwrap(), latin);
}

#[test]
fn a_base_in_use_is_refused_unless_forced_and_one_that_may_not_be_written_stays() {
    let sandbox = Sandbox::new();
    let prefix = image(&sandbox.path("base"));
    sandbox.env("env", &prefix);
    let before = tree::snapshot(&prefix);
    let run = sandbox.mlenv(["base", "prepare"]).arg(&prefix);
    run.fails(2, "is in use: the env ").hints("--force");
    tree::assert_same(&before, &tree::snapshot(&prefix), "a base in use");
    sandbox.mlenv(["remove", "-q", "env"]).ok();
    let code = "import sys; print(flush=True); sys.stdin.read()";
    let mut command = sandbox.run(prefix.join("bin/python3")).args(["-c", code]).command();
    let mut child = command
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Read::read(child.stdout.as_mut().unwrap(), &mut [0]).unwrap();
    run.fails(2, "is in use: process ");
    child.kill().unwrap();
    child.wait().unwrap();
    // mlenv itself may be installed in the base that it prepares.
    std::fs::hard_link(env!("CARGO_BIN_EXE_mlenv"), prefix.join("bin/mlenv")).unwrap();
    sandbox.run(prefix.join("bin/mlenv")).args(["base", "prepare", "-q"]).arg(&prefix).ok();
    sandbox.mlenv(["base", "prepare", "-q", "--undo"]).arg(&prefix).ok();
    for dir in ["", "bin", "lib"] {
        std::fs::set_permissions(prefix.join(dir), PermissionsExt::from_mode(0o555)).unwrap();
    }
    let before = tree::snapshot(&prefix);
    run.clone().by_ordinary_user().fails(2, "could not write").hints("where you may write");
    tree::assert_same(&before, &tree::snapshot(&prefix), "a base that may not be written");
    for dir in ["", "bin", "lib"] {
        std::fs::set_permissions(prefix.join(dir), PermissionsExt::from_mode(0o755)).unwrap();
    }
    sandbox.env("env", &prefix);
    sandbox.mlenv(["base", "prepare", "-q", "--force"]).arg(&prefix).ok();
    assert_eq!(findings(&sandbox, &prefix), [""; 0]);
}

#[test]
fn what_others_changed_since_is_not_undone() {
    let sandbox = Sandbox::new();
    let prefix = image(&sandbox.path("base"));
    sandbox.mlenv(["base", "prepare", "-q"]).arg(&prefix).ok();
    put(&prefix, "bin/absolute", "mine", 0o755);
    std::fs::remove_file(prefix.join("bin/perltool")).unwrap();
    let told = sandbox.mlenv(["base", "prepare", "--undo"]).arg(&prefix).end();
    assert_eq!(told.status.code(), Some(1), "{told}");
    assert!(told.out.contains("changed since: bin/absolute\n"), "{told}");
    assert_eq!(std::fs::read_to_string(prefix.join("bin/absolute")).unwrap(), "mine");
    let text = std::fs::read_to_string(prefix.join("bin/envpython")).unwrap();
    assert!(text.starts_with("#!/usr/bin/env python\n"), "{text}");
    assert!(prefix.join("mlenv-prepared.json").exists());
}

#[test]
fn a_preparation_that_is_killed_leaves_no_half_file_and_the_next_one_ends_it() {
    let sandbox = Sandbox::new();
    let fresh = image(&sandbox.path("fresh"));
    let before = shape(&tree::snapshot(&fresh));
    let run = sandbox.mlenv(["base", "prepare", "-q"]).arg(&fresh);
    let undo = sandbox.mlenv(["base", "prepare", "-q", "--undo"]).arg(&fresh);
    // What it starts to try the base is not killed.
    let all = kills::calls(&run, &sandbox.path("log"), &[]);
    let after = shape(&tree::snapshot(&fresh));
    undo.clone().ok();
    let mut killed = 0;
    for (part, call) in kills::some(&all, 8).into_iter().enumerate() {
        let when = format!("killed at {} {}", call.0, call.1);
        killed += u32::from(!kills::struck(run.clone(), call, "KILL", &[]).status.success());
        let seen = shape(&tree::snapshot(&fresh));
        for (path, text) in seen.iter().filter(|(path, _)| before.contains_key(*path)) {
            assert!(
                Some(text) == before.get(path) || Some(text) == after.get(path),
                "{} is half done, {when}",
                path.display()
            );
        }
        if part % 2 == 0 {
            run.clone().ok();
        }
        if fresh.join("mlenv-prepared.json").exists() {
            undo.clone().ok();
        }
        let mut seen = shape(&tree::snapshot(&fresh));
        seen.retain(|path, _| !path.file_name().unwrap().as_bytes().starts_with(b".mlenv-"));
        tree::assert_same(&before, &seen, &format!("the base, {when}"));
    }
    assert!(killed > 3, "no call was met");
}

#[test]
fn any_path_of_a_base_is_prepared_and_its_programs_run_from_there() {
    for name in ["it's $x `y` 50%", "new\nline", "ünï/opt/conda", "\"q\" !$"] {
        let sandbox = Sandbox::new();
        let prefix = image(&sandbox.path(name));
        sandbox.mlenv(["base", "prepare", "-q"]).arg(&prefix).ok();
        assert_eq!(findings(&sandbox, &prefix), [""; 0], "{name}");
        let told = sandbox.run(prefix.join("bin/absolute")).ok();
        assert!(told.out.starts_with(prefix.to_str().unwrap()), "{told}");
    }
    let sandbox = Sandbox::new();
    let name = Path::new(std::ffi::OsStr::from_bytes(b"ml-base:\xff"));
    let prefix = image(&sandbox.path(name));
    sandbox.mlenv(["base", "prepare", "-q"]).arg(&prefix).ok();
    assert_eq!(findings(&sandbox, &prefix), [""; 0]);
    assert_eq!(sandbox.run(prefix.join("bin/heretool")).ok().out, "7\n");
    sandbox.mlenv(["base", "prepare", "/usr"]).fails(2, "and never changed");
    sandbox.mlenv(["base", "check", "/usr"]).fails(2, "is used where it is");
    assert!(base().prefix.exists());
}
