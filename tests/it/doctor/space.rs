//! `doctor` on an env that has no room left, that belongs to two users, or in which a package manager was stopped.

use std::path::Path;

use serde_json::json;

use crate::kit::compile::Source;
use crate::kit::patient::Patient;
use crate::support::machine;
use crate::support::testbase::base;

/// Runs doctor on a copy of an env on a file system that `mount` makes at `$1`; gives the sorts of findings and the text.
fn on_small_disk(patient: &Patient, prepare: &str) -> String {
    let script = format!(
        "set -eu\nmkdir small\n{prepare}\ncp -a env small/env\ncd small\ncode=0\n\"$MLENV\" doctor --fix env > ../told 2>&1 || code=$?\n\
         cat ../told\necho code $code\n"
    );
    let run = patient.sandbox.run("unshare").args(["-m", "sh", "-c", &script]);
    run.var("MLENV", env!("CARGO_BIN_EXE_mlenv")).ok().out
}

#[test]
fn a_file_system_that_is_nearly_out_of_files_or_full_is_told_before_an_installation_finds_out() {
    if !machine::can_mount() {
        return;
    }
    let patient = Patient::with_layout("sparse");
    let told = on_small_disk(&patient, "mount -t tmpfs -o nr_inodes=200 none small");
    assert!(
        told.contains("found: the file system has room for ") && told.contains(" more files"),
        "{told}"
    );
    assert!(told.contains("mlenv prune") && told.ends_with("code 1\n"), "{told}");
    let patient = Patient::with_layout("sparse");
    let told = on_small_disk(&patient, "mount -t tmpfs -o size=4m none small");
    assert!(told.contains("found: the file system has ") && told.contains(" KB left"), "{told}");
    let patient = Patient::with_layout("sparse");
    let told = on_small_disk(&patient, "mount -t tmpfs none small");
    assert!(told.ends_with("is healthy\ncode 0\n"), "{told}");
}

/// Answers as a kernel with quotas does. Few machines that run tests have one.
const QUOTA: &str = "#include <string.h>
#include <sys/quota.h>
int quotactl(int cmd, const char *device, int id, caddr_t into) {
    struct dqblk limits;
    memset(&limits, 0, sizeof limits);
    limits.dqb_ihardlimit = 1000;
    limits.dqb_curinodes = 968;
    limits.dqb_valid = QIF_ALL;
    if (cmd != QCMD(Q_GETQUOTA, USRQUOTA) || strncmp(device, \"/dev/\", 5)) return -1;
    memcpy(into, &limits, sizeof limits);
    return 0;
}";

#[test]
fn a_quota_of_files_that_is_nearly_used_up_is_told() {
    let patient = Patient::with_layout("sparse");
    let to = patient.sandbox.path("quota.so");
    Source { to: to.clone(), text: QUOTA, soname: Some("quota.so"), needs: &[], linker: &[] }
        .compile();
    let run = patient.sandbox.mlenv(["doctor", "--json", "env"]);
    let told = run.var("LD_PRELOAD", &to).end().json();
    if told["findings"] == json!([]) {
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
        assert!(!mounts.contains(" - ext4 /dev/"), "{told}");
        return; // no block device holds the env, as in a container
    }
    assert_eq!(told["findings"][0]["kind"], "inodes", "{told}");
    let what = told["findings"][0]["what"].as_str().unwrap();
    assert!(what.starts_with("your quota has room for 32 more files at "), "{what}");
}

#[test]
fn what_a_stopped_package_manager_left_is_named() {
    let patient = Patient::new();
    let site = base().site();
    patient.pip(&["install", "-q", "greet", "fresh"]);
    assert_eq!(patient.findings(), [""; 0]);
    std::fs::remove_file(patient.at(&site).join("fresh-1.0.dist-info/RECORD")).unwrap();
    std::fs::create_dir(patient.at(&site).join("~reet")).unwrap();
    std::fs::write(patient.at("bin/old.c~"), "").unwrap();
    let record =
        json!({"name": "own", "files": ["bin/own", "lib/gone.so", "lib/x.pyc"]}).to_string();
    std::fs::write(patient.at("conda-meta/own-1.0-0.json"), record).unwrap();
    std::fs::write(patient.at("bin/own"), "").unwrap();
    let told = patient.told(&patient.env);
    let finding = &told["findings"][0];
    assert_eq!(finding["kind"], "unfinished-installs", "{told}");
    let items = finding["items"].to_string();
    for item in ["fresh-1.0.dist-info", "/~reet", "bin/old.c~", "own 1.0: 1 file is missing"] {
        assert!(items.contains(item), "{item}: {items}");
    }
    assert_eq!(finding["items"].as_array().unwrap().len(), 4, "{items}");
}

#[test]
fn a_project_installed_in_place_that_is_gone_is_named() {
    let patient = Patient::new();
    let file = patient.at(base().site()).join("__editable__.mine.pth");
    let project = patient.sandbox.path("my project");
    std::fs::create_dir(&project).unwrap();
    std::fs::write(&file, format!("import sys\n# note\n{}\n", project.display())).unwrap();
    assert_eq!(patient.findings(), [""; 0]);
    std::fs::remove_dir(&project).unwrap();
    assert_eq!(patient.findings(), ["stale-paths"]);
}

#[test]
fn directories_of_somebody_else_are_named() {
    if !machine::is_root() {
        return machine::lacks("root");
    }
    let patient = Patient::new();
    for dir in [Path::new("etc"), &base().site()] {
        std::os::unix::fs::lchown(patient.at(dir), Some(1234), None).unwrap();
    }
    let told = patient.told(&patient.env);
    assert_eq!(told["findings"][0]["kind"], "other-owner", "{told}");
    assert_eq!(told["findings"][0]["items"], json!(["etc", base().site()]));
}
