//! Fuzzes what a registry answers.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    mlenv::fuzzing::answer(bytes);
});
