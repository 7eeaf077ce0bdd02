//! What is read of others, fuzzed on a stable compiler: samples as they are found in the wild, a few thousand changes of
//! each, always the same ones. cargo-fuzz runs the same functions without an end (`Cargo.toml` here).

#![expect(clippy::disallowed_methods, reason = "tests make, break and run things themselves")]
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

mod archives;
mod changes;
mod samples;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use mlenv::fuzzing;

use crate::changes::Changes;

/// Calls `target` with every sample and with `count` changes of them. What made it panic is shown. The first sample must
/// be understood, else nothing behind its reader would be reached.
fn fuzz(samples: &[Vec<u8>], count: usize, target: impl Fn(&[u8]) -> bool) {
    assert!(target(&samples[0]), "the first sample is refused");
    let mut changes = Changes::of(samples);
    let others = (0..count).map(|_| changes.next());
    for input in samples.iter().cloned().chain(others) {
        let ended = catch_unwind(AssertUnwindSafe(|| target(&input)));
        assert!(ended.is_ok(), "it panicked on b\"{}\"", input.escape_ascii());
    }
}

#[test]
fn sessions() {
    fuzz(&samples::sessions(), 5_000, fuzzing::session);
}

#[test]
fn markers() {
    fuzz(&samples::markers(), 5_000, fuzzing::marker);
}

#[test]
fn records() {
    fuzz(&samples::records(), 3_000, fuzzing::record);
}

#[test]
fn references() {
    fuzz(&samples::references(), 5_000, fuzzing::reference);
}

#[test]
fn answers_of_registries() {
    fuzz(&samples::answers(), 5_000, fuzzing::answer);
}

#[test]
fn conda_records() {
    fuzz(&samples::conda_records(), 5_000, fuzzing::conda_record);
}

#[test]
fn files_that_ask_for_an_env() {
    fuzz(&samples::env_files(), 3_000, fuzzing::env_file);
    fuzzing::env_file(samples::deep_condition().as_bytes());
}

#[test]
fn elf_files() {
    fuzz(&samples::elf_files(), 1_500, fuzzing::elf);
}

/// Their outside, and what is inside of them: a change of compressed bytes is found by a sum before anything is read.
#[test]
fn indexes() {
    let about = samples::ABOUT_INDEX.as_bytes();
    let frames = archives::index();
    fuzz(&[fuzzing::sealed(&frames, about)], 1_500, fuzzing::index);
    fuzz(&[frames.concat()], 3_000, |tar| {
        fuzzing::index(&fuzzing::sealed(&[archives::summed(tar)], about))
    });
}

#[test]
fn archives_of_images() {
    let tar = archives::index().concat();
    fuzz(&[archives::gzipped(&tar)], 1_500, fuzzing::tgz);
    fuzz(&[tar], 3_000, |tar| fuzzing::tgz(&archives::gzipped(&archives::summed(tar))));
}

#[test]
fn packed_envs_reach_nothing_outside_their_place() {
    let room = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(room.path().join("base/lib")).unwrap();
    std::fs::write(room.path().join("base/lib/x.so"), "the base's").unwrap();
    std::fs::write(room.path().join("beside"), "the user's").unwrap();
    let before = seen(room.path());
    let in_room = |bytes: &[u8]| fuzzing::parcel(bytes, room.path());

    let about = samples::about_parcel();
    let frames = archives::parcel();
    fuzz(&[fuzzing::sealed(&frames, about.as_bytes())], 300, in_room);
    fuzz(&[about.into_bytes()], 600, |about| in_room(&fuzzing::sealed(&frames, about)));
    fuzz(&archives::parcels(), 1_000, |tar| {
        let frames = [frames[0].clone(), archives::summed(tar)];
        in_room(&fuzzing::sealed(&frames, samples::about_parcel().as_bytes()))
    });
    assert_eq!(seen(room.path()), before);
}

/// Every path below `dir`, and what is in it.
fn seen(dir: &Path) -> Vec<(std::path::PathBuf, Option<String>)> {
    let entries = walkdir::WalkDir::new(dir).sort_by_file_name();
    let paths = entries.into_iter().map(|entry| entry.unwrap().into_path());
    paths.map(|path| (path.clone(), std::fs::read_to_string(path).ok())).collect()
}

/// Each function has its target, its manifest's entry, and a test here.
#[test]
fn every_target_is_run_in_both_ways() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(top.join(path)).unwrap();
    let (library, manifest) = (read("src/fuzzing.rs"), read("tests/fuzz/Cargo.toml"));
    let names = library.lines().filter_map(|line| line.strip_prefix("pub fn "));
    let names: Vec<&str> = names.filter_map(|line| line.split('(').next()).collect();
    let targets: Vec<&str> = names.into_iter().filter(|name| *name != "sealed").collect();
    assert!(targets.len() > 10);
    for name in &targets {
        let call = format!("fuzzing::{name}");
        assert!(read(&format!("tests/fuzz/targets/{name}.rs")).contains(&call), "{name}");
        assert!(manifest.contains(&format!("\"targets/{name}.rs\"")), "{name}");
        assert!(read("tests/fuzz/main.rs").contains(&call), "{name}");
    }
    let files = std::fs::read_dir(top.join("tests/fuzz/targets")).unwrap().count();
    assert_eq!(files, targets.len());
}
