//! `install -f`: what a project's file asks for, of any sort, with a real pip and mlenv's own installer of conda packages.

use serde_json::json;

use crate::kit::client::address;
use crate::kit::patient::Patient;
use crate::support::sandbox::Run;
use crate::support::testbase::base;

impl Patient {
    /// `mlenv install -p env -f FILE` with the wheels and the test channel.
    fn of_file(&self, name: &str, text: &str, words: &[&str]) -> Run {
        self.sandbox.write(name, text);
        self.native("install", &["-f", name])
            .args(words)
            .var("PIP_NO_INDEX", "1")
            .var("PIP_FIND_LINKS", self.sandbox.path("wheels"))
    }
}

#[test]
fn an_environment_file_gives_condas_packages_to_conda_and_pips_to_pip() {
    let patient = Patient::new();
    let text = format!(
        "name: x\nchannels:\n  - {}\nvariables: {{A: '1'}}\ndependencies:\n  - python={}\n  - pip\n  - app>=1\n  - tools=2.0\n  - pip:\n    - greet>1\n    - six\n    - --pre\n",
        address(),
        base().version
    );
    let told = patient.of_file("environment.yml", &text, &[]).ok();
    let told =
        told.says("set while the env is active: A").says("`--pre` below `pip:` is passed over");
    let told = told
        .says("will add: app 1.0, fresh 1.0")
        .says("will shadow packages of the base: greet 2.0 (for 1.0)");
    assert!(!told.err.contains("tools 2"), "the base's does: {told}");
    assert_eq!(patient.added(), ["app 1.0", "fresh 1.0", "greet 2.0"]);
    let requests = patient.requests();
    assert_eq!(requests["conda"], json!({"app": "app>=1", "pip": "pip", "tools": "tools=2.0"}));
    assert_eq!(requests["pip"], json!({"greet": "greet>1", "six": "six"}));
    assert_eq!(patient.findings(), [""; 0]);
    let again = patient.of_file("environment.yml", &text, &[]).ok();
    assert!(!again.err.contains("pip does the work"), "{again}");
    again.says("everything is already there");
}

#[test]
fn what_the_base_fulfils_is_recorded_and_no_tool_is_asked() {
    let patient = Patient::new();
    let pip = patient.base.join(base().site()).join("pip");
    std::fs::remove_dir_all(pip).unwrap(); // it could not even start
    let text = "six>=1.10\nnone; sys_platform == 'win32'\n";
    patient.of_file("requirements.txt", text, &[]).ok().says("everything is already there");
    assert_eq!(patient.requests()["pip"]["six"], "six>=1.10");
}

#[test]
fn a_pyproject_its_extras_and_groups_a_lock_and_a_script_are_read() {
    let patient = Patient::with_layout("sparse");
    let text = "[project]\nname = 'demo'\nversion = '1'\ndependencies = ['six']\n[project.optional-dependencies]\nmore = ['fresh']\n[dependency-groups]\nall = [{include-group = 'new'}]\nnew = ['greet>1']\n";
    let run = patient.of_file("pyproject.toml", text, &[]).ok();
    run.says("not asked for: more (`--extra NAME` adds one)").says("not asked for: all, new");
    assert!(patient.added().is_empty());
    let run = patient.of_file("pyproject.toml", text, &["--extra", "more", "--group", "all"]);
    run.ok().says("will add: fresh 1.0").says("greet 2.0 (for 1.0)");
    assert_eq!(patient.added(), ["fresh 1.0", "greet 2.0"]);
    patient.packages("uninstall", &["-q", "fresh", "greet"]).ok();
    let lock = "lock-version = '1.0'\n[[packages]]\nname = 'fresh'\nversion = '1.0'\n[[packages]]\nname = 'none'\nversion = '1'\nmarker = \"sys_platform == 'win32'\"\n";
    patient.of_file("pylock.toml", lock, &[]).ok().says("the hashes in it are not compared");
    assert_eq!(patient.requests()["pip"]["fresh"], "fresh==1.0");
    let script = "# /// script\n# dependencies = ['greet==2.0']\n# ///\nimport greet\n";
    patient.of_file("run.py", script, &["--dry-run"]).ok();
    patient.of_file("run.py", script, &[]).ok();
    assert_eq!(patient.added(), ["fresh 1.0", "greet 2.0"]);
}

#[test]
fn what_cannot_be_had_here_is_told_before_anything_is_installed() {
    let patient = Patient::new();
    let python = "[project]\nname = 'x'\nrequires-python = '<3'\ndependencies = ['fresh']\n";
    let told = patient
        .of_file("pyproject.toml", python, &[])
        .fails(2, "asks for Python <3, and the base ");
    told.hints("--base");
    let known = patient.sandbox.mlenv(["base", "add", "-q", "--name", "ml"]).arg(&patient.base);
    known.ok();
    let other = "dependencies:\n  - python=2.7\n  - app\n";
    patient.of_file("env.yml", other, &[]).fails(2, "asks for Python 2.7, and the base ");
    let dynamic = "[project]\nname = 'x'\ndynamic = ['dependencies']\n";
    patient
        .of_file("pyproject.toml", dynamic, &[])
        .fails(2, "asking the project in ")
        .hints("pip wheel");
    patient.of_file("uv.lock", "", &[]).fails(2, "its `version` is 0").hints("uv export");
    patient.of_file("poetry.lock", "", &[]).fails(2, "not read").hints("poetry export");
    patient
        .of_file("requirements.txt", "six\n", &["--extra", "x"])
        .fails(2, "only a pyproject.toml");
    assert!(patient.added().is_empty());
}

#[test]
fn on_a_plain_python_condas_names_are_pips_where_they_are_the_same_and_told_where_not() {
    let patient = Patient::new();
    patient.sandbox.mlenv(["create", "-q", "--no-save", "-p", "plain", "--base", "/usr"]).ok();
    let text = "dependencies:\n  - python>=3\n  - root=6.30\n  - six\n  - cxx-compiler\n  - pip\n";
    patient.sandbox.write("environment.yml", text);
    let run = patient.sandbox.mlenv(["install", "-p", "plain", "-f", "environment.yml"]);
    run.fails(2, "asks for packages of conda, and /usr is not a conda base: ")
        .says("root=6.30, cxx-compiler")
        .hints("--base");
}

#[test]
fn nothing_of_a_file_becomes_an_option() {
    let patient = Patient::new();
    for (name, text) in [
        ("a.yml", "dependencies:\n  - --root-prefix=/x\n"),
        ("b.yml", "channels: ['--prefix=/x']\ndependencies: [app]\n"),
        ("c.yml", "dependencies:\n  - pip:\n    - \"six\\u0085--target=/x\"\n"),
        ("pyproject.toml", "[project]\ndependencies = ['--target=/x']\n"),
        ("pylock.toml", "lock-version = '1.0'\n[[packages]]\nname = '-t'\nversion = '1'\n"),
        ("d.py", "# /// script\n# dependencies = ['-rx']\n# ///\n"),
    ] {
        patient.of_file(name, text, &[]).fails(2, "could not use ").says(" is not a ");
    }
    assert!(patient.added().is_empty());
}
