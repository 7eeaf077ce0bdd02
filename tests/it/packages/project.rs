//! `create` in a project: from a clone to an env with what the project's file asks for, in one command.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::Value;

use crate::kit::client::address;
use crate::support::sandbox::{Run, Sandbox};
use crate::support::testbase::base;
use crate::support::wheel;

/// A clone of somebody's project.
pub(super) struct Clone {
    pub(super) sandbox: Sandbox,
}

impl Clone {
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let sandbox = Sandbox::new();
        for (name, version) in [("greet", "2.0"), ("fresh", "1.0")] {
            wheel::build(&sandbox.path("wheels"), name, version);
        }
        std::fs::create_dir(sandbox.path("theirs")).unwrap();
        for (name, text) in files {
            sandbox.write(format!("theirs/{name}"), text);
        }
        Self { sandbox }
    }

    pub(super) fn mlenv(&self, words: &[&str]) -> Run {
        let settings = self.sandbox.write("condarc", format!("channels:\n  - {}\n", address()));
        let run = self.sandbox.mlenv(words).cwd(self.sandbox.path("theirs"));
        let run = run.var("MLENV_BASE", &base().prefix).var("PIP_NO_INDEX", "1");
        run.var("PIP_FIND_LINKS", self.sandbox.path("wheels"))
            .var("MLENV_SITE", self.sandbox.path("no-site"))
            .var("CONDARC", settings)
    }

    pub(super) fn at(&self, path: &str) -> PathBuf {
        self.sandbox.path("theirs").join(path)
    }

    pub(super) fn added(&self, env: &str) -> Vec<String> {
        let told = self.mlenv(&["packages", "--added", "--json", env]).ok().json();
        let name = |row: &Value| row["name"].as_str().unwrap().to_owned();
        told.as_array().unwrap().iter().map(name).collect()
    }
}

#[test]
fn a_clone_becomes_a_working_env_in_one_command() {
    let clone = Clone::of(&[("requirements.txt", "six\ngreet>1\n"), ("poetry.lock", "")]);
    let told = clone.mlenv(&["create"]).ok();
    let told = told.says("/requirements.txt says what is wanted").says("not read: poetry.lock");
    told.says("/theirs/.mlenv.toml: entering this directory activates the env");
    let env = clone.at(".venv");
    let told = clone.sandbox.run(env.join("bin/greet")).ok();
    assert_eq!(told.out, format!("2.0 {}\n", env.display()));
    assert_eq!(clone.added("./.venv"), ["greet"], "six is the base's");
    let record = clone.mlenv(&["info", "--json", "./.venv"]).ok().json();
    assert_eq!(record["record"]["requests"]["pip"]["six"], "six");
    let told =
        clone.mlenv(&["run", "--", "python", "-c", "import greet, sys; print(sys.prefix)"]).ok();
    assert_eq!(told.out.trim(), env.to_str().unwrap(), "the marker is trusted");
    clone.mlenv(&["create"]).fails(1, "/.venv is already there");
    clone.mlenv(&["create", "--force", "-q"]).end().says("required");
    clone.mlenv(&["remove", ".venv"]).ok();
    clone.mlenv(&["create", "-q"]).ok();
}

#[test]
fn condas_part_comes_from_channels_and_pips_from_pip() {
    let text = "name: x\ndependencies:\n  - python>=3\n  - app\n  - tools>=3,<4\n  - pip\n  - pip:\n    - fresh\n";
    let clone = Clone::of(&[("environment.yml", text), ("requirements.txt", "greet>1\n")]);
    let told = clone.mlenv(&["create"]).ok();
    told.says("/environment.yml says what is wanted").says("not read: requirements.txt");
    let added = clone.added(".venv");
    assert!(
        ["app", "fresh", "tools"].iter().all(|name| added.contains(&(*name).to_owned())),
        "{added:?}"
    );
    assert!(!added.contains(&"greet".to_owned()), "{added:?}");
    assert_eq!(clone.sandbox.run(clone.at(".venv/bin/app")).ok().out, "app\n");
}

#[test]
fn the_first_rank_is_taken_and_of_two_of_one_rank_none_off_a_terminal() {
    let project = "[project]\nname = 'x'\ndependencies = ['fresh']\n";
    let clone = Clone::of(&[
        ("environment.yml", "dependencies: []\n"),
        ("environment.yaml", ""),
        ("pyproject.toml", "[tool.ruff]\n"),
    ]);
    let told = clone
        .mlenv(&["create"])
        .fails(2, "several files say what is wanted: environment.yml, environment.yaml");
    told.hints("-f FILE");
    assert!(!clone.at(".venv").exists());
    clone.sandbox.write("theirs/pyproject.toml", project);
    let told = clone.mlenv(&["create"]).ok().says("/pyproject.toml says what is wanted");
    told.says("not read: environment.yml, environment.yaml");
    clone.mlenv(&["export", ".venv", "-o", "mine.toml"]).ok();
    clone.mlenv(&["remove", ".venv"]).ok();
    let told = clone.mlenv(&["create"]).ok();
    told.says("/mine.toml says what is wanted");
    assert_eq!(clone.added(".venv"), ["fresh"]);
    for option in ["-f", "--file", "--from"] {
        clone
            .mlenv(&["create", "--force", "-q", "--no-save", "-p", "other", option, "mine.toml"])
            .ok();
        assert_eq!(clone.added("./other"), ["fresh"]);
    }
    clone.mlenv(&["create", "-q", "--no-save", "chosen", "-f", "pyproject.toml"]).ok();
    assert_eq!(clone.added("./chosen"), ["fresh"]);
}

#[test]
fn a_place_or_a_name_gives_a_bare_env_and_so_does_a_project_without_a_file() {
    let clone = Clone::of(&[]);
    let told = clone.mlenv(&["create"]).ok();
    told.says("has no file that says what it needs: a bare env");
    assert!(clone.at(".venv/mlenv.toml").is_file());
    clone.sandbox.write("theirs/requirements.txt", "fresh\n");
    clone.mlenv(&["create", "myEnv"]).ok();
    assert!(clone.at("myEnv/mlenv.toml").is_file() && clone.added("./myEnv").is_empty());
    clone.mlenv(&["create", "-p", "a", "b"]).end().says("cannot be used with");
}

#[test]
fn the_env_of_the_nearest_trusted_marker_is_the_projects() {
    let clone = Clone::of(&[("requirements.txt", "fresh\n"), ("src/deep/x.py", "")]);
    clone.mlenv(&["create", "-q", "-p", "named"]).ok();
    clone.mlenv(&["create"]).cwd(clone.at("src/deep")).fails(1, "/theirs/named is already there");
    std::fs::remove_dir_all(clone.at("named")).unwrap();
    clone.mlenv(&["create"]).cwd(clone.at("src/deep")).ok().says("/theirs/requirements.txt says");
    assert_eq!(clone.added("./named"), ["fresh"]);
    assert!(!clone.at("src/deep/.venv").exists());
    // One that nobody allowed counts where it is, for what is inside.
    let other = Clone::of(&[(".mlenv.toml", "env = './inside'\n"), ("src/x", "")]);
    other.mlenv(&["create", "-q"]).ok();
    assert!(other.at("inside/mlenv.toml").is_file());
    for named in ["../outside", "inside/../../outside", "/outside", "tune"] {
        let other = Clone::of(&[(".mlenv.toml", &format!("env = '{named}'\n"))]);
        other.mlenv(&["create"]).ok().says("is not trusted, and does not count");
        assert!(other.at(".venv/mlenv.toml").is_file(), "{named}");
    }
}

#[test]
fn what_is_nobodys_project_is_refused_and_what_others_made_stays() {
    let clone = Clone::of(&[]);
    let sandbox = &clone.sandbox;
    let refused = |dir: PathBuf, words: &str| {
        clone.mlenv(&["create"]).cwd(&dir).fails(2, words).hints("mlenv create -p DIR");
        assert!(!dir.join(".venv").exists());
    };
    refused(sandbox.path("home"), "your home directory");
    refused("/".into(), "the root of the file system");
    std::fs::create_dir(sandbox.path("shared")).unwrap();
    std::fs::set_permissions(sandbox.path("shared"), PermissionsExt::from_mode(0o1777)).unwrap();
    refused(sandbox.path("shared"), "a directory that everybody shares");
    clone.mlenv(&["create", "-q", "--no-save", "myEnv"]).ok();
    refused(clone.at("myEnv/bin"), "inside an env");
    sandbox.write("theirs/.venv/pyvenv.cfg", "home = /usr/bin\n");
    clone.mlenv(&["create"]).fails(2, "/.venv is not an env of mlenv, and stays as it is");
    assert_eq!(std::fs::read_dir(clone.at(".venv")).unwrap().count(), 1);
}

#[test]
fn what_cannot_be_had_is_told_before_anything_is_made_and_what_fails_leaves_the_env() {
    let clone = Clone::of(&[("pyproject.toml", "[project]\nrequires-python = '<3'\n")]);
    clone.mlenv(&["base", "add", "-q", "--name", "ml"]).arg(&base().prefix).ok();
    clone.mlenv(&["create"]).fails(2, "asks for Python <3, and the base ");
    clone
        .sandbox
        .write("theirs/pyproject.toml", "[project]\ndependencies = ['fresh', 'nothing-like-it']\n");
    let plain = "dependencies: [cxx-compiler]\n";
    clone.sandbox.write("theirs/plain.yml", plain);
    clone
        .mlenv(&["create", "-f", "plain.yml", "--base", "/usr"])
        .fails(2, "not a conda base: cxx-compiler");
    assert!(!clone.at(".venv").exists() && !clone.at(".mlenv.toml").exists());
    clone.mlenv(&["create"]).fails(2, "was made, but not all of its packages");
    let record = clone.mlenv(&["info", "--json", ".venv"]).ok().json();
    assert_eq!(record["record"]["requests"]["pip"]["fresh"], "fresh");
}

#[test]
fn sync_brings_an_env_to_what_the_file_asks_for_by_now_and_does_nothing_twice() {
    let clone = Clone::of(&[("requirements.txt", "six\n-r more.txt\n"), ("more.txt", "fresh\n")]);
    clone.mlenv(&["sync"]).fails(1, "there is no env of a project here").hints("mlenv create");
    clone.mlenv(&["create", "-q"]).ok();
    assert_eq!(clone.added(".venv"), ["fresh"]);
    let record = std::fs::read(clone.at(".venv/mlenv.toml")).unwrap();
    // Without an index or a pip there is nothing that could be done.
    let nothing = |words: &[&str]| {
        let told = clone.mlenv(words).var("PIP_FIND_LINKS", "/nowhere").cwd(clone.at("."));
        told.ok().says("/.venv has what requirements.txt asks for");
    };
    nothing(&["sync"]);
    nothing(&["sync", "--prune"]);
    assert!(std::fs::read(clone.at(".venv/mlenv.toml")).unwrap() == record);
    clone.mlenv(&["uninstall", "-q", "-p", ".venv", "fresh"]).ok();
    clone.mlenv(&["sync"]).ok().says("will add: fresh 1.0");
    // A nested file changes too, and what does not fit any more is replaced.
    clone.sandbox.write("theirs/more.txt", "greet>1\n");
    let told = clone.mlenv(&["sync", "--dry-run"]).ok();
    assert!(told.out.contains("will shadow packages of the base: greet 2.0"), "{told}");
    let told = clone.mlenv(&["sync"]).ok().says("no longer asked for: fresh");
    told.hints("--prune");
    assert_eq!(clone.added(".venv"), ["fresh", "greet"]);
    clone.mlenv(&["sync", "--prune"]).ok().says("will remove: fresh 1.0");
    assert_eq!(clone.added(".venv"), ["greet"]);
    nothing(&["sync"]);
    wheel::build(&clone.sandbox.path("wheels"), "greet", "3.0");
    clone.sandbox.write("theirs/more.txt", "greet>=3\n");
    clone.mlenv(&["sync"]).ok().says("will replace in the env: greet 3.0 (for 2.0)");
}

#[test]
fn sync_prunes_nothing_that_the_file_did_not_ask_for_and_keeps_the_parts_that_were_wanted() {
    let project = "[project]\nname = 'x'\ndependencies = ['six']\n[project.optional-dependencies]\nall = ['fresh']\n";
    let clone = Clone::of(&[("pyproject.toml", project)]);
    clone.mlenv(&["create", "-q", "--extra", "all"]).ok();
    clone.mlenv(&["install", "-q", "-p", ".venv", "--pip", "greet>1"]).ok();
    clone.mlenv(&["sync"]).ok().says("/.venv has what pyproject.toml asks for");
    clone.sandbox.write("theirs/pyproject.toml", project.replace("'six'", ""));
    clone.mlenv(&["sync", "--prune"]).ok();
    assert_eq!(clone.added(".venv"), ["fresh", "greet"]);
    clone.sandbox.write("theirs/pyproject.toml", project.replace("'fresh'", ""));
    clone.mlenv(&["sync", "--prune"]).ok().says("will remove: fresh 1.0");
    assert_eq!(clone.added(".venv"), ["greet"]);
    std::fs::remove_file(clone.at(".mlenv.toml")).unwrap();
    clone.mlenv(&["sync"]).fails(1, "there is no env of a project here");
    clone.mlenv(&["sync", "-p", ".venv"]).ok();
}
