//! Parcels that are damaged, foreign or hostile, and unpacking that is cut short: nothing is left, nothing escapes.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::kit::forge::{self, Entry};
use crate::pack::story::{hollow, litter, noise, pack};
use crate::support::{machine, tree};

#[test]
fn damaged_and_foreign_files_are_refused_and_leave_nothing() {
    let (sandbox, env) = hollow(&[("lib/mine", &[7; 3000]), ("lib/more", b"more")]);
    pack(&sandbox, &env);
    let bytes = std::fs::read(sandbox.path("parcel")).unwrap();
    let refused = |bytes: &[u8]| {
        std::fs::write(sandbox.path("bad"), bytes).unwrap();
        let told = sandbox.mlenv(["unpack", "bad", "--to", "node"]).end();
        if told.status.success() {
            // What was hit carries no meaning; then all is there.
            assert_eq!(
                std::fs::read(sandbox.path("node/env/lib/mine")).unwrap(),
                [7; 3000],
                "{told}"
            );
            std::fs::remove_dir_all(sandbox.path("node")).unwrap();
            return false;
        }
        assert!(!told.err.contains("panicked") && told.err.starts_with("mlenv: "), "{told}");
        assert!(!sandbox.path("node").exists(), "{told}");
        true
    };
    for length in (0..bytes.len()).step_by(bytes.len() / 23) {
        assert!(refused(&bytes[..length]), "cut at {length}");
    }
    let flipped = (0..bytes.len()).step_by(bytes.len() / 61).filter(|at| {
        let mut broken = bytes.clone();
        broken[*at] ^= 0x55;
        refused(&broken)
    });
    assert!(flipped.count() > 40);
    for text in ["", "no archive", &"x".repeat(5000)] {
        assert!(refused(text.as_bytes()));
    }
    assert!(refused(&forge::index(&forge::tar(&[]), "x")), "an index is not a parcel");
    sandbox.mlenv(["unpack", "gone", "--to", "node"]).fails(2, "could not open");
    let newer = String::from_utf8_lossy(&bytes).into_owned();
    assert!(newer.contains("parcel = 1"));
    let at = bytes.windows(10).position(|window| window == b"parcel = 1").unwrap();
    let mut newer = bytes.clone();
    newer[at + 9] = b'7';
    std::fs::write(sandbox.path("bad"), &newer).unwrap();
    sandbox.mlenv(["unpack", "bad", "--to", "node"]).fails(2, "packed by a newer mlenv");
}

#[test]
fn hostile_entries_are_refused_and_nothing_is_written_outside() {
    let (sandbox, env) = hollow(&[]);
    pack(&sandbox, &env);
    let about = forge::about_parcel(&sandbox);
    let before = tree::snapshot(sandbox.root());
    let file = |path: &str| Entry::file(path, "evil");
    let cases = [
        (vec![file("../evil")], "leads out of the env"),
        (vec![file("/evil")], "leads out of the env"),
        (vec![file("a/..")], "not a path inside"),
        (vec![Entry::dir("a"), file("a/../../evil")], "leads out of the env"),
        (vec![file("no/dir")], "without its directory"),
        (vec![file("mlenv.toml")], "belongs to mlenv"),
        (vec![file("pyvenv.cfg")], "belongs to mlenv"),
        (vec![Entry::link("baseEnv_dir", "/etc")], "belongs to mlenv"),
        (vec![file("baseEnv_dir/evil")], "without its directory"),
        (vec![Entry::link("out", "/etc")], "not a relative path"),
        (vec![Entry::link("out", "../..")], "leads out"),
        (vec![Entry::link("out", "baseEnv_dir/../..")], "climbs about"),
        (vec![Entry::dir("a"), Entry::link("b", "a"), file("b/evil")], "without its directory"),
        (vec![file("twice"), file("twice")], "twice"),
        (vec![Entry::dir("a"), Entry::link("a", "b")], "twice"),
        (vec![Entry::new(tar::EntryType::Char, "dev", "")], "of type Char"),
        (vec![file("a"), Entry::new(tar::EntryType::Link, "hard", "a")], "of type Link"),
    ];
    for (entries, words) in cases {
        let tar = forge::tar(&entries);
        let size = u32::try_from(tar.len()).unwrap();
        // Whether they are taken for directories or for what follows them.
        for dirs in ["dirs = 1", "dirs = 0"] {
            let about = about.replace("dirs = 1", dirs);
            std::fs::write(sandbox.path("bad"), forge::framed(&tar, &about, size)).unwrap();
            sandbox
                .mlenv(["unpack", "bad", "--to", "node"])
                .fails(2, words)
                .hints("nothing was written");
        }
    }
    for large in [
        "large = [[0, 1]]",
        "large = [[1, 0]]",
        "large = [[0, 18446744073709551615]]",
        "large = [[0, 3]]",
    ] {
        let about = about.replace("large = []", large).replace("dirs = 1", "dirs = 0");
        let tar = forge::tar(&[file("x")]);
        std::fs::write(
            sandbox.path("bad"),
            forge::framed(&tar, &about, u32::try_from(tar.len()).unwrap()),
        )
        .unwrap();
        let told = sandbox.mlenv(["unpack", "bad", "--to", "node"]).end();
        assert!(!told.status.success() && !told.err.contains("panicked"), "{told}");
    }
    std::fs::remove_file(sandbox.path("bad")).unwrap();
    tree::assert_same(&before, &tree::snapshot(sandbox.root()), "what there was");
}

#[test]
fn one_that_is_interrupted_or_runs_out_of_space_leaves_nothing() {
    let noise = noise(40_000_000);
    let (sandbox, env) = hollow(&[("noise", &noise)]);
    pack(&sandbox, &env);
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        let mut child =
            sandbox.mlenv(["unpack", "-q", "parcel", "--to", "node"]).command().spawn().unwrap();
        while !sandbox.path("node").exists() && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        let _ = kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal);
        let status = child.wait().unwrap();
        let whole = sandbox.path("node/env/mlenv.toml").exists();
        assert_eq!(status.success(), whole, "{status}");
        assert!(whole || !sandbox.path("node/env").exists());
        assert!(whole || status.code() == Some(130), "{status}");
        assert!(litter(&sandbox.path("node")).is_empty(), "{signal}");
        let _ = std::fs::remove_dir_all(sandbox.path("node"));
    }
    if machine::can_mount() {
        let script = "mkdir small; mount -t tmpfs -o size=8m none small; \"$0\" unpack parcel --to small; echo $?; ls -A small; \
                      \"$0\" pack env -o small/x; echo $?; ls -A small";
        let told = sandbox
            .run("unshare")
            .args(["-m", "sh", "-c", script, env!("CARGO_BIN_EXE_mlenv")])
            .ok();
        assert_eq!(told.out, "2\n2\n", "{told}");
        assert!(
            told.err.contains("it needs ") && told.err.contains("No space left on device"),
            "{told}"
        );
        assert_eq!(told.err.matches("hint: free some space").count(), 2, "{told}");
    }
}
