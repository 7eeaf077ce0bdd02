//! The projects that people clone, from `mlenv create` alone to an import that passes, on a conda base and on a plain Python.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::project::Clone;
use crate::conda::locks::{archives, conda_lock};
use crate::kit::patient::Patient;
use crate::support::testbase::base;
use crate::support::{machine, wheel};

/// A copy of the base that no conda knows of.
fn plain(clone: &Clone) -> PathBuf {
    let twin = base().twin(&clone.sandbox.path("plain"));
    std::fs::remove_dir_all(twin.join("conda-meta")).unwrap();
    twin
}

/// `create` in the clone of a project of this shape, on each sort of base; then these imports.
#[track_caller]
fn walk(files: &[(&str, &str)], words: &[&str], imports: &str) {
    for is_conda in [true, false] {
        let clone = Clone::of(files);
        let prefix = if is_conda { base().prefix.clone() } else { plain(&clone) };
        let told = clone.mlenv(&["create"]).args(words).var("MLENV_BASE", &prefix).ok();
        told.says(if is_conda { "(conda, " } else { "(python, " });
        imports_pass(&clone, imports);
    }
}

#[track_caller]
fn imports_pass(clone: &Clone, imports: &str) {
    let code = format!("import {imports}, sys; print(sys.prefix)");
    let told = clone.mlenv(&["run", "--", "python", "-c", &code]).ok();
    assert_eq!(told.out.trim(), clone.at(".venv").to_str().unwrap());
}

#[test]
fn an_analysis_with_an_environment_file() {
    let text = "name: analysis\nchannels:\n  - conda-forge\n  - nodefaults\ndependencies:\n  - python>=3.6\n  - six\n  \
                - conda-forge::click >=8\n  - pip\n  - pip:\n    - fresh\n    - greet>1\nvariables:\n  ANALYSIS: '1'\n";
    walk(
        &[("environment.yml", text), ("fit.py", "import fresh\n")],
        &[],
        "six, click, fresh, greet",
    );
}

/// An index on loopback, as a web server shows a directory.
struct Index(Child, String);

impl Index {
    fn of(dir: &Path) -> Self {
        let mut server = Command::new(&machine::python().executable);
        server.args(["-u", "-m", "http.server", "--bind", "127.0.0.1", "--directory"]).arg(dir);
        let mut child =
            server.arg("0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let port = line.split_once(" port ").unwrap().1.split(' ').next().unwrap().to_owned();
        Self(child, format!("http://127.0.0.1:{port}/simple"))
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_repository_with_requirements_and_an_index_of_its_own() {
    for is_conda in [true, false] {
        let clone = Clone::of(&[]);
        let index = clone.sandbox.path("index");
        wheel::build(&index.join("simple/special"), "special", "1.0+cu118");
        let server = Index::of(&index);
        let text = format!(
            "--extra-index-url {}\n-r base.txt\nspecial==1.0+cu118  # for the cards\nsix\nnone; sys_platform == 'win32'\n",
            server.1
        );
        clone.sandbox.write("theirs/requirements.txt", text);
        clone.sandbox.write("theirs/base.txt", "fresh\n");
        let prefix = if is_conda { base().prefix.clone() } else { plain(&clone) };
        let run = clone.mlenv(&["create"]).var("MLENV_BASE", prefix).without("PIP_NO_INDEX");
        // The main index is one that has nothing.
        run.var("PIP_INDEX_URL", format!("{}/none", server.1)).ok();
        imports_pass(&clone, "special, fresh, six");
        assert_eq!(clone.added(".venv"), ["fresh", "special"]);
    }
}

#[test]
fn a_package_with_groups() {
    let text = "[project]\nname = 'mine'\nversion = '1'\nrequires-python = '>=3.6'\ndependencies = ['fresh']\n\
                [project.optional-dependencies]\nplot = ['click']\n[dependency-groups]\ntest = ['greet>1', 'six']\n";
    walk(
        &[("pyproject.toml", text)],
        &["--group", "test", "--extra", "plot"],
        "fresh, greet, click",
    );
}

#[test]
fn a_lock_of_pythons_packagers() {
    let text = "lock-version = '1.0'\ncreated-by = 'pip'\n[[packages]]\nname = 'fresh'\nversion = '1.0'\n\
                [[packages]]\nname = 'greet'\nversion = '2.0'\n[[packages]]\nname = 'six'\nversion = '1.16.0'\n";
    walk(
        &[("pylock.toml", text), ("pyproject.toml", "[project]\nname = 'x'\n")],
        &[],
        "fresh, greet",
    );
}

#[test]
fn a_lock_of_condas_world() {
    let patient = Patient::new();
    let (server, records) = archives(&patient);
    let text = conda_lock(&server, &records, &patient.python_version());
    let clone =
        Clone::of(&[("conda-lock.yml", &text), ("environment.yml", "dependencies: [app]\n")]);
    clone.mlenv(&["create"]).ok().says("/conda-lock.yml says what is wanted");
    imports_pass(&clone, "script");
    assert_eq!(clone.sandbox.run(clone.at(".venv/bin/script")).ok().out, "script\n");
    // Half of such a lock is no package of Python's.
    let other = Clone::of(&[("conda-lock.yml", &text)]);
    let prefix = plain(&other);
    let told = other.mlenv(&["create"]).var("MLENV_BASE", prefix).fails(2, "is not a conda base");
    told.hints("--base");
    assert!(!other.at(".venv").exists());
}
