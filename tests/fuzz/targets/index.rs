//! Fuzzes an index of a base.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    mlenv::fuzzing::index(bytes);
});
