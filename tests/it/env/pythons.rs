//! `pyvenv.cfg` for every CPython on this machine: the right prefixes, the right order, whatever the base's path.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use crate::support::machine::{self, Facts};
use crate::support::sandbox::Sandbox;
use crate::support::testbase;

/// What a Python in an env says of itself, as raw paths.
struct Told {
    prefix: PathBuf,
    base_prefix: PathBuf,
    stdlib: PathBuf,
    path: Vec<PathBuf>,
}

const QUESTION: &str = "import os, sys
lines = [sys.prefix, sys.base_prefix, os.path.dirname(os.__file__)] + [p for p in sys.path if p]
sys.stdout.buffer.write(b'\\n'.join(map(os.fsencode, lines)))";

fn ask(sandbox: &Sandbox, env: &Path) -> Told {
    let told = sandbox.run(env.join("bin/python")).args(["-c", QUESTION]).ok();
    let mut lines = told
        .raw
        .split(|byte| *byte == b'\n')
        .map(|line| PathBuf::from(OsString::from_vec(line.to_vec())));
    let mut next = || lines.next().unwrap();
    Told { prefix: next(), base_prefix: next(), stdlib: next(), path: lines.collect() }
}

/// The laws, for any base and any env.
#[track_caller]
fn check(told: &Told, env: &Path, base: &Path, python: &str) {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    assert_eq!(told.prefix, env);
    assert_eq!(real(&told.base_prefix), real(base), "{}", told.base_prefix.display());
    assert_eq!(
        real(&told.stdlib),
        real(&base.join("lib").join(python)),
        "{}",
        told.stdlib.display()
    );
    let site = env.join("lib").join(python).join("site-packages");
    let at = |wanted: &dyn Fn(&Path) -> bool| told.path.iter().position(|path| wanted(path));
    let stdlib = at(&|path| real(path) == real(&told.stdlib)).expect("the standard library");
    let ours = at(&|path| path == site).expect("the env's site-packages");
    let theirs = at(&|path| {
        path.ends_with("site-packages") && path != site || path.ends_with("dist-packages")
    });
    let theirs = theirs.expect("the base's packages");
    assert!(stdlib < ours && ours < theirs, "{:?}", told.path);
    assert!(
        !told.path.iter().any(|path| path.as_os_str().as_bytes().contains(&b':')),
        "{:?}",
        told.path
    );
}

#[test]
fn every_cpython_takes_the_env_for_an_env_on_its_base() {
    for facts in machine::pythons() {
        let sandbox = Sandbox::new();
        let env = sandbox.path("e");
        let made = sandbox.mlenv(["create", "-p", "e", "--base"]).arg(&facts.base_prefix).ok();
        assert!(made.err.contains(&format!("Python {}", facts.version)), "{made}");
        assert!(made.err.contains("layout sparse"), "{made}");
        check(&ask(&sandbox, &env), &env, &facts.base_prefix, &facts.name());
        let told = sandbox
            .run(env.join("bin").join(facts.name()))
            .args(["-c", "import ssl, ctypes, venv, sys; print(sys.flags.no_user_site)"])
            .ok();
        assert_eq!(told.err, "", "a warning");
    }
}

#[test]
fn every_cpython_starts_where_the_path_of_base_or_env_is_odd() {
    for facts in machine::pythons() {
        let sandbox = Sandbox::new();
        let slim = testbase::slim(&facts);
        // Twins are the costly part: two odd bases, and the plain one as it is.
        let bases: Vec<PathBuf> = [OsString::from("ml-base:alma9"), no_text()]
            .iter()
            .map(|name| twin_of(&slim, &sandbox.path(name).join("opt/conda")))
            .chain([slim.clone()])
            .collect();
        for (at, (base, env)) in odd_pairs(&bases).into_iter().enumerate() {
            let env = sandbox.path(format!("e{at}")).join(env);
            sandbox.mlenv(["create", "-q", "-p"]).arg(&env).arg("--base").arg(base).ok();
            let told = ask(&sandbox, &env);
            check(&told, &env, base, &facts.name());
            // CPython from 3.12 on loads no compiled module from a path that is not UTF-8, with or without us.
            let text = told.base_prefix.to_str().is_some();
            let compiled = if text { ", ctypes, ssl, json, subprocess" } else { "" };
            let code = format!("import basepkg{compiled}");
            let told = sandbox.run(env.join("bin/python")).args(["-c", &code]).ok();
            assert_eq!(told.err, "", "{} on {}", env.display(), base.display());
        }
    }
}

fn odd_pairs(bases: &[PathBuf]) -> Vec<(&PathBuf, OsString)> {
    let [colon, bytes, plain] = bases else { panic!("three bases") };
    let text = |text: &str| OsString::from(text);
    vec![
        (colon, text("plain")),
        (colon, text("it's a \"$HOME\" 100%!")),
        (colon, no_text()),
        (bytes, text("plain")),
        (bytes, no_text()),
        (plain, no_text()),
        (plain, text("sp ace übung")),
    ]
}

/// A name that is not UTF-8.
fn no_text() -> OsString {
    OsString::from_vec(b"no\xfftext".to_vec())
}

fn twin_of(prefix: &Path, to: &Path) -> PathBuf {
    crate::support::tree::twin(prefix, to);
    to.to_owned()
}

#[test]
fn the_systems_python_gives_an_env_nothing_of_its_programs_but_python_and_pip() {
    let Some(facts) = Facts::of(Path::new("/usr/bin/python3")) else {
        return machine::lacks("a Python in /usr");
    };
    let sandbox = Sandbox::new();
    for (at, base) in ["/usr", "/usr/bin/python3"].iter().enumerate() {
        let env = sandbox.path(format!("e{at}"));
        let told = sandbox.mlenv(["create", "--base", base, "-p"]).arg(&env).ok();
        assert!(told.err.contains("(system, Python "), "{told}");
        let allowed = ["python", "python3", "pip", "pip3", &facts.name()].map(OsString::from);
        for entry in std::fs::read_dir(env.join("bin")).unwrap() {
            let name = entry.unwrap().file_name();
            let activates = name.to_string_lossy().starts_with("activate");
            assert!(activates || allowed.contains(&name), "{}", name.display());
        }
        sandbox
            .run(env.join("bin/python"))
            .args(["-c", "import sys; assert sys.prefix != sys.base_prefix"])
            .ok();
        if env.join("bin/pip").exists() {
            crate::support::wheel::build(&sandbox.path("wheels"), "fresh", "1.0");
            let run = sandbox.run(env.join("bin/pip")).args([
                "install",
                "-q",
                "--no-index",
                "fresh",
                "--find-links",
            ]);
            run.arg(sandbox.path("wheels")).ok();
            assert!(env.join("lib").join(facts.name()).join("site-packages/fresh").is_dir());
        }
    }
}
