//! What conda clients, pip and Python were seen to do to envs on big bases, one test each where no other file has it.
//! `docs/hazards.md` lists them all.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde_json::json;

use crate::kit::client::address;
use crate::kit::patient::Patient;
use crate::kit::tools;
use crate::support::testbase::base;
use crate::support::tree;

/// H4: `conda remove` takes away all that nobody asked for, as far as the history tells.
#[test]
fn a_client_that_prunes_removes_what_was_asked_to_go_and_not_the_base() {
    for with_history in [true, false] {
        let patient = Patient::new();
        patient.conda("install", &["-q", "app"]).ok();
        if !with_history {
            std::fs::write(patient.at("conda-meta/history"), "").unwrap();
        }
        patient.micromamba(&["remove", "app"]).var("TEST_CLIENT_PRUNES", "1").ok();
        let findings = patient.findings();
        if with_history {
            assert_eq!((findings, patient.added()), (vec![], vec![]));
        } else {
            assert!(
                findings.contains(&"packages-removed".to_owned()),
                "the rule bites: {findings:?}"
            );
        }
    }
}

/// H5: what is the base's cannot be removed by mlenv, and comes back when a client removed it.
#[test]
fn a_package_of_the_base_stays_whatever_is_done_to_remove_it() {
    let patient = Patient::new();
    patient.conda("uninstall", &["tools"]).fails(1, "tools 2.0 belongs to the base and stays");
    patient.micromamba(&["remove", "tools", "six"]).ok();
    assert!(patient.at("bin/shelltool").symlink_metadata().is_err());
    patient.finds_and_mends(&["packages-removed", "conda-history"]);
    assert_eq!(patient.sandbox.run(patient.at("bin/shelltool")).ok().out, "shell\n");
}

/// H6: an image's own file at the same place is not linked, so a script that writes there makes a new file.
#[test]
fn a_packages_scripts_write_into_the_env_and_not_through_a_link() {
    let patient = Patient::new();
    let before = tree::snapshot(&patient.base);
    patient.conda("unpin", &["-q", "tools"]).ok();
    patient.conda("install", &["-q", "tools=3.0"]).ok();
    let file = patient.at("etc/image.conf");
    assert!(file.symlink_metadata().unwrap().is_file());
    assert_eq!(std::fs::read_to_string(file).unwrap(), "linked\n");
    tree::assert_same(&before, &tree::snapshot(&patient.base), "the base");
}

/// H7 and H8, with the real library: it copies onto whatever lies there when its cache is on another file system, and
/// reads no record that is a link. Records are real files, so it knows what lies there.
#[test]
fn rattler_writes_nothing_through_links_into_a_base_that_can_be_written() {
    let Some(tools) = tools::from_pypi() else { return };
    let shm = tempfile::tempdir_in("/dev/shm").unwrap();
    let patient = Patient::new();
    let device = |path: &Path| path.metadata().unwrap().dev();
    assert_ne!(
        device(shm.path()),
        device(&patient.env),
        "the cache must be on another file system"
    );
    let before = tree::snapshot(&patient.base);
    for specs in [&["app"][..], &["tools=3.0"], &["clobber", "fresh"]] {
        rattler(&patient, tools, shm.path(), specs);
        tree::assert_same(&before, &tree::snapshot(&patient.base), "the base");
    }
    assert!(patient.added().contains(&"clobber 1.0".to_owned()));
    // It wants to have just what was asked for last; what it took of the base comes back.
    assert!(patient.findings().contains(&"packages-removed".to_owned()));
    patient.fix(&patient.env);
    assert_eq!(patient.python(&patient.env, "import six; print(six.__version__)"), "1.16.0");
    assert!(patient.at("conda-meta/six-1.16.0-0.json").is_file());
}

fn rattler(patient: &Patient, tools: &Path, cache: &Path, specs: &[&str]) {
    let run = patient
        .sandbox
        .run(tools.join("python"))
        .args(["-c", include_str!("../kit/conda/rattler.py")]);
    run.arg(&patient.env).arg(cache).arg(address()).args(specs).ok();
}

/// H8, in an env that was made when records were links: the damage is seen and mended.
#[test]
fn a_package_that_was_put_over_one_of_the_base_without_its_record_is_seen() {
    let patient = Patient::new();
    let record = json!({"name": "tools", "version": "3.0", "build": "0", "files": ["bin/shelltool"], "paths_data": {"paths": []}});
    std::fs::write(patient.at("conda-meta/tools-3.0-0.json"), record.to_string()).unwrap();
    patient.finds_and_mends(&["records-double"]);
    assert!(patient.at("conda-meta/tools-2.0-0.json").symlink_metadata().is_err());
    assert_eq!(patient.added(), ["tools 3.0"]);
}

/// H8: the base's records are real files in an env, are told from a client's, and follow the base.
#[test]
fn records_of_the_base_are_real_files_and_follow_it() {
    let patient = Patient::new();
    let name = "conda-meta/six-1.16.0-0.json";
    let told = |path: &Path| -> serde_json::Value {
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    };
    let (mut ours, theirs) = (told(&patient.at(name)), told(&patient.base.join(name)));
    assert!(!patient.at(name).is_symlink());
    assert_eq!(ours.as_object_mut().unwrap().remove("mlenv"), Some("base".into()));
    assert_eq!((&ours["files"], &ours["url"]), (&json!([]), &theirs["url"]));
    assert!(patient.added().is_empty());
    let newer = json!({"name": "six", "version": "1.17.0", "build": "0", "files": []}).to_string();
    patient.change_base(name, None);
    patient.change_base("conda-meta/six-1.17.0-0.json", Some(&newer));
    patient.finds_and_mends(&["base-changed", "conda-pins"]);
    let names = tree::names(&patient.at("conda-meta"));
    let six: Vec<_> =
        names.iter().filter(|name| name.to_string_lossy().starts_with("six")).collect();
    assert_eq!(six, [Path::new("six-1.17.0-0.json")]);
    assert!(patient.added().is_empty());
}

/// H24: conda takes a record whose Python files are not in the prefix for stale, and removes it. Those of an env list
/// no such files.
#[test]
fn records_list_no_files_that_are_not_in_the_env() {
    for layout in ["standard", "full"] {
        let patient = Patient::with_layout(layout);
        let mut listed = 0;
        for name in tree::names(&patient.at("conda-meta")) {
            let Ok(text) = std::fs::read_to_string(patient.at("conda-meta").join(&name)) else {
                continue;
            };
            let Ok(record) = serde_json::from_str::<serde_json::Value>(&text) else { continue };
            for list in [
                record["files"].as_array().unwrap(),
                record["paths_data"]["paths"].as_array().unwrap(),
            ] {
                for entry in list {
                    let path = entry.as_str().or(entry["_path"].as_str()).unwrap();
                    assert!(
                        patient.at(path).symlink_metadata().is_ok(),
                        "{}: {path}",
                        name.display()
                    );
                    listed += 1;
                }
            }
        }
        assert!(listed > 20, "{listed}");
    }
}

/// H10: another build of Python is refused as any other pinned package, and told where it came in otherwise.
#[test]
fn pythons_own_package_is_not_replaced_unless_its_pin_is_lifted() {
    let patient = Patient::new();
    let spec = format!("python={}=1", base().version);
    let told = patient.conda("install", &[&spec]).end();
    assert_eq!(told.status.code(), Some(2), "{told}");
    told.says("pin on python ");
    assert_eq!(patient.findings(), [""; 0]);
    patient.conda("unpin", &["-q", "python"]).ok();
    let told = patient.conda("install", &[&spec]).end();
    told.says("put Python").says("standard library");
}

/// H14: the env's version is the one that counts, for importlib and for pip.
#[test]
fn of_two_versions_importlib_and_pip_tell_the_envs() {
    let patient = Patient::new();
    patient.packages("install", &["-q", "greet>1"]).ok();
    let code = "from importlib.metadata import version; import greet; print(version('greet'), greet.__version__)";
    assert_eq!(patient.python(&patient.env, code), "2.0 2.0");
    let told = patient.pip(&["list", "--format", "json"]).json();
    let rows = told.as_array().unwrap().iter().filter(|row| row["name"] == "greet");
    assert_eq!(rows.map(|row| row["version"].as_str().unwrap()).collect::<Vec<_>>(), ["2.0"]);
    patient.pip(&["check"]);
}

/// H15, a limit: a venv that is made by the env's Python stands on the base, and does not see the env's packages.
#[test]
fn a_venv_made_in_an_env_stands_on_the_base_alone() {
    let patient = Patient::new();
    patient.packages("install", &["-q", "fresh"]).ok();
    let venv = patient.sandbox.path("venv");
    let run = patient.sandbox.run(patient.at("bin/python"));
    run.args(["-m", "venv", "--without-pip", "--system-site-packages"]).arg(&venv).ok();
    let run = |code: &str| patient.sandbox.run(venv.join("bin/python")).args(["-c", code]).end();
    assert!(run("import click").status.success());
    assert!(!run("import fresh").status.success(), "docs/hazards.md says otherwise");
}

/// H20: with the base pinned there is nothing to update; an env stays an env.
#[test]
fn an_update_of_everything_does_not_turn_the_env_into_a_copy() {
    let patient = Patient::new();
    patient.conda("install", &["-q", "app"]).ok();
    let links = |env: &Path| -> BTreeMap<_, _> { tree::links(env) };
    let before = links(&patient.env);
    let told = patient.micromamba(&["update", "--all"]).ok();
    assert!(told.out.contains("0 to link, 0 to unlink"), "{told}");
    assert_eq!(before, links(&patient.env));
}

/// H21: a base that is frozen (CEP 22) does not freeze its envs.
#[test]
fn a_frozen_base_has_envs_that_are_not() {
    let patient = Patient::new();
    patient.change_base("conda-meta/frozen", Some("{\"message\": \"ask the admins\"}"));
    let env = patient.sandbox.env("second", &patient.base);
    assert!(env.join("conda-meta/frozen").symlink_metadata().is_err());
    let run = patient.conda("install", &["-q", "fresh"]);
    run.arg("-p").arg(&env).end();
    let told = patient.sandbox.mlenv(["doctor"]).arg(&env).ok();
    assert!(told.err.contains("is healthy"), "{told}");
}

/// The rows of the table name tests that are there, and every hazard has a row.
#[test]
fn the_table_of_hazards_names_tests_that_are_there() {
    let table = include_str!("../../../docs/hazards.md");
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with("| H")).collect();
    for number in 1..=24 {
        let start = format!("| H{number} |");
        assert!(rows.iter().any(|row| row.starts_with(&start)), "H{number} has no row");
    }
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    for row in rows {
        let last = row.trim_end_matches('|').rsplit('|').next().unwrap();
        let names: Vec<&str> = last.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "no test: {row}");
        for name in names {
            let (file, wanted) = name.split_once("::").unwrap_or_else(|| panic!("{name}"));
            let text = std::fs::read_to_string(tests.join(file))
                .unwrap_or_else(|cause| panic!("{file}: {cause}"));
            assert!(text.contains(&format!("fn {wanted}(")), "{file} has no test {wanted}");
        }
    }
}
