//! What of a project's file comes into an env, and what stays the base's.

use std::path::Path;

use super::project::Clone;
use crate::env::remove::on_terminal;
use crate::support::sandbox::Sandbox;
use crate::support::testbase::base;
use crate::support::wheel;

/// A backend that writes its project's wheel, with one dependency, by hand.
const BACKEND: &str = "def build_wheel(to, config_settings=None, metadata_directory=None):
    import zipfile
    name = 'own-1-py3-none-any.whl'
    with zipfile.ZipFile(to + '/' + name, 'w') as wheel:
        info = 'own-1.dist-info/'
        needs = 'Requires-Dist: fresh\\nRequires-Dist: greet>1; extra == \"more\"\\nProvides-Extra: more\\n'
        wheel.writestr(info + 'METADATA', 'Metadata-Version: 2.1\\nName: own\\nVersion: 1\\n' + needs)
        wheel.writestr(info + 'WHEEL', 'Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
        wheel.writestr(info + 'RECORD', '')
    return name
";

fn uv_lock(greet: &str) -> String {
    format!(
        "version = 1\nrequires-python = '>=3.8'\n\
         [[package]]\nname = 'own'\nversion = '0.1'\nsource = {{ virtual = '.' }}\n\
         dependencies = [{{ name = 'greet' }}, {{ name = 'fresh' }}]\n\
         [[package]]\nname = 'greet'\nversion = '{greet}'\nsource = {{ registry = 'x' }}\n\
         [[package]]\nname = 'fresh'\nversion = '1.0'\nsource = {{ registry = 'x' }}\n"
    )
}

#[test]
fn a_locks_versions_hold_for_what_the_base_lacks_and_exact_takes_all() {
    let clone = Clone::of(&[("uv.lock", &uv_lock("2.0")), ("pyproject.toml", "[project]\n")]);
    let told = clone.mlenv(&["create"]).ok().says("/uv.lock says what is wanted");
    told.says("not read: pyproject.toml");
    assert_eq!(clone.added(".venv"), ["fresh"], "the base's greet will do");
    clone.mlenv(&["sync"]).ok().says("has what uv.lock asks for");
    clone.mlenv(&["sync", "--exact", "--frozen-base"]).fails(1, "would be shadowed: greet 2.0");
    clone.mlenv(&["sync", "--exact"]).ok();
    assert_eq!(clone.added(".venv"), ["fresh", "greet"]);
}

#[test]
fn a_locks_version_is_taken_where_the_bases_does_not_do() {
    let clone = Clone::of(&[("uv.lock", &uv_lock("2.0"))]);
    for version in ["2.5", "3.0"] {
        wheel::build(&clone.sandbox.path("wheels"), "greet", version);
    }
    wheel::build_needing(&clone.sandbox.path("wheels"), "fresh", "1.0", &["greet>=2"]);
    clone.mlenv(&["create"]).ok();
    let told = clone.sandbox.run(clone.at(".venv/bin/greet")).ok();
    assert!(told.out.starts_with("2.0 "), "{}", told.out);
}

/// A base with a package that needs the base's own greet.
fn follower(sandbox: &Sandbox) -> std::path::PathBuf {
    let twin = base().twin(&sandbox.path("ours"));
    let info = site(&twin).join("follower-1.0.dist-info");
    std::fs::create_dir(&info).unwrap();
    let text = "Metadata-Version: 2.1\nName: follower\nVersion: 1.0\nRequires-Dist: greet<2\n";
    std::fs::write(info.join("METADATA"), text).unwrap();
    std::fs::write(info.join("RECORD"), "follower-1.0.dist-info/METADATA,,\n").unwrap();
    twin
}

fn site(prefix: &Path) -> std::path::PathBuf {
    let version: Vec<&str> = base().version.split('.').take(2).collect();
    prefix.join(format!("lib/python{}/site-packages", version.join(".")))
}

#[test]
fn what_the_delta_would_break_of_the_base_is_brought_along_or_named() {
    let clone = Clone::of(&[("requirements.txt", "greet>=2\n")]);
    let ours = follower(&clone.sandbox);
    let wheels = clone.sandbox.path("wheels");
    wheel::build_needing(&wheels, "follower", "2.0", &["greet>=2"]);
    wheel::build_needing(&wheels, "follower", "3.0", &["greet>=9"]);
    let run = |words: &[&str]| clone.mlenv(words).var("MLENV_BASE", &ours);
    run(&["create", "-q", "--no-repair"])
        .fails(1, "follower 1.0 of the base needs greet<2, and greet 2.0 would come")
        .hints("--no-repair");
    assert!(clone.added(".venv").is_empty());
    run(&["sync"]).ok().says("follower 2.0");
    assert_eq!(clone.added(".venv"), ["follower", "greet"]);
    run(&["doctor", ".venv"]).ok();
    let record = run(&["info", "--json", ".venv"]).ok().json();
    let requests = &record["record"]["requests"]["pip"];
    assert_eq!(requests["greet"], "greet>=2");
    assert!(requests["follower"].is_null(), "nobody asked for it: {requests}");
}

#[test]
fn what_only_the_projects_code_knows_is_asked_of_its_build_backend() {
    let project = "[project]\nname = 'own'\nversion = '1'\ndynamic = ['dependencies', 'optional-dependencies']\n\
                   [build-system]\nrequires = []\nbuild-backend = 'back'\nbackend-path = ['.']\n";
    let clone = Clone::of(&[("pyproject.toml", project), ("back.py", BACKEND)]);
    clone.mlenv(&["create"]).ok().says("asking the project's own code in ");
    assert_eq!(clone.added(".venv"), ["fresh"]);
    clone.mlenv(&["sync", "--extra", "more"]).ok();
    assert_eq!(clone.added(".venv"), ["fresh", "greet"]);
    clone.sandbox.write("theirs/back.py", "raise SystemExit('broken')\n");
    clone.mlenv(&["sync"]).fails(2, "asking the project in ").hints("pip wheel");
}

#[test]
fn variables_of_an_environment_file_are_set_and_the_users_own_stay() {
    let text = "dependencies: []\nvariables:\n  A_ONE: 1\n  B_TWO: \"a b$c'd\"\n";
    let clone = Clone::of(&[("environment.yml", text)]);
    clone.mlenv(&["create"]).ok().says("set while the env is active: A_ONE, B_TWO");
    let told = clone.mlenv(&["run", "--", "printenv", "B_TWO"]).ok();
    assert_eq!(told.out, "a b$c'd\n");
    clone.mlenv(&["vars", "set", "-p", ".venv", "A_ONE=2"]).ok();
    clone.sandbox.write("theirs/environment.yml", format!("{text}  C: x\n"));
    clone.mlenv(&["sync"]).ok().says("A_ONE stays as you set it").says("active: C");
    assert_eq!(clone.mlenv(&["run", "--", "printenv", "A_ONE"]).ok().out, "2\n");
    clone.sandbox.write("theirs/environment.yml", "dependencies: []\nvariables: {PATH: x}\n");
    clone.mlenv(&["sync"]).fails(2, "PATH");
}

#[test]
fn an_env_is_not_listed_by_a_repository_and_its_gitignore_stays_at_home() {
    let clone = Clone::of(&[("requirements.txt", "six\n")]);
    clone.mlenv(&["create", "-q"]).ok();
    let ignored = clone.at(".venv/.gitignore");
    assert_eq!(std::fs::read(&ignored).unwrap(), b"*\n");
    clone.mlenv(&["pack", ".venv", "-o", "env.mlenv"]).ok();
    std::fs::write(&ignored, "mine\n").unwrap();
    clone.mlenv(&["clone", ".venv", "-p", "copy"]).ok();
    assert_eq!(std::fs::read(clone.at("copy/.gitignore")).unwrap(), b"mine\n");
    std::fs::remove_file(&ignored).unwrap();
    clone.mlenv(&["clone", ".venv", "-p", "other"]).ok();
    assert_eq!(std::fs::read(clone.at("other/.gitignore")).unwrap(), b"*\n");
    clone.mlenv(&["unpack", "env.mlenv", "-p", "again"]).ok();
    assert_eq!(std::fs::read(clone.at("again/.gitignore")).unwrap(), b"*\n");
}

#[test]
fn a_list_of_envs_that_is_there_gets_the_new_one_as_its_last() {
    let clone = Clone::of(&[("requirements.txt", "six\n"), (".python-envs", ".venv\n../other\n")]);
    clone.mlenv(&["create"]).ok().says("put the env into ");
    let list = || std::fs::read_to_string(clone.at(".python-envs")).unwrap();
    assert_eq!(list(), "../other\n.venv\n");
    clone.mlenv(&["remove", ".venv"]).ok();
    std::fs::remove_file(clone.at(".python-envs")).unwrap();
    clone.mlenv(&["create"]).ok();
    assert!(!clone.at(".python-envs").exists());
}

#[test]
fn run_says_on_a_terminal_that_the_file_changed_and_installs_nothing() {
    let clone = Clone::of(&[("requirements.txt", "six\n")]);
    clone.mlenv(&["create", "-q"]).ok();
    let run = || on_terminal(&clone.sandbox, "run -p theirs/.venv -- true", "").1;
    assert!(!run().contains("changed since"), "{}", run());
    clone.sandbox.write("theirs/requirements.txt", "six\nfresh\n");
    let told = run();
    assert!(told.contains("changed since the env was brought to it: `mlenv sync -p "), "{told}");
    assert!(clone.added(".venv").is_empty());
    let quiet = clone.mlenv(&["run", "--", "true"]).ok();
    assert_eq!(quiet.err, "");
}
