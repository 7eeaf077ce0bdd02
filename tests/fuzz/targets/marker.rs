//! Fuzzes a directory's `.mlenv.toml`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    mlenv::fuzzing::marker(bytes);
});
