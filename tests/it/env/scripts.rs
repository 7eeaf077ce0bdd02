//! Programs of the base run with the env's Python, with and without activation, wherever the env is.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use crate::support::sandbox::{PATH, Sandbox};
use crate::support::testbase::{SCRIPTS, base};

/// The bytes that a script printed: its prefix, and its arguments.
fn expected(env: &Path) -> Vec<u8> {
    [env.as_os_str().as_bytes(), b"\n['a', 'b c', '$x']\n"].concat()
}

fn check(sandbox: &Sandbox, env: &Path) {
    for name in SCRIPTS {
        let told = sandbox.run(env.join("bin").join(name)).args(["a", "b c", "$x"]).ok();
        assert_eq!(told.raw, expected(env), "{name} said {}", told.out);
    }
    let told = sandbox.run(env.join("bin/python")).args(["-c", "import click, greet"]).ok();
    assert_eq!(told.out, "");
}

#[test]
fn scripts_run_the_envs_python_without_activation() {
    let sandbox = Sandbox::new();
    let env = sandbox.env("e", &base().prefix);
    check(&sandbox, &env);
    let told = sandbox.run(env.join("bin/greet")).ok();
    assert_eq!(told.out, format!("1.0 {}\n", env.display()));
}

#[test]
fn scripts_run_the_envs_python_by_name_with_the_env_on_path() {
    let sandbox = Sandbox::new();
    let env = sandbox.env("e", &base().prefix);
    let path = format!("{}/bin:{PATH}", env.display());
    for name in SCRIPTS.into_iter().chain(["greet"]) {
        // Found by the shell, as after activation.
        let told = sandbox
            .run("sh")
            .args(["-c", &format!("{name} a 'b c' '$x'")])
            .var("PATH", &path)
            .var("VIRTUAL_ENV", &env)
            .cwd("/")
            .ok();
        assert!(told.out.contains(env.to_str().unwrap()), "{name}: {}", told.out);
    }
}

#[test]
fn scripts_run_the_envs_python_though_another_one_is_first_on_path() {
    let sandbox = Sandbox::new();
    let env = sandbox.env("e", &base().prefix);
    let other = sandbox.env("other", &base().prefix);
    for name in SCRIPTS {
        let told = sandbox
            .run(env.join("bin").join(name))
            .var("PATH", format!("{}/bin:{PATH}", other.display()))
            .args(["a", "b c", "$x"])
            .ok();
        assert_eq!(told.raw, expected(&env), "{name}");
    }
}

#[test]
fn a_script_reached_through_a_link_still_runs_the_envs_python() {
    let sandbox = Sandbox::new();
    for name in ["e", "with space"] {
        let env = sandbox.env(name, &base().prefix);
        let link = sandbox.path(format!("link to {name}"));
        std::os::unix::fs::symlink(env.join("bin/absolute"), &link).unwrap();
        let told = sandbox.run(&link).args(["a", "b c", "$x"]).ok();
        assert_eq!(told.raw, expected(&env));
    }
}

#[test]
fn other_programs_of_the_base_run_through_their_links() {
    let sandbox = Sandbox::new();
    let env = sandbox.env("e", &base().prefix);
    assert_eq!(sandbox.run(env.join("bin/shelltool")).arg("x").ok().out, "shell x\n");
    sandbox.run(env.join("bin/elftool")).ok();
}

#[test]
fn scripts_and_imports_work_at_any_path_that_an_env_can_have() {
    let sandbox = Sandbox::new();
    let names: Vec<OsString> = [
        "with space",
        "it's",
        "a\"b",
        "$HOME",
        "wow!",
        "50%",
        "übung",
        "tab\there",
        "*",
        "-dash",
        "a\\b",
        "`x`",
        "#h;&|",
    ]
    .into_iter()
    .map(OsString::from)
    .chain([OsString::from("long".repeat(40)), OsString::from_vec(b"no\xfftext".to_vec())])
    .collect();
    for name in names {
        let env: PathBuf = sandbox.env(Path::new("envs").join(&name), &base().prefix);
        check(&sandbox, &env);
        sandbox.mlenv(["info"]).arg(&env).ok();
        sandbox.mlenv(["remove", "-q"]).arg(&env).ok();
        assert!(!env.exists());
    }
}

#[test]
fn a_base_at_any_path_serves_envs() {
    let sandbox = Sandbox::new();
    let names = ["ml-base:alma9", "with space", "it's $HOME!", "übung 50%", "two:co:lons"]
        .map(OsString::from);
    for name in names.into_iter().chain([OsString::from_vec(b"no\xfftext".to_vec())]) {
        let base = base().twin(&sandbox.path(&name).join("opt/conda"));
        let env = sandbox.env(
            Path::new("envs").join(&name).with_extension("e").file_name().map(safe).unwrap(),
            &base,
        );
        check(&sandbox, &env);
        let question = "import os, sys; sys.stdout.buffer.write(os.fsencode(os.path.realpath(sys.base_prefix)))";
        let told = sandbox.run(env.join("bin/python")).args(["-c", question]).ok();
        assert_eq!(told.raw, base.canonicalize().unwrap().as_os_str().as_bytes());
        std::fs::remove_dir_all(sandbox.path(&name)).unwrap();
    }
}

/// An env's own name may hold no `:`.
fn safe(name: &OsStr) -> OsString {
    OsString::from_vec(
        name.as_bytes().iter().map(|byte| if *byte == b':' { b'_' } else { *byte }).collect(),
    )
}

#[test]
fn a_colon_or_a_line_break_in_an_envs_path_is_refused_with_the_reason() {
    let sandbox = Sandbox::new();
    for (name, reason) in
        [("a:b", "separates the directories in PATH"), ("a\nb", "a line break"), ("a:b/c", "a `:`")]
    {
        let refused = sandbox.mlenv(["create", "-p", name, "--base"]).arg(&base().prefix);
        refused.fails(2, reason).hints("without it");
    }
    let names = std::fs::read_dir(sandbox.root()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.collect();
    names.sort();
    assert_eq!(names, ["home", "site"]);
}
