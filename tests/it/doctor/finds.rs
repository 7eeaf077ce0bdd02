//! `doctor`: what it finds on an env that time went over, that it mends it, and that it does no harm.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use crate::kit::patient::Patient;
use crate::support::testbase::base;
use crate::support::tree;

#[test]
fn a_new_env_is_healthy_whatever_its_layout_and_looking_changes_nothing() {
    for layout in ["sparse", "standard", "full"] {
        let patient = Patient::with_layout(layout);
        patient.pip(&["install", "-q", "greet", "fresh"]);
        let (env, base) = (tree::snapshot(&patient.env), tree::snapshot(&patient.base));
        assert_eq!(patient.findings(), [""; 0], "{layout}");
        patient.sandbox.mlenv(["doctor", "env"]).ok().says("/env is healthy");
        patient.sandbox.mlenv(["doctor", "--fix", "env"]).ok();
        tree::assert_same(&env, &tree::snapshot(&patient.env), "the env");
        tree::assert_same(&base, &tree::snapshot(&patient.base), "the base");
    }
}

#[test]
fn findings_say_what_is_wrong_what_it_breaks_and_the_cure_and_the_exit_code_is_1() {
    let patient = Patient::new();
    std::fs::remove_file(patient.at("bin/shelltool")).unwrap();
    let told = patient.told(&patient.env);
    let finding = &told["findings"][0];
    assert_eq!(finding["kind"], "entries-missing");
    assert_eq!(finding["items"][0], "bin/shelltool");
    assert_eq!(
        (&finding["fixable"], &finding["cure"]),
        (&true.into(), &"mlenv doctor --fix".into())
    );
    let outcome = patient.sandbox.mlenv(["doctor", "env"]).end();
    assert_eq!(outcome.status.code(), Some(1));
    for words in [
        "found: 1 entry of the base",
        "    bin/shelltool\n",
        "  breaks: ",
        "  cure: `mlenv doctor --fix /",
    ] {
        assert!(outcome.out.contains(words), "{outcome}");
    }
    outcome.says("has 1 finding\n").hints("mends it");
    let outcome = patient.sandbox.mlenv(["doctor", "--fix", "env"]).ok();
    assert_eq!(outcome.out, "mended: 1 entry of the base cannot be seen in the env\n");
}

/// Hazard H18.
#[test]
fn a_moved_env_works_again_with_the_programs_that_pip_installed() {
    let patient = Patient::new();
    patient.pip(&["install", "-q", "fresh"]);
    let kernel = patient.at("share/jupyter/kernels/mine/kernel.json");
    let python = patient.at("bin/python");
    std::fs::create_dir_all(kernel.parent().unwrap()).unwrap();
    std::fs::write(&kernel, format!("{{\"argv\": [\"{}\"]}}", python.display())).unwrap();
    for place in ["elsewhere", "with space", "back/deeper"] {
        let new = patient.sandbox.path(place);
        std::fs::create_dir_all(new.parent().unwrap()).unwrap();
        let old = patient.sandbox.path(if place == "elsewhere" { "env" } else { "last" });
        std::fs::rename(old, &new).unwrap();
        assert_eq!(patient.findings_at(&new), ["env-moved"], "{place}");
        assert_eq!(patient.fix(&new), [""; 0], "{place}");
        let told = patient.sandbox.run(new.join("bin/fresh")).ok();
        assert_eq!(told.out, format!("1.0 {}\n", new.display()));
        let told = patient.sandbox.run(new.join("bin/absolute")).ok();
        assert!(told.out.starts_with(&format!("{}\n", new.display())), "{told}");
        let kernel =
            std::fs::read_to_string(new.join("share/jupyter/kernels/mine/kernel.json")).unwrap();
        assert_eq!(kernel, format!("{{\"argv\": [\"{}\"]}}", new.join("bin/python").display()));
        for file in ["bin/activate", "bin/activate.csh", "bin/activate.fish"] {
            let text = std::fs::read_to_string(new.join(file)).unwrap();
            assert!(text.contains(&*new.to_string_lossy()), "{file} names another place: {text}");
        }
        let listed = patient.sandbox.mlenv(["list"]).ok().out;
        assert_eq!(listed.lines().count(), 2, "{listed}");
        assert!(listed.contains(&*new.to_string_lossy()), "{listed}");
        std::fs::rename(new, patient.sandbox.path("last")).unwrap();
    }
}

#[test]
fn programs_installed_between_two_moves_are_found_too_and_a_users_own_script_is_left_alone() {
    let patient = Patient::new();
    let (second, third) = (patient.sandbox.path("second"), patient.sandbox.path("third"));
    std::fs::rename(&patient.env, &second).unwrap();
    let patient = Patient { env: second.clone(), ..patient };
    patient.pip(&["install", "-q", "fresh"]);
    let mine = "#!/nowhere/bin/python\nmine\n";
    std::fs::write(second.join("bin/mine"), mine).unwrap();
    std::fs::rename(&second, &third).unwrap();
    assert_eq!(patient.fix(&third), [""; 0]);
    let told = patient.sandbox.run(third.join("bin/fresh")).ok();
    assert_eq!(told.out, format!("1.0 {}\n", third.display()));
    assert_eq!(std::fs::read_to_string(third.join("bin/mine")).unwrap(), mine);
}

#[test]
fn an_env_that_is_reached_by_a_link_is_not_taken_for_moved() {
    let patient = Patient::new();
    symlink(&patient.env, patient.sandbox.path("link")).unwrap();
    assert_eq!(patient.findings_at(&patient.sandbox.path("link")), [""; 0]);
}

/// Both at once: with the link alone Python 3.11 and later would run on another standard library.
#[test]
fn a_base_that_moved_is_found_by_its_name_and_link_and_config_follow_it() {
    let patient = Patient::new();
    patient.sandbox.mlenv(["base", "add", "-q", "--name", "ml"]).arg(&patient.base).ok();
    let moved = patient.sandbox.path("img:v2/opt/conda");
    std::fs::create_dir_all(moved.parent().unwrap()).unwrap();
    std::fs::rename(&patient.base, &moved).unwrap();
    assert_eq!(patient.findings()[0], "base-gone");
    patient.sandbox.mlenv(["base", "add", "-q", "--force", "--name", "ml"]).arg(&moved).ok();
    assert_eq!(patient.findings(), ["base-moved", "python-config"]);
    assert_eq!(patient.fix(&patient.env), [""; 0]);
    let code = "import os, sys, click; print(os.path.realpath(sys.base_prefix))";
    assert_eq!(Path::new(&patient.python(&patient.env, code)), moved);
    let told = patient.sandbox.mlenv(["info", "--json", "env"]).ok().json();
    assert_eq!(told["base-state"], "same");
    assert_eq!(told["record"]["base"]["prefix"], moved.to_str().unwrap());
}

/// Hazard H19.
#[test]
fn a_base_that_is_gone_is_one_finding_that_nothing_is_done_about() {
    let patient = Patient::new();
    std::fs::rename(&patient.base, patient.sandbox.path("hidden")).unwrap();
    let before = tree::snapshot(&patient.env);
    assert_eq!(patient.fix(&patient.env), ["base-gone"]);
    tree::assert_same(&before, &tree::snapshot(&patient.env), "the env");
    let outcome = patient.sandbox.mlenv(["doctor", "env"]).end();
    assert!(outcome.out.contains("mount it again, or `mlenv rebase "), "{outcome}");
}

#[test]
fn a_base_that_changed_in_place_is_followed() {
    let patient = Patient::new();
    patient.change_base("bin/shelltool", None);
    patient.change_base("conda-meta/six-1.16.0-0.json", None);
    patient.change_base("conda-meta/six-1.17.0-0.json", Some("{\"files\": [\"bin/newtool\"]}"));
    patient.change_base("bin/newtool", Some("#!/bin/sh\necho new\n"));
    std::fs::set_permissions(patient.base.join("bin/newtool"), PermissionsExt::from_mode(0o755))
        .unwrap();
    let told = patient.told(&patient.env);
    assert_eq!(told["findings"][0]["kind"], "base-changed");
    let items = told["findings"][0]["items"].to_string();
    assert!(items.contains("-six 1.16.0") && items.contains("+six 1.17.0"), "{items}");
    patient.finds_and_mends(&["base-changed", "conda-pins"]);
    assert_eq!(patient.sandbox.run(patient.at("bin/newtool")).ok().out, "new\n");
    assert!(patient.at("bin/shelltool").symlink_metadata().is_err());
    assert!(patient.at("conda-meta/six-1.17.0-0.json").exists());
    let pinned = std::fs::read_to_string(patient.at("conda-meta/pinned")).unwrap();
    assert!(pinned.contains("six ==1.17.0 0\n") && !pinned.contains("1.16.0"), "{pinned}");
}

#[test]
fn another_patch_version_of_python_in_the_base_is_followed_and_another_minor_one_is_for_rebase() {
    let patient = Patient::new();
    let (python, version) = (&base().python, &base().version);
    let record = format!("conda-meta/python-{version}-0.json");
    let text = std::fs::read_to_string(patient.base.join(&record)).unwrap();
    patient.change_base(&record, None);
    let patch = format!("{}.99", python.trim_start_matches("python"));
    patient.change_base(&format!("conda-meta/python-{patch}-0.json"), Some(&text));
    patient.finds_and_mends(&["base-changed", "conda-pins"]);
    let config = std::fs::read_to_string(patient.at("pyvenv.cfg")).unwrap();
    assert!(config.contains(&format!("version = {patch}\n")), "{config}");

    patient.change_base(&format!("conda-meta/python-{patch}-0.json"), None);
    patient.change_base("conda-meta/python-3.99.0-0.json", Some("{\"files\": []}"));
    patient.change_base("bin/python3.99", Some(""));
    patient.change_base("lib/python3.99/os.py", Some(""));
    let before = tree::snapshot(&patient.env);
    assert_eq!(patient.fix(&patient.env), ["base-changed"]);
    tree::assert_same(&before, &tree::snapshot(&patient.env), "the env");
    let outcome = patient.sandbox.mlenv(["doctor", "env"]).end();
    assert!(outcome.out.contains("the base has Python 3.99.0 now"), "{outcome}");
    assert!(outcome.out.contains("`mlenv rebase "), "{outcome}");
}

#[test]
fn a_file_that_went_from_the_base_is_seen_though_no_package_was_changed() {
    let patient = Patient::new();
    patient.change_base("etc/tools.conf", None);
    patient.finds_and_mends(&["links-dangling"]);
    assert!(patient.at("etc/tools.conf").symlink_metadata().is_err());
}

#[test]
fn a_program_that_pip_took_along_comes_back_as_the_bases() {
    let patient = Patient::new();
    patient.pip(&["install", "-q", "-U", "greet"]);
    patient.pip(&["uninstall", "-q", "-y", "greet"]);
    assert!(patient.at("bin/greet").symlink_metadata().is_err(), "pip leaves a hole");
    patient.finds_and_mends(&["entries-missing"]);
    let told = patient.sandbox.run(patient.at("bin/greet")).ok();
    assert_eq!(told.out, format!("1.0 {}\n", patient.env.display()));
}

#[test]
fn a_broken_pyvenv_cfg_is_written_anew_with_the_lines_of_the_user() {
    let patient = Patient::new();
    for damage in ["", "home = /nowhere/bin\nprompt = mine\n", "version = 3.1\nprompt = mine\n"] {
        std::fs::write(patient.at("pyvenv.cfg"), damage).unwrap();
        patient.finds_and_mends(&["python-config"]);
        assert_eq!(
            patient.python(&patient.env, "import click, sys; print(sys.prefix)"),
            patient.env.to_str().unwrap()
        );
        let text = std::fs::read_to_string(patient.at("pyvenv.cfg")).unwrap();
        assert_eq!(text.contains("prompt = mine"), damage.contains("mine"), "{text}");
    }
    std::fs::remove_file(patient.at("pyvenv.cfg")).unwrap();
    patient.finds_and_mends(&["python-config"]);
}

#[test]
fn a_base_with_a_pyvenv_cfg_is_named() {
    let patient = Patient::new();
    patient.change_base("pyvenv.cfg", Some("home = /nowhere\n"));
    assert_eq!(patient.fix(&patient.env), ["base-hijacked"]);
}

#[test]
fn a_sparse_env_is_filled_and_a_full_one_is_not_thinned() {
    let patient = Patient::with_layout("sparse");
    patient.pip(&["install", "-q", "fresh"]);
    let outcome = patient.sandbox.mlenv(["doctor", "--layout", "standard", "env"]).end();
    assert_eq!(outcome.status.code(), Some(1), "{outcome}");
    patient.sandbox.mlenv(["doctor", "--layout", "standard", "--fix", "env"]).ok();
    let told = patient.sandbox.mlenv(["info", "--json", "env"]).ok().json();
    assert_eq!(told["record"]["layout"], "standard");
    assert_eq!(patient.findings(), [""; 0]);
    let fresh = Patient::new();
    for path in tree::links(&fresh.env).keys() {
        assert!(patient.at(path).symlink_metadata().is_ok(), "{} is missing", path.display());
    }
    assert_eq!(patient.sandbox.run(patient.at("bin/shelltool")).ok().out, "shell\n");
    let run = patient.sandbox.mlenv(["doctor", "--layout", "sparse", "env"]);
    run.fails(2, "cannot be thinned").hints("make a new env");
}

#[test]
fn what_a_killed_process_left_is_named_and_temporary_files_are_taken_away() {
    let patient = Patient::new();
    for path in [".mlenv-a1b2c3", "bin/.mlenv-77-0"] {
        std::fs::write(patient.at(path), "").unwrap();
        patient.sandbox.run("touch").args(["-h", "-d", "2 hours ago"]).arg(patient.at(path)).ok();
    }
    symlink("nowhere", patient.at("etc/.mlenv-young")).unwrap();
    patient.finds_and_mends(&["leftovers"]);
    assert!(patient.at("etc/.mlenv-young").symlink_metadata().is_ok(), "it may be at work");
    let host = patient.sandbox.run("hostname").ok().out.trim().to_owned();
    let stage = patient.sandbox.path(format!(".mlenv-new-{host}-4194400-0"));
    std::fs::create_dir(&stage).unwrap();
    assert_eq!(patient.fix(&patient.env), ["stages"]);
    assert!(stage.exists(), "doctor writes nothing outside its env");
}

#[test]
fn permissions_that_stop_their_owner_are_given_back() {
    let patient = Patient::new();
    for (path, mode) in [("etc", 0o555), ("lib/python", 0o755), ("bin/absolute", 0o644)] {
        let path = path.replace("lib/python", &base().site().to_string_lossy());
        std::fs::set_permissions(patient.at(path), PermissionsExt::from_mode(mode)).unwrap();
    }
    patient.finds_and_mends(&["permissions"]);
    patient.sandbox.run(patient.at("bin/absolute")).ok();
}

#[test]
fn files_of_the_users_and_what_links_lead_to_are_never_touched() {
    let patient = Patient::new();
    let outside = patient.sandbox.write("outside/keep", "precious");
    std::fs::remove_dir_all(patient.at("etc")).unwrap();
    symlink(outside.parent().unwrap(), patient.at("etc")).unwrap();
    std::fs::remove_file(patient.at("bin/shelltool")).unwrap();
    std::fs::write(patient.at("bin/shelltool"), "mine").unwrap();
    std::fs::write(patient.at("mine"), "mine").unwrap();
    symlink("/nowhere", patient.at("bin/dangling-of-mine")).unwrap();
    std::fs::remove_file(patient.at("bin/elftool")).unwrap();
    let base_before = tree::snapshot(&patient.base);
    let outside_before = tree::snapshot(&patient.sandbox.path("outside"));
    assert_eq!(patient.findings(), ["in-the-way", "entries-missing"]);
    assert_eq!(patient.fix(&patient.env), ["in-the-way"]);
    tree::assert_same(
        &outside_before,
        &tree::snapshot(&patient.sandbox.path("outside")),
        "what a link leads to",
    );
    tree::assert_same(&base_before, &tree::snapshot(&patient.base), "the base");
    for path in ["bin/shelltool", "mine"] {
        assert_eq!(std::fs::read_to_string(patient.at(path)).unwrap(), "mine");
    }
    assert!(patient.at("bin/dangling-of-mine").symlink_metadata().is_ok());
    assert!(patient.at("bin/elftool").exists());
}

#[test]
fn somebody_who_may_not_write_the_env_can_look_at_it_and_is_told_why_it_is_not_mended() {
    let patient = Patient::new();
    std::fs::remove_file(patient.at("bin/shelltool")).unwrap();
    std::fs::set_permissions(patient.at("bin"), PermissionsExt::from_mode(0o555)).unwrap();
    let outcome = patient.sandbox.mlenv(["doctor", "--json", "env"]).by_ordinary_user().end();
    assert_eq!(outcome.status.code(), Some(1), "{outcome}");
    let run = patient.sandbox.mlenv(["doctor", "--fix", "env"]).by_ordinary_user();
    run.ok(); // its owner gets the permission back first
    assert!(patient.at("bin/shelltool").exists());
}
