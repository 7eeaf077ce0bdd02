//! Fuzzes what package managers write about packages.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    mlenv::fuzzing::conda_record(bytes);
});
