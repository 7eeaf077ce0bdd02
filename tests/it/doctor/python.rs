//! A Python that a conda client put into an env: hazard H10, with every CPython of this machine.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::kit::patient::Patient;
use crate::support::machine::{self, Facts};
use crate::support::sandbox::Sandbox;
use crate::support::testbase::slim;
use crate::support::tree;

/// A conda base with the Python of `facts`, and an env on it.
fn patient(facts: &Facts, layout: &str) -> (Sandbox, PathBuf, PathBuf) {
    let sandbox = Sandbox::new();
    let base = sandbox.path("base");
    tree::twin(&slim(facts), &base);
    std::fs::create_dir_all(base.join("conda-meta")).unwrap();
    record(&base, facts, "0", &[]);
    let env = sandbox.path("env");
    let run =
        sandbox.mlenv(["create", "-q", "--no-save", "--layout", layout, "-p", "env", "--base"]);
    run.arg(&base).ok();
    (sandbox, base, env)
}

fn record(prefix: &Path, facts: &Facts, build: &str, files: &[String]) {
    let version = &facts.version;
    let record = json!({"name": "python", "version": version, "build": build, "files": files});
    let path = prefix.join("conda-meta").join(format!("python-{version}-{build}.json"));
    std::fs::write(path, record.to_string()).unwrap();
}

/// As a client does it: the interpreter and its whole library become files of the env, with a module that is new.
fn put(env: &Path, facts: &Facts, build: &str) {
    let (name, from) = (facts.name(), slim(facts));
    let library = Path::new("lib").join(&name);
    let _ = std::fs::create_dir_all(env.join("conda-meta"));
    std::fs::create_dir_all(env.join(&library)).unwrap();
    for entry in std::fs::read_dir(env.join("conda-meta")).unwrap().flatten() {
        if entry.file_name().to_string_lossy().starts_with("python-") {
            std::fs::remove_file(entry.path()).unwrap();
        }
    }
    for entry in std::fs::read_dir(from.join(&library)).unwrap().flatten() {
        let to = env.join(&library).join(entry.file_name());
        if entry.file_name() == "site-packages" {
            std::fs::create_dir_all(to).unwrap();
        } else if entry.file_type().unwrap().is_dir() {
            tree::twin(&entry.path(), &to);
        } else {
            std::fs::hard_link(entry.path(), to).unwrap();
        }
    }
    std::fs::write(env.join(&library).join("newmod.py"), "").unwrap();
    for entry in std::fs::read_dir(from.join("lib")).unwrap().flatten() {
        let to = env.join("lib").join(entry.file_name());
        if entry.file_name().to_string_lossy().contains(".so") && !to.exists() {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
    for link in ["python", "python3"] {
        let _ = std::fs::remove_file(env.join("bin").join(link));
        std::os::unix::fs::symlink(&name, env.join("bin").join(link)).unwrap();
    }
    let program = env.join("bin").join(&name);
    let _ = std::fs::remove_file(&program);
    std::fs::copy(from.join("bin").join(&name), program).unwrap();
    let files =
        [format!("bin/{name}"), format!("lib/{name}/os.py"), format!("lib/{name}/newmod.py")];
    record(env, facts, build, &files);
}

const WHERE: &str =
    "import os, sys, newmod; print(os.path.dirname(os.__file__)); print(sys.prefix)";
/// pip must see an environment, tools the env's own library, and nothing its packages twice.
const ALONE: &str = "import os, sys, sysconfig
p = [os.path.realpath(p) for p in sys.path]
print(sys.prefix != sys.base_prefix, sysconfig.get_path('stdlib').startswith(sys.prefix + '/lib/'),
      p.count(os.path.realpath(sysconfig.get_path('purelib'))))";
const BASEPKG: &str = "import basepkg, sys; print(basepkg.__file__)";

fn kinds(sandbox: &Sandbox, words: &[&str]) -> Vec<String> {
    let told = sandbox.mlenv(["doctor", "--json", "env"]).args(words).end().json();
    let findings = told["findings"].as_array().unwrap().iter();
    findings.map(|finding| finding["kind"].as_str().unwrap().to_owned()).collect()
}

/// Hazard H10.
#[test]
fn another_python_of_the_same_minor_version_runs_on_its_own_library_and_sees_the_bases_packages() {
    // Debian's site looks for packages elsewhere where a Python is its own base; conda's never is Debian's.
    let of_conda = |facts: &Facts| !facts.base_prefix.starts_with("/usr");
    let pythons: Vec<Facts> = machine::pythons().into_iter().filter(of_conda).collect();
    if pythons.is_empty() {
        return machine::lacks("a Python that is not the system's");
    }
    for facts in pythons {
        let (sandbox, base, env) = patient(&facts, "standard");
        let before = tree::snapshot(&base);
        put(&env, &facts, "1");
        // An image's packages are compiled; these are not.
        let python = |code: &str| {
            let run = sandbox.run(env.join("bin/python")).var("PYTHONDONTWRITEBYTECODE", "1");
            run.args(["-c", code]).end()
        };
        assert!(
            !python(WHERE).status.success(),
            "the hazard is gone without us: {}",
            facts.version
        );
        assert_eq!(kinds(&sandbox, &[]), ["python-replaced"], "{}", facts.version);
        assert_eq!(kinds(&sandbox, &["--fix"]), [""; 0], "{}", facts.version);
        let told = python(WHERE);
        let library = env.join("lib").join(facts.name());
        assert_eq!(told.out, format!("{}\n{}\n", library.display(), env.display()), "{told}");
        let told = python(BASEPKG);
        assert!(told.out.contains("/baseEnv_dir/"), "{told}");
        let told = python(ALONE);
        assert_eq!(told.out, "True True 1\n", "{}: {told}", facts.version);
        let moved = sandbox.path("moved");
        std::fs::rename(&env, &moved).unwrap();
        sandbox.mlenv(["doctor", "-q", "--fix", "moved"]).ok();
        let told = sandbox.run(moved.join("bin/python")).args(["-c", WHERE]).ok();
        assert!(told.out.ends_with(&format!("{}\n", moved.display())), "{told}");
        std::fs::rename(&moved, &env).unwrap();
        sandbox.mlenv(["doctor", "-q", "--fix", "env"]).ok();
        // The client puts the base's back: its files and its record go.
        std::fs::remove_dir_all(env.join("lib").join(facts.name())).unwrap();
        for entry in std::fs::read_dir(env.join("bin")).unwrap().flatten() {
            if entry.file_name().to_string_lossy().starts_with("python") {
                std::fs::remove_file(entry.path()).unwrap();
            }
        }
        std::fs::remove_file(env.join(format!("conda-meta/python-{}-1.json", facts.version)))
            .unwrap();
        assert_eq!(kinds(&sandbox, &["--fix"]), [""; 0], "{}", facts.version);
        let told = python("import os, basepkg; print(os.__file__)");
        assert!(
            told.out.contains("/base/lib/") || told.out.contains("/baseEnv_dir/lib/"),
            "{told}"
        );
        tree::assert_same(&before, &tree::snapshot(&base), "the base");
    }
}

#[test]
fn another_minor_version_starts_right_and_the_way_back_is_told() {
    let pythons = machine::pythons();
    let (Some(old), Some(new)) =
        (pythons.first(), pythons.iter().find(|other| other.name() != pythons[0].name()))
    else {
        return machine::lacks("two minor versions of Python");
    };
    for layout in ["standard", "sparse"] {
        let (sandbox, _, env) = patient(old, layout);
        put(&env, new, "0");
        assert_eq!(kinds(&sandbox, &[]), ["python-replaced"], "{layout}");
        let told = sandbox.mlenv(["doctor", "--fix", "--json", "env"]).end();
        assert_eq!(told.status.code(), Some(1), "{told}");
        let finding = &told.json()["findings"][0];
        assert_eq!(finding["kind"], "python-replaced", "{told}");
        let cure = finding["cure"].as_str().unwrap();
        assert!(cure.contains(&format!("python={}", old.version)), "{cure}");
        let python = |code: &str| sandbox.run(env.join("bin/python")).args(["-c", code]).end();
        let told = python(WHERE);
        assert_eq!(told.out.lines().last(), env.to_str(), "{told}");
        assert!(!python(BASEPKG).status.success());
    }
}

#[test]
fn a_python_of_the_envs_own_comes_along_onto_another_base() {
    let pythons = machine::pythons();
    let Some(facts) = pythons.iter().find(|facts| !facts.base_prefix.starts_with("/usr")) else {
        return machine::lacks("a Python that is not the system's");
    };
    let (sandbox, base, env) = patient(facts, "standard");
    put(&env, facts, "1");
    assert_eq!(kinds(&sandbox, &["--fix"]), [""; 0]);
    let other = sandbox.path("other");
    tree::twin(&base, &other);
    sandbox.mlenv(["rebase", "-q", "env", "--base"]).arg(&other).ok();
    let told = sandbox.run(env.join("bin/python")).args(["-c", WHERE]).ok();
    assert_eq!(told.out.lines().last(), env.to_str(), "{told}");
    let told = sandbox.run(env.join("bin/python")).args(["-c", BASEPKG]).ok();
    assert!(told.out.contains("/baseEnv_dir/"), "{told}");
    assert_eq!(kinds(&sandbox, &[]), [""; 0]);
    let twin = sandbox.path("twin");
    sandbox.mlenv(["clone", "-q", "env", "-p", "twin"]).ok();
    let told = sandbox.run(twin.join("bin/python")).args(["-c", WHERE]).ok();
    assert_eq!(told.out.lines().last(), twin.to_str(), "{told}");
}

#[test]
fn pip_on_a_python_of_the_envs_own_leaves_the_bases_packages_alone() {
    let patient = Patient::new();
    let facts = machine::python();
    if facts.base_prefix.starts_with("/usr") {
        return machine::lacks("a Python that is not the system's");
    }
    put(&patient.env, facts, "1");
    assert_eq!(patient.fix(&patient.env), [""; 0]);
    let before = tree::snapshot(&patient.base);
    patient.pip(&["uninstall", "-q", "-y", "six"]);
    patient.pip(&["install", "-q", "--upgrade", "greet"]);
    assert_eq!(patient.python(&patient.env, "import six, greet; print(six.__version__)"), "1.16.0");
    patient.pip(&["uninstall", "-q", "-y", "greet"]);
    patient.python(&patient.env, "import greet");
    tree::assert_same(&before, &tree::snapshot(&patient.base), "the base");
}
