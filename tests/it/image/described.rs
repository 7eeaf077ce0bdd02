//! What is known, and said, before anything is built: the base's user, and what a build could not see.

use serde_json::json;

use crate::kit::fakeregistry::{Fake, Store};
use crate::support::sandbox::Sandbox;

#[test]
fn the_bases_user_is_restored_and_its_digest_is_a_label() {
    let mut store = Store::default();
    let image =
        store.image(&json!({"os": "linux", "architecture": "amd64", "config": {"User": "jovyan"}}));
    store.tag("v1", &image);
    let fake = Fake::plain(move |request| store.answer(request));
    let sandbox = Sandbox::new();
    sandbox.write("mlenv", "");
    let text = |more: &str| format!("base = '{}'\nworkdir = '/work'\n{more}", fake.image("a:v1"));
    let print = |form: &str| sandbox.mlenv(["image", "recipe", "lab.toml", form]);
    sandbox.write("lab.toml", text(""));
    let told = print("--dockerfile").ok();
    assert!(told.out.ends_with("WORKDIR /work\nUSER jovyan\n"), "{told}");
    assert!(told.out.contains(&format!("LABEL \"mlenv.base\"=\"{image}\"\n")), "{told}");
    assert!(told.out.contains("LABEL \"mlenv.spec\"=\"sha256:"), "{told}");
    let asked = fake.lines().len();
    print("--apptainer").ok();
    sandbox.write("lab.toml", text("user = 'root'\n"));
    let told = print("--dockerfile").ok();
    assert!(told.out.ends_with("WORKDIR /work\n"), "{told}");
    assert_eq!(fake.lines().len(), asked, "where nothing is to be known nobody is asked");
    sandbox.write("lab.toml", "base = '127.0.0.1:9/a:v1'\n");
    print("--dockerfile").ok().says("as it is not known who runs in 127.0.0.1:9/a:v1");
}

#[test]
fn what_is_not_in_the_image_is_named_before_anything_is_built() {
    let sandbox = Sandbox::new();
    sandbox.write("mlenv", "");
    let base = "base = '127.0.0.1:9/a:v1'\nuser = 'root'\n";
    let fails = |words: &[&str], reason: &str| {
        sandbox.mlenv(["image"]).args(words).fails(2, reason);
    };
    for (line, reason) in [
        ("numpy @ file:///croot/numpy/work", "a place on the disk of one machine: numpy @ file:"),
        ("-e ./mine", "a place on the disk of one machine: -e ./mine"),
        ("./wheels/a-1-py3-none-any.whl", "a place on the disk of one machine: ./wheels/a"),
        ("-r more.txt", "it names more.txt, which is not in the image where it is read"),
    ] {
        sandbox.write("all.txt", format!("six\n{line}\n"));
        sandbox.write("lab.toml", format!("{base}run = ['true']\npip = ['all.txt']\n"));
        fails(&["recipe", "lab.toml", "--dockerfile"], reason);
        fails(&["build", "lab.toml", "-t", "lab", "--dry-run"], reason);
        let plain = ["all.txt", "--base-image", "127.0.0.1:9/a:v1"];
        fails(&[&["recipe"], &plain[..]].concat(), reason);
        let yml = format!("dependencies:\n  - numpy\n  - pip:\n    - '{line}'\n");
        sandbox.write("environment.yml", yml);
        sandbox.write("lab.toml", format!("{base}conda = 'environment.yml'\n"));
        fails(&["recipe", "lab.toml", "--apptainer"], "could not use ");
    }
    sandbox.write("lab.toml", format!("{base}pip = ['gone.txt']\n"));
    sandbox.mlenv(["image", "recipe", "lab.toml"]).fails(1, "there is no file ");
}

#[test]
fn of_two_files_of_a_project_none_is_taken() {
    let sandbox = Sandbox::new();
    let base = ["--base-image", "127.0.0.1:9/a:v1"];
    let image = |verb: &str| sandbox.mlenv(["image", verb, "lab"]).args(base);
    std::fs::create_dir(sandbox.path("lab")).unwrap();
    image("recipe").fails(1, "nothing in ").hints("environment.yml");
    sandbox.write("lab/pyproject.toml", "[tool.ruff]\n");
    sandbox.write("lab/requirements.txt", "six\n");
    image("recipe").arg("--apptainer").ok().says("requirements.txt says what is wanted");
    sandbox.write("lab/environment.yml", "dependencies: [numpy]\n");
    let several = "several files that say what is wanted are in ";
    image("recipe").fails(2, several).says("environment.yml, requirements.txt");
    image("build").args(["-o", "x.sif"]).fails(2, several).hints("name one of them");
}

#[test]
fn a_system_has_its_own_names_for_packages() {
    let sandbox = Sandbox::new();
    let told = sandbox.mlenv(["image", "recipe", "--preset", "pyroot"]).ok();
    for part in [
        "if command -v apt-get; then apt-get update && ",
        " zsh tcsh libgl1 && rm -rf ",
        "elif command -v dnf; then dnf install -y bash zsh tcsh mesa-libGL && ",
        "elif command -v zypper; then zypper --non-interactive install bash zsh tcsh libGL1 && ",
    ] {
        assert!(told.out.contains(part), "{part}: {told}");
    }
    sandbox.write("lab.toml", "base = 'x'\nuser = 'root'\n[system]\napt = ['git']\n");
    let told = sandbox.mlenv(["image", "recipe", "lab.toml"]).ok();
    assert!(told.out.contains(" git && ") && !told.out.contains("dnf"), "{told}");
    sandbox.write("lab.toml", "base = 'x'\n[system]\napk = ['git']\n");
    sandbox.mlenv(["image", "recipe", "lab.toml"]).fails(2, "could not understand the description");
}
