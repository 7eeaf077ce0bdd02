//! Fuzzes files that ask for an env.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    mlenv::fuzzing::env_file(bytes);
});
