//! `lock`: what a project's env has besides its base, written down exactly, and obeyed.

use super::project::Clone;
use crate::support::testbase::base;
use crate::support::wheel;

const LOCK: &str = "pylock.mlenv.toml";

fn text(clone: &Clone) -> String {
    std::fs::read_to_string(clone.at(LOCK)).unwrap()
}

#[test]
fn what_was_locked_is_installed_although_there_is_newer() {
    let clone = Clone::of(&[("requirements.txt", "six\ngreet>1\n")]);
    clone.mlenv(&["lock", "--check"]).fails(1, "there is no lock").hints("mlenv lock -f ");
    clone.mlenv(&["create", "--locked"]).fails(1, "there is no lock");
    assert!(!clone.at(".venv").exists(), "nothing is made");
    clone.mlenv(&["lock"]).ok().says("1 package besides ");
    let before = text(&clone);
    let here = clone.sandbox.path("").to_str().unwrap().to_owned();
    assert!(!before.contains(here.trim_end_matches('/')), "no path of a machine: {before}");
    assert!(before.contains("name = \"greet\"\nversion = \"2.0\"\n"), "{before}");
    assert!(before.contains("sha256 = ") && !before.contains("\"six\""), "{before}");
    clone.mlenv(&["lock"]).ok().says("is up to date");
    clone.mlenv(&["lock", "--check"]).ok();
    wheel::build(&clone.sandbox.path("wheels"), "greet", "3.0");
    clone.mlenv(&["create", "--locked"]).ok();
    let told = clone.sandbox.run(clone.at(".venv/bin/greet")).ok();
    assert!(told.out.starts_with("2.0 "), "{}", told.out);
    clone.mlenv(&["sync", "--locked"]).ok().says("everything is already there");
    assert_eq!(text(&clone), before);
    clone.mlenv(&["sync", "--relock"]).ok();
    let told = clone.sandbox.run(clone.at(".venv/bin/greet")).ok();
    assert!(told.out.starts_with("3.0 "), "{}", told.out);
    assert!(text(&clone).contains("version = \"3.0\""));
}

#[test]
fn a_lock_that_does_not_fit_the_file_or_the_base_is_not_obeyed() {
    let clone = Clone::of(&[("requirements.txt", "greet>1\n")]);
    clone.mlenv(&["lock"]).ok();
    clone.sandbox.write("theirs/requirements.txt", "# the same, written otherwise\ngreet>1   \n");
    clone.mlenv(&["lock", "--check"]).ok();
    wheel::build(&clone.sandbox.path("wheels"), "greet", "3.0");
    clone.sandbox.write("theirs/requirements.txt", "greet>1\nfresh\n");
    clone.mlenv(&["lock", "--check"]).fails(1, "asks for something else than when");
    let told = clone.mlenv(&["create", "--locked"]).fails(1, "asks for something else");
    told.hints("brings it up to date");
    clone.mlenv(&["lock"]).ok().says("2 packages");
    assert!(text(&clone).contains("version = \"2.0\""), "what still fits stays: {}", text(&clone));
    let other = &["create", "--locked", "--base", "/usr"];
    clone.mlenv(other).fails(1, "was made for another base").hints("--relock");
    clone.mlenv(&["lock", "--base", "/usr"]).fails(1, "was made for another base");
    assert!(!clone.at(".venv").exists());
    clone.mlenv(&["create", "--relock", "--base", "/usr"]).ok();
    assert_eq!(clone.added(".venv"), ["fresh", "greet"]);
}

#[test]
fn an_archive_that_is_not_the_locked_one_is_not_installed() {
    let clone = Clone::of(&[("requirements.txt", "greet>1\n")]);
    clone.mlenv(&["lock"]).ok();
    let wheel = std::fs::read_dir(clone.sandbox.path("wheels")).unwrap();
    let wheel = wheel.map(|entry| entry.unwrap().path());
    let wheel = wheel.filter(|path| path.to_str().unwrap().contains("greet")).last().unwrap();
    let mut bytes = std::fs::read(&wheel).unwrap();
    bytes.extend(b"\0");
    std::fs::write(&wheel, bytes).unwrap();
    let told = clone.mlenv(&["create", "--locked"]).end();
    told.says("was made, but not all of its packages");
    assert!(clone.added(".venv").is_empty());
}

#[test]
fn condas_part_and_what_lies_in_the_project_are_locked_too() {
    let text_of = "dependencies:\n  - tools>=3,<4\n  - app\n  - pip:\n    - fresh\n    - -e .\n";
    let setup = "[project]\nname = 'own'\nversion = '1'\n[build-system]\nrequires = []\nbuild-backend = 'back'\nbackend-path = ['.']\n";
    let back = "def build_editable(to, config_settings=None, metadata_directory=None):\n\
                \x20   import zipfile\n    name = 'own-1-py3-none-any.whl'\n\
                \x20   with zipfile.ZipFile(to + '/' + name, 'w') as wheel:\n\
                \x20       wheel.writestr('own.pth', '')\n\
                \x20       wheel.writestr('own-1.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: own\\nVersion: 1\\n')\n\
                \x20       wheel.writestr('own-1.dist-info/WHEEL', 'Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')\n\
                \x20       wheel.writestr('own-1.dist-info/RECORD', '')\n    return name\n\
                build_wheel = build_editable\n";
    let clone = Clone::of(&[("environment.yml", text_of), ("back.py", back)]);
    clone.sandbox.write("theirs/pyproject.toml", setup);
    clone.mlenv(&["lock", "-f", "environment.yml"]).ok();
    let locked = text(&clone);
    assert!(locked.contains("/tools-3"), "{locked}");
    assert!(
        locked.contains("#sha256:") && locked.contains("path = \".\"\neditable = true"),
        "{locked}"
    );
    let told = clone.mlenv(&["create", "--locked", "-f", "environment.yml"]).ok();
    told.says("will add: ");
    let added = clone.added(".venv");
    for name in ["app", "fresh", "own", "tools"] {
        assert!(added.contains(&name.to_owned()), "{name}: {added:?}");
    }
    assert_eq!(clone.sandbox.run(clone.at(".venv/bin/app")).ok().out, "app\n");
    clone.mlenv(&["sync", "--locked"]).ok();
}

#[test]
fn a_lock_of_another_tool_stays_as_it_is() {
    let theirs = "lock-version = '1.0'\ncreated-by = 'other'\npackages = []\n";
    let clone = Clone::of(&[("requirements.txt", "greet>1\n"), (LOCK, theirs)]);
    for words in [&["lock"][..], &["lock", "--relock"], &["create", "--locked"]] {
        clone.mlenv(words).fails(2, "another tool wrote it").hints("move it away");
        assert_eq!(text(&clone), theirs);
    }
    clone.sandbox.write(format!("theirs/{LOCK}"), "[tool.mlenv]\nbroken");
    clone.mlenv(&["lock"]).fails(2, "could not use ").hints("--relock");
    clone.mlenv(&["lock", "--relock"]).ok();
    assert!(text(&clone).contains("greet"));
    let bare = clone.sandbox.path("bare");
    std::fs::create_dir(&bare).unwrap();
    let run = clone.mlenv(&["create", "--locked"]).cwd(&bare).var("MLENV_BASE", &base().prefix);
    run.fails(2, "there is none here").hints("-f FILE");
}
