//! A base that is away for a moment, or only partly there, is told and never mended by taking things away; nor is what a
//! client put into the env.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::kit::patient::Patient;
use crate::support::testbase::base;
use crate::support::tree;

/// As while an image is unpacked again, or a mount comes up: what decides that it is a base is there, the rest is not.
#[test]
fn a_base_that_is_only_partly_there_is_told_and_nothing_is_mended() {
    for lost in [&["etc", "share", "include", "bin"][..], &["etc"], &["share/jupyter"]] {
        let patient = Patient::new();
        let before = tree::snapshot(&patient.env);
        for dir in lost {
            let away = patient.sandbox.path("away").join(dir);
            std::fs::create_dir_all(away.parent().unwrap()).unwrap();
            std::fs::rename(patient.base.join(dir), &away).unwrap();
            if *dir == "bin" {
                std::fs::create_dir(patient.base.join("bin")).unwrap();
                std::fs::copy(
                    away.join(&base().python),
                    patient.base.join("bin").join(&base().python),
                )
                .unwrap();
            }
        }
        assert_eq!(patient.fix(&patient.env), ["base-gone"], "{lost:?}");
        let told = patient.sandbox.mlenv(["doctor", "env"]).end();
        assert!(told.out.contains("is only partly there"), "{told}");
        tree::assert_same(&before, &tree::snapshot(&patient.env), "the env");
    }
}

#[test]
fn a_directory_that_stands_at_the_bases_place_for_a_moment_takes_nothing_from_an_env() {
    let patient = Patient::new();
    let before = tree::snapshot(&patient.env);
    let (away, done) = (patient.sandbox.path("away"), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| swap(&patient.base, &away, &done));
        for _ in 0..25 {
            patient.sandbox.mlenv(["doctor", "--fix", "env"]).end();
        }
        done.store(true, Ordering::Relaxed);
    });
    tree::assert_same(&before, &tree::snapshot(&patient.env), "the env");
    patient.sandbox.mlenv(["doctor", "env"]).ok();
}

/// The same without a clock: one look at the base finds nothing there, the next one finds it.
#[test]
fn a_base_that_one_look_does_not_find_is_not_taken_for_one_that_moved() {
    let patient = Patient::new();
    let before = tree::snapshot(&patient.env);
    let base = patient.base.to_str().unwrap();
    for at in 1..=16 {
        let inject = format!("inject=stat,lstat,newfstatat,statx:error=ENOENT:when={at}");
        let front = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", base, "-e", &inject];
        let told = patient.sandbox.mlenv(["doctor", "--fix", "env"]).behind(front).end();
        assert!(!told.out.contains("mended"), "at look {at}: {told}");
        tree::assert_same(
            &before,
            &tree::snapshot(&patient.env),
            &format!("the env, at look {at}"),
        );
    }
}

fn swap(base: &Path, away: &PathBuf, done: &AtomicBool) {
    while !done.load(Ordering::Relaxed) {
        std::fs::rename(base, away).unwrap();
        std::fs::create_dir(base).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(2));
        std::fs::remove_dir(base).unwrap();
        std::fs::rename(away, base).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

/// A client that puts the base's own interpreter into the env leaves it with the size and the time of the base's.
#[test]
fn an_interpreter_that_a_client_put_there_is_not_taken_for_a_copy_of_doctors() {
    let patient = Patient::new();
    let program = format!("bin/{}", base().python);
    let (theirs, mine) = (patient.base.join(&program), patient.at(&program));
    std::fs::remove_file(&mine).unwrap();
    std::fs::copy(&theirs, &mine).unwrap();
    let meta = theirs.metadata().unwrap();
    let file = std::fs::File::options().write(true).open(&mine).unwrap();
    file.set_modified(meta.modified().unwrap()).unwrap();
    let time = meta.modified().unwrap().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
    let size = meta.len();
    let pulled = format!("[[programs]]\npath = \"{program}\"\nsize = {size}\ntime = {time}\n");
    std::fs::write(patient.at("mlenv-pulled.toml"), pulled).unwrap();
    let record = format!("conda-meta/python-{}-0.json", base().version);
    std::fs::remove_file(patient.at(&record)).unwrap();
    let text = serde_json::json!({"name": "python", "version": base().version, "build": "0", "files": [program]});
    std::fs::write(patient.at(&record), text.to_string()).unwrap();
    patient.sandbox.mlenv(["doctor", "--fix", "env"]).end();
    assert!(mine.symlink_metadata().unwrap().is_file(), "the client's interpreter was taken away");
    // Without the record it is doctor's own copy, which nothing needs any more.
    std::fs::write(
        patient.at("mlenv-pulled.toml"),
        format!("[[programs]]\npath = \"{program}\"\nsize = {size}\ntime = {time}\n"),
    )
    .unwrap();
    std::fs::remove_file(patient.at(&record)).unwrap();
    patient.sandbox.mlenv(["doctor", "--fix", "env"]).end();
    assert!(mine.symlink_metadata().unwrap().is_symlink());
}
