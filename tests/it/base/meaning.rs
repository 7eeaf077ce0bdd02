//! What a path means as a base, to every verb alike: most images have a Python of their system beside their base.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::machine;
use crate::support::sandbox::Sandbox;
use crate::support::testbase::base;
use crate::support::tree;

/// A system as images of Alma Linux, Debian or Ubuntu have it, with its own Python, which does not run here.
fn system(image: &Path) {
    std::fs::create_dir_all(image.join("usr/bin")).unwrap();
    std::fs::create_dir_all(image.join("etc")).unwrap();
    std::fs::write(image.join("etc/os-release"), "ID=almalinux\n").unwrap();
    symlink("usr/bin", image.join("bin")).unwrap();
    let python = image.join("usr/bin/python3.9");
    std::fs::write(&python, "#!/bin/sh\necho of the system; exit 7\n").unwrap();
    std::fs::set_permissions(&python, PermissionsExt::from_mode(0o755)).unwrap();
    symlink("python3.9", image.join("usr/bin/python3")).unwrap();
}

/// Every form of such an image, and where in it the base is.
fn images(sandbox: &Sandbox) -> Vec<(PathBuf, &'static str)> {
    let image = |name: &str, inside: &str| {
        let image = sandbox.path(name);
        system(&image);
        base().twin(&image.join(inside));
        image
    };
    let plain = image("plain", "opt/conda");
    let tag = sandbox.path("ml base:latest");
    symlink("plain", &tag).unwrap();
    let relative = image("relative", "data/opt/conda");
    symlink("data/opt", relative.join("opt")).unwrap();
    let absolute = image("absolute", "data/conda");
    std::fs::create_dir(absolute.join("opt")).unwrap();
    symlink("/data/conda", absolute.join("opt/conda")).unwrap();
    let apart = image("apart", "opt/conda");
    std::fs::remove_file(apart.join("bin")).unwrap();
    std::fs::create_dir(apart.join("bin")).unwrap();
    std::fs::copy(apart.join("usr/bin/python3.9"), apart.join("bin/python3")).unwrap();
    vec![
        (plain, "opt/conda"),
        (tag, "opt/conda"),
        (relative, "opt/conda"),
        (absolute, "data/conda"),
        (apart, "opt/conda"),
    ]
}

/// What the verbs that tell something of a base say of `word`: the path that each took.
fn told(sandbox: &Sandbox, word: &str) -> Vec<(String, PathBuf)> {
    let path = |told: &Value| PathBuf::from(told["path"].as_str().unwrap());
    let mut all = Vec::new();
    for verb in
        [&["base", "info"][..], &["base", "check"], &["base", "prepare", "--dry-run", "--force"]]
    {
        let run = sandbox.mlenv(verb).args(["--json", word]);
        all.push((verb.join(" "), path(&run.end().json())));
    }
    let run = sandbox.mlenv(["run", "-p", word, "--", "printenv", "CONDA_PREFIX"]);
    let prefix = PathBuf::from(run.ok().out.trim_end());
    all.push(("run".to_owned(), prefix.canonicalize().unwrap()));
    let env = sandbox.path("made");
    sandbox.mlenv(["create", "-q", "--no-save", "-p", "made", "--base", word]).ok();
    let record = sandbox.mlenv(["info", "--json", "made"]).ok().json()["record"].clone();
    all.push(("create".to_owned(), path(&record["base"])));
    all.push(("link".to_owned(), std::fs::read_link(env.join("baseEnv_dir")).unwrap()));
    sandbox.mlenv(["remove", "-q", "made"]).ok();
    all
}

#[test]
fn every_verb_takes_an_images_own_base_and_not_its_systems_python() {
    let sandbox = Sandbox::new();
    for (image, inside) in images(&sandbox) {
        let before = std::fs::read_dir(&image).unwrap().count();
        let named = image.join(inside);
        for (verb, took) in told(&sandbox, image.to_str().unwrap()) {
            assert_eq!(took.canonicalize().unwrap(), named.canonicalize().unwrap(), "{verb}");
            let is_by_name = ["base info", "base check", "create"].contains(&verb.as_str());
            assert!(!is_by_name || took == named, "{verb}: {}", took.display());
        }
        for verb in [["base", "packages"], ["image", "packages"]] {
            let told = sandbox.mlenv(verb).arg("--json").arg(&image).ok();
            assert!(told.out.contains("\"six\""), "{told}");
        }
        sandbox.mlenv(["base", "index", "-q"]).arg(&image).ok();
        assert!(named.join("mlenv-standard.tar.zst").exists());
        assert_eq!(std::fs::read_dir(&image).unwrap().count(), before, "the root stays as it is");
    }
}

#[test]
fn a_name_a_variable_a_setting_and_a_catalogue_lead_to_the_same() {
    let sandbox = Sandbox::new();
    let image = sandbox.path("img");
    system(&image);
    base().twin(&image.join("opt/conda"));
    let prefix = image.join("opt/conda");
    sandbox.mlenv(["base", "add", "-q", "--name", "known"]).arg(&image).ok();
    let entry = format!("[[image]]\nname = 'cat:v1'\ndirectories = ['{}']\n", image.display());
    sandbox.write("home/.config/mlenv/images.toml", entry);
    for word in ["known", "cat:v1", "cat", "./img", "img", "img/opt/conda/bin/python3"] {
        for (verb, took) in told(&sandbox, word) {
            assert_eq!(took.canonicalize().unwrap(), prefix, "{word} {verb}");
        }
    }
    for word in ["cat", "img", "./img"] {
        let told = sandbox.mlenv(["image", "packages", "--json", word]).ok().json();
        assert_eq!(told["source"]["path"], image.to_str().unwrap(), "{word}");
    }
    let info = || sandbox.mlenv(["base", "info", "--json"]);
    let path = |told: Value| told["path"].as_str().map(PathBuf::from).unwrap();
    assert_eq!(path(info().var("MLENV_BASE", &image).ok().json()), prefix);
    sandbox.write("home/.config/mlenv/config.toml", format!("base = '{}'\n", image.display()));
    assert_eq!(path(info().ok().json()), prefix);
    let env = sandbox.env("env", &base().prefix);
    sandbox.mlenv(["rebase", "-q"]).arg(&env).arg("--base").arg(&image).ok();
    assert_eq!(std::fs::read_link(env.join("baseEnv_dir")).unwrap(), prefix);
}

#[test]
fn an_image_with_no_python_but_its_systems_is_refused_here_with_the_reason() {
    let sandbox = Sandbox::new();
    let image = sandbox.path("img");
    system(&image);
    let before = tree::snapshot(&image);
    let words = "the Python there is that of the image's system";
    for path in ["img", "img/usr", "img/usr/bin/python3", "img/bin/python3"] {
        let path = sandbox.path(path);
        for verb in [
            &["base", "info"][..],
            &["base", "check"],
            &["base", "prepare"],
            &["base", "index"],
            &["base", "packages"],
            &["base", "add", "--name", "x"],
            &["create", "-p", "env", "--base"],
            &["activate", "--shell", "bash"],
        ] {
            let run = sandbox.mlenv(verb).arg(&path);
            run.fails(2, words).hints("container setup");
        }
        let run = sandbox.mlenv(["run", "-p"]).arg(&path).args(["--", "true"]);
        run.fails(2, words);
    }
    tree::assert_same(&before, &tree::snapshot(&image), "the image");
    // An image of a published Python has that in /usr/local; it is a choice, not a guess.
    base().twin(&image.join("usr/local"));
    std::fs::remove_dir_all(image.join("usr/local/conda-meta")).unwrap();
    let run = sandbox.mlenv(["create", "-p", "env", "--base"]).arg(&image);
    run.fails(2, words).hints(image.join("usr/local").to_str().unwrap());
    sandbox.mlenv(["base", "info"]).arg(image.join("usr/local")).ok();
}

/// On a host that happens to have something at the path that a link in an image names.
#[test]
fn a_link_of_an_image_never_leads_to_a_place_of_this_machine() {
    let sandbox = Sandbox::new();
    let image = sandbox.path("img");
    system(&image);
    std::fs::create_dir(image.join("opt")).unwrap();
    symlink(&base().prefix, image.join("opt/conda")).unwrap();
    let run = sandbox.mlenv(["create", "-p", "env", "--base"]).arg(&image);
    run.fails(2, "which is not in the image").hints("name the prefix itself");
    sandbox.mlenv(["run", "-p"]).arg(&image).args(["--", "true"]).fails(2, "not in the image");
    let python = image.join("usr/bin/python3");
    std::fs::remove_file(&python).unwrap();
    symlink(&machine::python().executable, &python).unwrap();
    std::fs::remove_file(image.join("opt/conda")).unwrap();
    let run = sandbox.mlenv(["create", "-p", "env", "--base"]).arg(&python);
    run.fails(2, "could not find the Python prefix around");
}

#[test]
fn an_env_of_the_wrong_python_of_an_image_is_told_with_the_way_out() {
    let sandbox = Sandbox::new();
    let image = sandbox.path("img");
    std::fs::create_dir(&image).unwrap();
    // As an env was made before: the image has a Python at its top that runs here.
    base().twin(&image);
    std::fs::remove_dir_all(image.join("conda-meta")).unwrap();
    sandbox.mlenv(["create", "-q", "--no-save", "-p", "env", "--base"]).arg(&image).ok();
    base().twin(&image.join("opt/conda"));
    let told = sandbox.mlenv(["doctor", "env"]).end();
    assert!(told.out.contains("system's own Python"), "{told}");
    assert!(told.out.contains(&format!("/env --base {}` moves", image.display())), "{told}");
    sandbox.mlenv(["rebase", "-q", "env", "--base"]).arg(&image).ok();
    let link = std::fs::read_link(sandbox.path("env/baseEnv_dir")).unwrap();
    assert_eq!(link, image.join("opt/conda"));
    sandbox.mlenv(["doctor", "env"]).ok();
}
