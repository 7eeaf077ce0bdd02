//! Fuzzes the name of an image in a registry.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    mlenv::fuzzing::reference(bytes);
});
