//! Small archives that would become huge: refused soon, before memory, levels or a disk are full.

use std::io::Write;

use crate::kit::forge;
use crate::pack::story::{hollow, pack};
use crate::support::sandbox::{Run, Sandbox};

/// Nothing here may need more than a second or a third of a gigabyte; ten times the time for slow machines.
fn bounded(run: Run) -> Run {
    run.behind(["sh", "-c", "ulimit -v 1500000; exec timeout -k 1 30 \"$0\" \"$@\""])
}

fn create(sandbox: &Sandbox) -> Run {
    bounded(sandbox.mlenv(["create", "-p", "made", "--base", "base", "--threads", "4"]))
}

#[test]
fn an_index_that_would_fill_the_memory_is_refused_by_its_table() {
    let sandbox = Sandbox::new();
    let base = forge::hollow_base(&sandbox.path("base"));
    let state = forge::state(&sandbox, &base);
    for (count, size) in [(40, 64 << 20), (1000, 1 << 20)] {
        let about = format!("format = 1\nlayout = \"standard\"\npackages = \"{state}\"\n");
        let claim = u32::try_from(size).unwrap();
        let bytes = forge::repeated(&vec![0; size], &about, claim, count);
        assert!(bytes.len() < 200_000, "{}", bytes.len());
        std::fs::write(base.join("mlenv-standard.tar.zst"), bytes).unwrap();
        create(&sandbox).fails(2, "more than any index holds");
    }
}

#[test]
fn an_old_archive_that_would_fill_the_memory_is_refused_while_it_is_read() {
    let sandbox = Sandbox::new();
    let base = forge::hollow_base(&sandbox.path("base"));
    let gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let mut tar = tar::Builder::new(gz);
    for name in ["one", "two", "three"] {
        let mut header = tar::Header::new_gnu();
        header.set_size(200 << 20);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, std::io::Read::take(std::io::repeat(0), 200 << 20))
            .unwrap();
    }
    let mut gz = tar.into_inner().unwrap();
    gz.flush().unwrap();
    let bytes = gz.finish().unwrap();
    assert!(bytes.len() < 1 << 20);
    std::fs::write(base.join("newEnv-base.tgz"), bytes).unwrap();
    create(&sandbox).fails(2, "more than any index holds");
}

#[test]
fn levels_that_are_too_many_are_refused_and_as_many_as_ten_times_the_usual_are_not() {
    let (sandbox, env) = hollow(&[]);
    let base = sandbox.path("base");
    let state = forge::state(&sandbox, &base);
    pack(&sandbox, &env);
    let about = forge::about_parcel(&sandbox).replace("dirs = 1", "dirs = 0");
    for (count, fine) in [(1500, false), (120, true)] {
        let tar = forge::levels(count);
        std::fs::write(base.join("mlenv-standard.tar.zst"), forge::index(&tar, &state)).unwrap();
        let size = u32::try_from(tar.len()).unwrap();
        std::fs::write(sandbox.path("bad"), forge::framed(&tar, &about, size)).unwrap();
        let unpack = bounded(sandbox.mlenv(["unpack", "bad", "--to", "node"]));
        for told in [create(&sandbox).end(), unpack.end()] {
            assert_eq!(told.status.success(), fine, "{told}");
            assert!(fine || told.err.contains("more levels of directories"), "{told}");
        }
        assert_eq!(sandbox.path("node").exists(), fine);
    }
}

#[test]
fn a_parcel_that_needs_more_room_than_there_is_is_refused_before_it_is_unpacked() {
    let (sandbox, env) = hollow(&[]);
    pack(&sandbox, &env);
    let about = forge::about_parcel(&sandbox).replace("dirs = 1", "dirs = 0");
    // Eight terabytes.
    let bytes = forge::repeated(&[0; 512], &about, 64 << 20, 1 << 17);
    std::fs::write(sandbox.path("bad"), bytes).unwrap();
    let told = bounded(sandbox.mlenv(["unpack", "bad", "--to", "node"]));
    told.fails(2, "MB are free").hints("free some space");
    assert!(!sandbox.path("node").exists());
}
