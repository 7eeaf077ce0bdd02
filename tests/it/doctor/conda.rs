//! What conda clients do to an env, done here by hand, and what `doctor` makes of it.

use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::json;

use crate::kit::patient::Patient;
use crate::support::testbase::base;

/// As a client does it: the record and the files of a package are unlinked.
fn unlink(patient: &Patient, package: &str) {
    let record = patient.at(format!("conda-meta/{package}.json"));
    let text = std::fs::read_to_string(&record).unwrap();
    let told: serde_json::Value = serde_json::from_str(&text).unwrap();
    for file in told["files"].as_array().unwrap() {
        let _ = std::fs::remove_file(patient.at(file.as_str().unwrap()));
    }
    std::fs::remove_file(record).unwrap();
}

/// As a client does it: real files and a record.
fn link(patient: &Patient, package: &str, files: &[&str], prefixed: &[(&str, &str)]) {
    let mut parts = package.rsplitn(3, '-');
    let (build, version, name) =
        (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
    let mut paths = Vec::new();
    for file in files {
        let path = patient.at(file);
        let _ = std::fs::remove_file(&path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, format!("{package} at {}\n", patient.env.display())).unwrap();
        let mode = prefixed.iter().find(|(prefixed, _)| prefixed == file).map(|(_, mode)| mode);
        paths.push(match mode {
            Some(mode) => json!({"_path": file, "prefix_placeholder": "/place", "file_mode": mode}),
            None => json!({"_path": file}),
        });
    }
    let record = json!({"name": name, "version": version, "build": build, "files": files, "paths_data": {"paths": paths}});
    std::fs::write(patient.at(format!("conda-meta/{package}.json")), record.to_string()).unwrap();
}

/// Hazard H5.
#[test]
fn a_package_of_the_base_that_a_client_removed_comes_back() {
    let patient = Patient::new();
    unlink(&patient, "tools-2.0-0");
    assert!(patient.at("bin/shelltool").symlink_metadata().is_err());
    let told = patient.told(&patient.env);
    assert_eq!(told["findings"][0]["items"], json!(["tools 2.0"]));
    patient.finds_and_mends(&["packages-removed"]);
    assert!(
        patient.at("conda-meta/tools-2.0-0.json").exists() && patient.at("bin/shelltool").exists()
    );
}

#[test]
fn a_package_of_the_base_that_a_client_upgraded_is_as_it_should_be() {
    let patient = Patient::new();
    unlink(&patient, "tools-2.0-0");
    link(&patient, "tools-3.0-1", &["bin/shelltool"], &[]);
    assert_eq!(patient.findings(), [""; 0]);
}

/// Hazard H4.
#[test]
fn a_lost_history_and_lost_pins_are_written_anew() {
    let patient = Patient::new();
    let (history, pinned) = (patient.at("conda-meta/history"), patient.at("conda-meta/pinned"));
    let (old_history, old_pinned) =
        (std::fs::read(&history).unwrap(), std::fs::read(&pinned).unwrap());
    std::fs::remove_file(&history).unwrap();
    std::fs::remove_file(&pinned).unwrap();
    patient.finds_and_mends(&["entries-missing"]);
    assert_eq!(
        (std::fs::read(&history).unwrap(), std::fs::read(&pinned).unwrap()),
        (old_history, old_pinned)
    );
}

#[test]
fn a_history_that_forgot_the_base_asks_for_it_again_and_keeps_what_the_client_wrote() {
    let patient = Patient::new();
    let history = patient.at("conda-meta/history");
    let theirs =
        "==> 2026-01-01 00:00:00 <==\n# cmd: conda install cowsay\n# update specs: ['cowsay']\n";
    std::fs::write(&history, theirs).unwrap();
    patient.finds_and_mends(&["conda-history"]);
    let text = std::fs::read_to_string(&history).unwrap();
    assert!(text.starts_with(theirs), "{text}");
    for package in ["\"six\"", "\"tools\"", "\"python\""] {
        assert!(text.contains(package), "{text}");
    }
}

#[test]
fn a_pin_that_the_user_lifted_or_wrote_stays_as_it_is() {
    let patient = Patient::new();
    let pinned = patient.at("conda-meta/pinned");
    let text = std::fs::read_to_string(&pinned).unwrap();
    let kept: Vec<&str> = text.lines().filter(|line| !line.starts_with("six ")).collect();
    std::fs::write(&pinned, kept.join("\n") + "\nnumpy 2.*\n").unwrap();
    assert_eq!(patient.findings(), [""; 0]);
}

/// Hazard H10.
#[test]
fn another_python_put_into_the_env_by_a_client_is_named_with_the_way_back() {
    let patient = Patient::new();
    let program = format!("bin/{}", base().python);
    std::fs::remove_file(patient.at(format!("conda-meta/python-{}-0.json", base().version)))
        .unwrap();
    link(&patient, &format!("python-{}-1", base().version), &[program.as_str()], &[]);
    let told = patient.told(&patient.env);
    assert_eq!(told["findings"][0]["kind"], "python-replaced");
    let cure = told["findings"][0]["cure"].as_str().unwrap();
    assert!(cure.contains(&format!("python={}=0", base().version)), "{cure}");
    assert_eq!(patient.fix(&patient.env), ["python-replaced"]);
    let text = std::fs::read_to_string(patient.at(program)).unwrap();
    assert!(text.starts_with("python-"), "files of the client's are not touched");
}

#[test]
fn a_moved_env_renews_the_text_of_its_conda_packages_and_names_compiled_ones() {
    let patient = Patient::new();
    let files = ["lib/pkgconfig/own.pc", "lib/libown.so", "share/doc"];
    link(&patient, "own-1-0", &files, &[(files[0], "text"), (files[1], "binary")]);
    let new = patient.sandbox.path("new");
    std::fs::rename(&patient.env, &new).unwrap();
    assert_eq!(patient.findings_at(&new), ["env-moved", "env-moved"]);
    patient.fix(&new);
    let text = |path: &str| std::fs::read_to_string(new.join(path)).unwrap();
    assert_eq!(text(files[0]), format!("own-1-0 at {}\n", new.display()));
    assert_eq!(text(files[1]), format!("own-1-0 at {}\n", patient.env.display()));
    assert_eq!(text(files[2]), format!("own-1-0 at {}\n", patient.env.display()));
}

#[test]
fn links_that_packages_bring_themselves_are_left_alone() {
    let patient = Patient::new();
    symlink("libnowhere.so.1", patient.at("lib/libown.so")).unwrap();
    symlink(patient.base.join("gone"), patient.at("lib/absolute")).unwrap();
    assert_eq!(patient.findings(), [""; 0]);
    assert!(Path::new(&patient.at("lib/libown.so")).symlink_metadata().is_ok());
}
