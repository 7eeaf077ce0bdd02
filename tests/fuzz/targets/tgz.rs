//! Fuzzes the archive that a published image carries.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    mlenv::fuzzing::tgz(bytes);
});
