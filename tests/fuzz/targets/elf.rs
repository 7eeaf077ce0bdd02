//! Fuzzes a library or program.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    mlenv::fuzzing::elf(bytes);
});
