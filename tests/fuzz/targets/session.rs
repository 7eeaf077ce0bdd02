//! Fuzzes the variable that a shell keeps its session in.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    mlenv::fuzzing::session(bytes);
});
