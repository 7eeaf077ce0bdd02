//! Which base `create` takes when none is named, what it says about it, and which kinds of base there are.

use std::path::Path;

use crate::support::machine;
use crate::support::sandbox::{PATH, Run, Sandbox};
use crate::support::testbase::{self, base};
use crate::support::tree;

/// Makes an env with all the world's hints, of which `run` holds what is left, and gives what `create` said.
fn said(sandbox: &Sandbox, run: &Run) -> String {
    let told = run.ok();
    let first =
        told.err.lines().find(|line| line.starts_with("mlenv: created ")).unwrap().to_owned();
    sandbox.mlenv(["remove", "-q", "e"]).ok();
    first
}

#[test]
fn the_base_is_the_first_that_somebody_named_from_the_option_down_to_path() {
    let sandbox = Sandbox::new();
    let twin = |name: &str| base().twin(&sandbox.path(name));
    let (option, variable, config, active) =
        (twin("option"), twin("variable"), twin("config"), twin("active"));
    let file = format!("base = '{}'\n", config.display());
    sandbox.write("home/.config/mlenv/config.toml", file);
    let create = || sandbox.mlenv(["create", "-p", "e"]);
    let dir = testbase::slim(machine::python()).join("bin");

    let run =
        create().var("CONDA_PREFIX", &active).var("PATH", format!("{}:{PATH}", dir.display()));
    let run = run.var("MLENV_BASE", &variable);
    let line = said(&sandbox, &run.clone().arg("--base").arg(&option));
    assert!(
        line.contains(&format!("on {} ", option.display())) && line.ends_with("as named)"),
        "{line}"
    );
    let line = said(&sandbox, &run);
    assert!(
        line.contains(&format!("on {} ", variable.display()))
            && line.ends_with("from $MLENV_BASE)"),
        "{line}"
    );
    let run = run.without("MLENV_BASE");
    let line = said(&sandbox, &run);
    assert!(
        line.contains(&format!("on {} ", config.display())) && line.ends_with("from config.toml)"),
        "{line}"
    );
    std::fs::remove_file(sandbox.path("home/.config/mlenv/config.toml")).unwrap();
    let line = said(&sandbox, &run);
    assert!(
        line.contains("(conda, ")
            && line.ends_with(&format!("from the active {})", active.display())),
        "{line}"
    );
    let line = said(&sandbox, &run.without("CONDA_PREFIX"));
    assert!(
        line.contains("(python, ")
            && line.ends_with(&format!("from {}/python3 on PATH)", dir.display())),
        "{line}"
    );
}

#[test]
fn a_sites_default_counts_where_the_user_has_none() {
    let sandbox = Sandbox::new();
    sandbox.write("site/config.toml", "base = 'ml'\n");
    let site = format!("[ml]\npath = '{}'\n", base().prefix.display());
    sandbox.write("site/bases.toml", site);
    let line = said(&sandbox, &sandbox.mlenv(["create", "-p", "e"]));
    assert!(line.ends_with("from config.toml)"), "{line}");
    let twin = base().twin(&sandbox.path("mine"));
    sandbox.mlenv(["base", "add", "--name", "ml"]).arg(&twin).ok();
    let line = said(&sandbox, &sandbox.mlenv(["create", "-p", "e"]));
    assert!(line.contains(&format!("on {} ", twin.display())), "the user's name wins: {line}");
    let known = sandbox.mlenv(["base", "list", "--json"]).ok().json();
    assert_eq!(known[0]["from"], "user");
}

#[test]
fn an_active_env_lends_its_base_not_itself() {
    let sandbox = Sandbox::new();
    let first = sandbox.env("first", &base().prefix);
    for variable in ["VIRTUAL_ENV", "CONDA_PREFIX"] {
        let line = said(&sandbox, &sandbox.mlenv(["create", "-p", "e"]).var(variable, &first));
        assert!(line.contains(&format!("on {} ", base().prefix.display())), "{line}");
        assert!(line.ends_with(&format!("from the active {})", first.display())), "{line}");
    }
    let second = sandbox.env("second", &first);
    assert_eq!(
        std::fs::read_link(second.join("baseEnv_dir")).unwrap(),
        base().prefix.canonicalize().unwrap()
    );
}

#[test]
fn a_name_stays_with_what_is_made_while_an_env_on_it_is_active() {
    let sandbox = Sandbox::new();
    let (old, new) = (base().twin(&sandbox.path("old")), base().twin(&sandbox.path("new")));
    std::os::unix::fs::symlink(&old, sandbox.path("tag")).unwrap();
    sandbox.mlenv(["base", "add", "tag", "--name", "ml"]).ok();
    sandbox.mlenv(["create", "-q", "--no-save", "-p", "first", "--base", "ml"]).ok();
    let first = sandbox.path("first");
    sandbox.mlenv(["create", "-q", "--no-save", "-p", "second"]).var("VIRTUAL_ENV", first).ok();
    let states = || {
        let told = sandbox.mlenv(["list", "--json"]).ok().json();
        let rows = told.as_array().unwrap().iter();
        rows.map(|row| (row["base-name"].clone(), row["update"].clone())).collect::<Vec<_>>()
    };
    let before = states();
    assert_eq!((before.len(), &before[0]), (2, &before[1]));
    assert_eq!(before[0].0, "ml");
    std::fs::remove_file(sandbox.path("tag")).unwrap();
    std::os::unix::fs::symlink(&new, sandbox.path("tag")).unwrap();
    let after = states();
    assert!(after[0] == after[1] && after[0] != before[0], "{before:?} {after:?}");
}

#[test]
fn an_active_plain_venv_lends_its_python() {
    let sandbox = Sandbox::new();
    let slim = testbase::slim(machine::python());
    sandbox.run(slim.join("bin/python3")).args(["-m", "venv", "--without-pip", "venv"]).ok();
    let run = sandbox.mlenv(["create", "-p", "e"]).var("VIRTUAL_ENV", sandbox.path("venv"));
    let line = said(&sandbox, &run);
    assert!(line.contains(&format!("on {} (python, ", slim.display())), "{line}");
    let line = said(&sandbox, &sandbox.mlenv(["create", "-p", "e", "--base", "venv"]));
    assert!(line.contains(&format!("on {} (python, ", slim.display())), "{line}");
}

#[test]
fn a_python3_on_path_that_is_a_script_is_asked_for_the_real_one() {
    let sandbox = Sandbox::new();
    let slim = testbase::slim(machine::python());
    let script = sandbox.write(
        "shims/python3",
        format!("#!/bin/sh\nexec '{}/bin/python3' \"$@\"\n", slim.display()),
    );
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:{PATH}", sandbox.path("shims").display());
    let line = said(&sandbox, &sandbox.mlenv(["create", "-p", "e"]).var("PATH", path));
    assert!(line.contains(&format!("on {} (python, ", slim.display())), "{line}");
    assert!(line.ends_with("/shims/python3 on PATH)"), "{line}");
}

#[test]
fn nothing_named_and_no_python_is_one_sentence_with_a_hint() {
    let sandbox = Sandbox::new();
    let run = sandbox
        .mlenv(["create", "-p", "e"])
        .var("PATH", sandbox.root())
        .var("CONDA_PREFIX", "/not/there");
    run.fails(2, "no base was named").hints("--base");
}

#[test]
fn an_image_directory_means_the_conda_prefix_in_it() {
    let sandbox = Sandbox::new();
    let image = sandbox.path("image");
    base().twin(&image.join("opt/conda"));
    let told = sandbox.mlenv(["base", "info", "--json"]).arg(&image).ok().json();
    assert_eq!(told["kind"], "conda");
    assert_eq!(told["path"], image.join("opt/conda").to_str().unwrap());
    let env = sandbox.env("e", &image);
    sandbox.run(env.join("bin/python")).args(["-c", "import click"]).ok();
}

#[test]
fn a_tag_and_what_it_means_today_are_both_recorded() {
    let sandbox = Sandbox::new();
    let digest = "abcd0123456789";
    let image = sandbox.path(format!(".flat/ab/{digest}"));
    base().twin(&image.join("opt/conda"));
    std::os::unix::fs::symlink(format!(".flat/ab/{digest}"), sandbox.path("ml-base:alma9"))
        .unwrap();
    let tag = sandbox.path("ml-base:alma9");
    let env = sandbox.env("e", &tag);
    let record = sandbox.mlenv(["info", "--json", "e"]).ok().json()["record"]["base"].clone();
    assert_eq!(record["path"], tag.join("opt/conda").to_str().unwrap());
    assert_eq!(record["prefix"], image.canonicalize().unwrap().join("opt/conda").to_str().unwrap());
    assert_eq!(record["fingerprint"]["image"], digest);
    assert!(!tree::links(&env)[Path::new("baseEnv_dir")].to_str().unwrap().contains(':'));
    let told = sandbox.mlenv(["info", "e"]).ok().out;
    assert!(told.contains("resolved to") && told.contains(digest), "{told}");

    // The tag moves to a later image: the env stays on its own until somebody moves it.
    std::fs::remove_file(&tag).unwrap();
    std::os::unix::fs::symlink("elsewhere", &tag).unwrap();
    sandbox.run(env.join("bin/python")).args(["-c", "import click"]).ok();
}

#[test]
fn a_python_executable_or_its_prefix_serve_as_a_base() {
    let sandbox = Sandbox::new();
    let slim = testbase::slim(machine::python());
    for named in [slim.clone(), slim.join("bin/python3"), slim.join("bin").join(&base().python)] {
        let line = said(&sandbox, &sandbox.mlenv(["create", "-p", "e", "--base"]).arg(&named));
        assert!(
            line.contains(&format!("on {} (python, Python {}", slim.display(), base().version)),
            "{line}"
        );
    }
}

#[test]
fn a_python_is_asked_only_once_and_a_conda_prefix_never() {
    let sandbox = Sandbox::new();
    let log = sandbox.path("log");
    let slim = testbase::slim(machine::python());
    let twin = sandbox.path("twin");
    tree::twin(&slim, &twin);
    std::fs::remove_file(twin.join("bin/python3")).unwrap();
    let python = twin.join("bin").join(&base().python);
    let script =
        format!("#!/bin/sh\necho x >> '{}'\nexec '{}' \"$@\"\n", log.display(), python.display());
    std::fs::write(twin.join("bin/python3"), script).unwrap();
    std::fs::set_permissions(
        twin.join("bin/python3"),
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .unwrap();
    for name in ["one", "two", "three"] {
        sandbox.env(name, &twin);
    }
    assert_eq!(std::fs::read_to_string(&log).unwrap(), "x\n");
    let hollow = crate::kit::forge::hollow_base(&sandbox.path("hollow")); // its interpreter is an empty file
    sandbox.env("four", &hollow);
}

#[test]
fn another_python_than_the_bases_is_refused() {
    let sandbox = Sandbox::new();
    let create = |version: &str| {
        sandbox.mlenv(["create", "-p", "e", "--python", version, "--base"]).arg(&base().prefix)
    };
    for wrong in ["2.7", "3.1", "3.99", "4", "nonsense"] {
        create(wrong).fails(2, "was asked for, but the base").hints("--python");
        assert!(!sandbox.path("e").exists());
    }
    let minor = base().python.trim_start_matches("python").to_owned();
    for right in ["3", &minor, &base().version] {
        create(right).ok();
        sandbox.mlenv(["remove", "-q", "e"]).ok();
    }
}

#[test]
fn an_unknown_name_offers_a_near_one() {
    let sandbox = Sandbox::new();
    sandbox.mlenv(["base", "add", "--name", "ml-base"]).arg(&base().prefix).ok();
    sandbox
        .mlenv(["create", "-p", "e", "--base", "ML"])
        .fails(1, "no known base")
        .hints("did you mean ml-base?");
    sandbox
        .mlenv(["create", "-p", "e", "--base", "zzz"])
        .fails(1, "no known base")
        .hints("ml-base");
    sandbox.mlenv(["base", "forget", "zzz"]).fails(1, "no base called zzz").hints("base list");
    sandbox
        .mlenv(["base", "add", "--name", "ml-base", "/usr"])
        .fails(1, "already stands for")
        .hints("--force");
    for bad in ["a/b", "-x", "", "a b", ".."] {
        let name = format!("--name={bad}");
        sandbox
            .mlenv(["base", "add", &name])
            .arg(&base().prefix)
            .fails(2, "cannot be a base's name");
    }
}
