//! Indexes that are damaged, or made by somebody who wishes the user ill: an error, and nothing on disk.

use std::path::Path;

use tar::EntryType;

use crate::kit::forge::{self, Entry};
use crate::support::sandbox::Sandbox;
use crate::support::testbase::base;
use crate::support::tree;

/// Puts `bytes` into the base as its index and tries to make an env of it; nothing may change beside it.
fn refused(sandbox: &Sandbox, base: &Path, bytes: &[u8], what: &str) {
    std::fs::write(base.join("mlenv-standard.tar.zst"), bytes).unwrap();
    let before = tree::snapshot(sandbox.root());
    let told = sandbox.mlenv(["create", "-p", "victim/env", "--base"]).arg(base);
    let told = told.fails(2, "could not use the base's index").hints("--reindex");
    assert!(told.err.contains("damaged") || told.err.contains("not fit for use"), "{what}: {told}");
    tree::assert_same(&before, &tree::snapshot(sandbox.root()), what);
}

fn prepared() -> (Sandbox, std::path::PathBuf, String) {
    let sandbox = Sandbox::new();
    let base = forge::hollow_base(&sandbox.path("base"));
    let state = forge::state(&sandbox, &base);
    (sandbox, base, state)
}

#[test]
fn an_honest_index_made_by_hand_is_taken() {
    let (sandbox, base, state) = prepared();
    let entries = [
        Entry::dir("etc"),
        Entry::link("etc/x", "../baseEnv_dir/bin/python3.11"),
        Entry::file("etc/y", "y"),
    ];
    let bytes = forge::index(&forge::tar(&entries), &state);
    std::fs::write(base.join("mlenv-standard.tar.zst"), bytes).unwrap();
    let env = sandbox.env("e", &base);
    assert!(env.join("etc/x").exists() && env.join("etc/y").is_file());
}

#[test]
fn links_that_lead_out_of_the_env_are_refused() {
    let (sandbox, base, state) = prepared();
    for target in [
        "/etc/passwd",
        "../..",
        "../../x",
        "..",
        "../baseEnv_dir",
        "../baseEnv_dir/..",
        "../baseEnv_dir/../../x",
        "../baseEnv_dir/a/../../..",
        "./../../x",
        "../x/../../y",
        "../baseEnv_dir/.",
    ] {
        let entries = [Entry::dir("etc"), Entry::link("etc/x", target)];
        refused(&sandbox, &base, &forge::index(&forge::tar(&entries), &state), target);
    }
}

#[test]
fn names_that_lead_out_of_the_env_are_refused() {
    let (sandbox, base, state) = prepared();
    for path in ["../x", "/tmp/mlenv-was-here", "etc/../../x", "..", ".", "etc/..", "./etc/../../x"]
    {
        for entry in [Entry::file(path, "x"), Entry::link(path, "etc"), Entry::dir(path)] {
            let entries = [Entry::dir("etc"), entry];
            refused(&sandbox, &base, &forge::index(&forge::tar(&entries), &state), path);
        }
    }
}

#[test]
fn names_that_belong_to_mlenv_are_refused() {
    let (sandbox, base, state) = prepared();
    for path in ["mlenv.toml", "pyvenv.cfg", "baseEnv_dir", "baseEnv_dir/x", "./mlenv.toml"] {
        let entries = [Entry::file(path, "x")];
        refused(&sandbox, &base, &forge::index(&forge::tar(&entries), &state), path);
    }
    let through = [Entry::dir("baseEnv_dir"), Entry::file("baseEnv_dir/x", "x")];
    refused(&sandbox, &base, &forge::index(&forge::tar(&through), &state), "baseEnv_dir");
}

#[test]
fn files_behind_links_of_the_archive_are_refused() {
    let (sandbox, base, state) = prepared();
    let link = || Entry::link("etc", "baseEnv_dir/lib");
    for entries in [
        vec![link(), Entry::file("etc/x", "x")],
        vec![link(), Entry::link("etc/x", "../baseEnv_dir/bin/x")],
        vec![Entry::dir("etc"), link()],
        vec![link(), Entry::dir("etc")],
        vec![link(), Entry::dir("etc/deep"), Entry::file("etc/deep/x", "x")],
        vec![Entry::file("x/y/z", "no directory")],
        vec![Entry::dir("a"), Entry::file("a/x", "1"), Entry::file("a/x", "2")],
        vec![Entry::dir("a"), Entry::link("a/x", "y"), Entry::file("a/x", "2")],
    ] {
        refused(
            &sandbox,
            &base,
            &forge::index(&forge::tar(&entries), &state),
            "a file behind a link",
        );
    }
}

#[test]
fn devices_pipes_and_hard_links_are_refused() {
    let (sandbox, base, state) = prepared();
    for kind in
        [EntryType::Char, EntryType::Block, EntryType::Fifo, EntryType::Link, EntryType::Continuous]
    {
        let entries = [Entry::new(kind, "x", "/etc/passwd")];
        refused(&sandbox, &base, &forge::index(&forge::tar(&entries), &state), "a special entry");
    }
}

#[test]
fn a_frame_that_claims_too_much_is_refused_before_memory_is_given() {
    let (sandbox, base, state) = prepared();
    let tar = forge::tar(&[Entry::dir("etc")]);
    for size in [u32::MAX, 65 << 20, 1, 0] {
        refused(&sandbox, &base, &forge::index_claiming(&tar, &state, size), "a frame's size");
    }
}

#[test]
fn what_is_no_index_at_all_is_refused() {
    let (sandbox, base, state) = prepared();
    let good = forge::index(&forge::tar(&[Entry::dir("etc")]), &state);
    let tail = &good[good.len() - 40..];
    for bytes in [&b""[..], b"x", &[0; 4096], b"BZh91AY&SY", tail] {
        refused(&sandbox, &base, bytes, "no index");
    }
    let other = forge::index(
        b"this is not a tar, but it is long enough to be read as one".repeat(20).as_slice(),
        &state,
    );
    refused(&sandbox, &base, &other, "not a tar");
    let at = good.windows(10).position(|window| window == b"format = 1").unwrap();
    let mut future = good.clone();
    future[at + 9] = b'9';
    refused(&sandbox, &base, &future, "a later format");
}

#[test]
fn a_cut_index_is_refused_wherever_it_was_cut() {
    let (sandbox, base) = (Sandbox::new(), base());
    let twin = base.twin(&sandbox.path("base"));
    sandbox.mlenv(["base", "index", "-q"]).arg(&twin).ok();
    let good = std::fs::read(twin.join("mlenv-standard.tar.zst")).unwrap();
    let hollow = forge::hollow_base(&sandbox.path("hollow"));
    for part in 0..24 {
        refused(&sandbox, &hollow, &good[..good.len() * part / 24], "a cut index");
    }
    refused(&sandbox, &hollow, &good[..good.len() - 1], "a cut index");
}

#[test]
fn a_flipped_bit_gives_an_error_or_the_same_env_and_never_another() {
    let sandbox = Sandbox::new();
    let twin = base().twin(&sandbox.path("base"));
    let good = sandbox.env("good", &twin);
    let expected = tree::shape(&good.join("bin"));
    sandbox.mlenv(["base", "index", "-q"]).arg(&twin).ok();
    let bytes = std::fs::read(twin.join("mlenv-standard.tar.zst")).unwrap();
    let mut places: Vec<usize> = (0..bytes.len()).step_by(bytes.len() / 16).collect();
    places.extend((bytes.len() - 150..bytes.len()).step_by(9));
    for at in places {
        let mut broken = bytes.clone();
        broken[at] ^= 1 << (at % 8);
        std::fs::write(twin.join("mlenv-standard.tar.zst"), broken).unwrap();
        let told = sandbox.mlenv(["create", "-p", "e", "--base"]).arg(&twin).end();
        let env = sandbox.path("e");
        if told.status.success() {
            // The flip hit what the index says it is of: it was passed over.
            assert!(env.join("etc/tools.conf").exists(), "byte {at}: {told}");
            let names: Vec<_> = tree::shape(&env.join("bin")).into_keys().collect();
            assert_eq!(names, expected.keys().cloned().collect::<Vec<_>>(), "byte {at}");
            sandbox.mlenv(["remove", "-q"]).arg(&env).ok();
        } else {
            assert_eq!(told.status.code(), Some(2), "byte {at}: {told}");
            assert!(!env.exists(), "byte {at}");
        }
    }
}

/// The cache is the user's own, but what lies in it may be another's, or of a base that changed: it is looked at as an
/// index in a base is, and made anew.
#[test]
fn a_cached_index_with_a_link_to_a_directory_of_the_base_is_not_used() {
    let (sandbox, base, state) = prepared();
    sandbox.write("base/share/data/x", "");
    sandbox.env("first", &base);
    let cache = sandbox.path("home/.cache/mlenv/indexes");
    let cached = cache.join(format!("{state}-standard.tar.zst"));
    let good = std::fs::read(&cached).unwrap();
    for entries in [
        vec![Entry::dir("share"), Entry::link("share/data", "../baseEnv_dir/share/data")],
        vec![Entry::dir("share"), Entry::link("share/other", "../baseEnv_dir/share/data")],
        vec![Entry::link("share", "baseEnv_dir/share")],
    ] {
        std::fs::write(&cached, forge::index(&forge::tar(&entries), &state)).unwrap();
        let env = sandbox.env("env", &base);
        for name in ["share", "share/data", "share/other"] {
            let there = env.join(name).symlink_metadata();
            assert!(there.is_err() || !env.join(name).is_symlink(), "{name}");
        }
        assert_eq!(std::fs::read(&cached).unwrap(), good, "the index was not made anew");
        sandbox.mlenv(["remove", "-q", "env"]).ok();
    }
}
