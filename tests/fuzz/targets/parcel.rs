//! Fuzzes a packed env.

#![no_main]

use std::sync::LazyLock;

static ROOM: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a place for envs"));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    mlenv::fuzzing::parcel(bytes, ROOM.path());
});
