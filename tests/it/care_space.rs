//! `doctor` on an env that has no room left, that belongs to two users, or in which a package manager was stopped.

use std::path::Path;

use serde_json::json;

use crate::care::Patient;
use crate::machine;
use crate::testbase::base;

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

/// A quota of files on ext4, set by the system call: no tool for it is needed.
const QUOTA: &str = r#"truncate -s 64M disk
mkfs.ext4 -q -F -O quota -E quotatype=usrquota disk
mount -o loop,usrquota disk small
chmod 777 small
python3 - "$(findmnt -no SOURCE small)" <<'PY'
import ctypes, struct, sys
# struct dqblk: limits and use of blocks, of inodes, times, which are valid.
limits = struct.pack("=QQQQQQQQI4x", 0, 0, 0, 300, 300, 0, 0, 0, 1 << 2)
libc = ctypes.CDLL(None, use_errno=True)
if libc.quotactl(0x80000800 - (1 << 32), sys.argv[1].encode(), 65534, limits):
    sys.exit("quotactl: %d" % ctypes.get_errno())
PY"#;

#[test]
fn a_quota_of_files_that_is_nearly_used_up_is_told() {
    if !machine::can_mount() {
        return;
    }
    let patient = Patient::with_layout("sparse");
    let script = format!(
        "set -eu\nmkdir small\n{QUOTA}\ncp -a env small/env\nchown -R -h 65534 small/env\nchmod 755 . ..\ncode=0\n\
         setpriv --reuid 65534 --clear-groups env HOME=/nonexistent \"$MLENV\" doctor small/env > told 2>&1 || code=$?\n\
         cat told\necho code $code\numount small\n"
    );
    let run = patient.sandbox.run("unshare").args(["-m", "sh", "-c", &script]);
    let told = run.var("MLENV", env!("CARGO_BIN_EXE_mlenv")).end();
    if told.err.contains("mkfs.ext4")
        || told.err.contains("mount:")
        || told.err.contains("quotactl:")
    {
        return machine::lacks("ext4 with quotas");
    }
    assert!(told.out.contains("found: your quota has room for 2"), "{told}");
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
