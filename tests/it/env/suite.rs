//! An env's Python is as good as a plain venv's: CPython's own tests, and venvs that are made in an env and outlive it.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::kit::patient::Patient;
use crate::support::machine::{self, Facts};
use crate::support::sandbox::Sandbox;
use crate::support::testbase::{base, slim};
use crate::support::tree;

/// What of CPython's suite looks at prefixes, sites, start and `venv`. Its downloads of pip are left out.
const QUICK: [&str; 3] = ["test_venv", "test_site", "test_sysconfig"];
const ALL: [&str; 5] = ["test_venv", "test_site", "test_sysconfig", "test_runpy", "test_cmd_line"];

/// The tests that fail with this Python, by name.
fn failing(sandbox: &Sandbox, prefix: &Path, modules: &[&str]) -> BTreeSet<String> {
    let tmp = sandbox.path("tmp");
    std::fs::create_dir_all(&tmp).unwrap();
    let run = sandbox.run(prefix.join("bin/python")).var("TMPDIR", &tmp).cwd(&tmp);
    let run = run.args(["-m", "test", "-v", "-i", "EnsurePipTest"]).args(modules);
    let told = run.behind(["timeout", "300"]).end();
    let text = [told.out.as_str(), told.err.as_str()].concat();
    assert!(text.matches("\nRan ").count() >= modules.len(), "the suite did not run: {told}");
    let lines = text
        .lines()
        .filter(|line| ["FAIL: ", "ERROR: "].iter().any(|start| line.starts_with(start)));
    lines.map(str::to_owned).collect()
}

#[test]
fn cpythons_own_suite_fails_nowhere_that_it_passes_from_a_plain_venv() {
    let with_suite = |facts: &Facts| facts.stdlib.join("test/test_venv.py").is_file();
    let pythons: Vec<Facts> = machine::pythons().into_iter().filter(with_suite).collect();
    if pythons.is_empty() {
        return machine::lacks("a Python that has its own test suite");
    }
    for (at, facts) in pythons.iter().enumerate() {
        let sandbox = Sandbox::new();
        let plain = sandbox.path("plain");
        sandbox.run(&facts.executable).args(["-m", "venv", "--without-pip"]).arg(&plain).ok();
        let env = sandbox.env("env", &facts.base_prefix);
        let modules = if at + 1 == pythons.len() { &ALL[..] } else { &QUICK[..] };
        let known = failing(&sandbox, &plain, modules);
        let ours = failing(&sandbox, &env, modules);
        let more: Vec<&String> = ours.difference(&known).collect();
        assert!(more.is_empty(), "Python {}: {more:#?}", facts.version);
    }
}

/// Starts in a venv, with what it stands on.
const WHERE: &str = "import os, sys, ssl; print(os.path.realpath(sys.base_prefix))";

#[test]
fn a_venv_made_in_an_env_outlives_the_envs_rename_and_removal() {
    // Before 3.11 a venv that is made in a venv stands on that one, whoever made it.
    let pythons = machine::pythons().into_iter();
    for facts in pythons
        .filter(|facts| !["python3.8", "python3.9", "python3.10"].contains(&facts.name().as_str()))
    {
        let sandbox = Sandbox::new();
        let env = sandbox.env("env", &facts.base_prefix);
        let venv = sandbox.path("venv");
        sandbox.run(env.join("bin/python")).args(["-m", "venv", "--without-pip"]).arg(&venv).ok();
        let ask = || sandbox.run(venv.join("bin/python")).args(["-c", WHERE]).ok().out;
        let expected = format!("{}\n", facts.base_prefix.canonicalize().unwrap().display());
        assert_eq!(ask(), expected);
        let told = sandbox.mlenv(["rename"]).arg(&env).arg("new").ok();
        assert!(!told.err.contains("venv"), "{told}");
        assert_eq!(ask(), expected, "{}", facts.version);
        let told = sandbox.mlenv(["remove"]).arg(sandbox.path("new")).ok();
        assert!(!told.err.contains("venv"), "{told}");
        assert_eq!(ask(), expected, "{}", facts.version);
    }
}

#[test]
fn where_the_bases_path_cannot_stand_in_a_pyvenv_cfg_rename_and_remove_tell_of_venvs() {
    let sandbox = Sandbox::new();
    let odd = sandbox.path("ml-base:alma9/opt/conda");
    tree::twin(&slim(machine::python()), &odd);
    sandbox.env("env", &odd);
    sandbox.mlenv(["rename", "./env", "new"]).ok().says("any venv that was made in it names");
    sandbox.mlenv(["remove", "./new"]).ok().says("any venv that was made in it stood on it");
}

/// As mlenv made envs before: every name of the interpreter leads through the env.
pub(crate) fn age(env: &Path) {
    for name in ["python", "python3", &base().python] {
        let link = env.join("bin").join(name);
        std::fs::remove_file(&link).unwrap();
        let target = Path::new("../baseEnv_dir/bin").join(&base().python);
        std::os::unix::fs::symlink(target, link).unwrap();
    }
    let record = env.join("mlenv.toml");
    let text = std::fs::read_to_string(&record).unwrap();
    std::fs::write(record, text.replacen("schema = 2", "schema = 1", 1)).unwrap();
}

#[test]
fn kernels_and_helpers_that_were_links_become_files() {
    let script = |base: &Path| {
        let text = format!("#!{}/bin/python3\nimport sys\nprint(sys.prefix)\n", base.display());
        for path in ["libexec/tools/helper", "sbin/toolsd"] {
            let path = base.join(path);
            std::fs::remove_file(&path).unwrap();
            std::fs::write(&path, &text).unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        }
    };
    let patient = Patient::prepared("full", script);
    let paths = ["share/jupyter/kernels/greet/kernel.json", "libexec/tools/helper", "sbin/toolsd"];
    let texts: Vec<Vec<u8>> =
        paths.iter().map(|path| std::fs::read(patient.at(path)).unwrap()).collect();
    for path in paths {
        std::fs::remove_file(patient.at(path)).unwrap();
        let climb = "../".repeat(path.matches('/').count());
        std::os::unix::fs::symlink(format!("{climb}baseEnv_dir/{path}"), patient.at(path)).unwrap();
    }
    patient.finds_and_mends(&["links-to-programs"]);
    for (path, text) in paths.iter().zip(texts) {
        assert_eq!(std::fs::read(patient.at(path)).unwrap(), text, "{path}");
    }
    for path in &paths[1..] {
        let told = patient.sandbox.run(patient.at(path)).ok();
        assert_eq!(told.out, format!("{}\n", patient.env.display()), "{path}");
    }
}

fn interpreter(env: &Path) -> PathBuf {
    std::fs::read_link(env.join("bin").join(&base().python)).unwrap()
}

#[test]
fn an_env_of_an_older_mlenv_gets_the_bases_interpreter_by_doctor() {
    for layout in ["standard", "sparse"] {
        let patient = Patient::with_layout(layout);
        let expected = patient.base.canonicalize().unwrap().join("bin").join(&base().python);
        assert_eq!(interpreter(&patient.env), expected);
        age(&patient.env);
        patient.finds_and_mends(&["python-indirect"]);
        assert_eq!(interpreter(&patient.env), expected);
        let record = std::fs::read_to_string(patient.at("mlenv.toml")).unwrap();
        assert!(record.starts_with("schema = 2\n"), "{record}");
        std::fs::remove_file(patient.at("bin").join(&base().python)).unwrap();
        patient.finds_and_mends(&["entries-missing"]);
        assert_eq!(interpreter(&patient.env), expected);
    }
}

#[test]
fn the_interpreter_follows_the_base_in_doctor_rebase_and_unpack() {
    let patient = Patient::new();
    let sandbox = &patient.sandbox;
    let at = |prefix: &Path| prefix.canonicalize().unwrap().join("bin").join(&base().python);
    let runs = |env: &Path, prefix: &Path| {
        assert_eq!(interpreter(env), at(prefix));
        let told = patient.python(env, "import sys; print(sys.base_prefix)");
        assert_eq!(Path::new(&told).canonicalize().unwrap(), prefix.canonicalize().unwrap());
    };
    let other = base().twin(&sandbox.path("other"));
    sandbox.mlenv(["pack", "-q", "./env", "-o", "old.mlenv"]).ok();
    sandbox.mlenv(["rebase", "-q", "./env", "--base"]).arg(&other).ok();
    runs(&patient.env, &other);
    sandbox.mlenv(["pack", "./env", "-o", "new.mlenv"]).ok().says("packed");
    sandbox.mlenv(["unpack", "-q", "new.mlenv", "-p", "a", "--base"]).arg(&patient.base).ok();
    runs(&sandbox.path("a"), &patient.base);
    assert_eq!(patient.findings_at(&sandbox.path("a")), [""; 0]);
    age(&patient.env);
    sandbox.mlenv(["pack", "-q", "./env", "-o", "aged.mlenv"]).ok();
    sandbox.mlenv(["unpack", "-q", "aged.mlenv", "-p", "b", "--base"]).arg(&other).ok();
    runs(&sandbox.path("b"), &other);
    assert_eq!(patient.findings_at(&sandbox.path("b")), [""; 0]);
    // A base that has its name elsewhere.
    sandbox.mlenv(["doctor", "-q", "--fix", "./env"]).ok();
    sandbox.mlenv(["base", "add", "-q", "--name", "ml"]).arg(&other).ok();
    let moved = sandbox.path("moved");
    std::fs::rename(&other, &moved).unwrap();
    sandbox.mlenv(["base", "add", "-q", "--force", "--name", "ml"]).arg(&moved).ok();
    sandbox.mlenv(["doctor", "-q", "--fix", "./env"]).ok();
    runs(&patient.env, &moved);
}
