//! Files of every class and byte order made by hand, a real one, and what is left of it after an accident.

use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;

use proptest::prelude::*;

use super::*;

/// A tiny library: one mapped segment, a dynamic section, a table of strings, a hash table that counts one symbol
/// with the name at `symbol`.
fn library(
    is_64: bool,
    is_big: bool,
    entries: &[(u64, u64)],
    strings: &[u8],
    symbol: u32,
) -> Vec<u8> {
    let number = |value: u64, size: usize| -> Vec<u8> {
        if is_big {
            value.to_be_bytes()[8 - size..].to_vec()
        } else {
            value.to_le_bytes()[..size].to_vec()
        }
    };
    let word = if is_64 { 8 } else { 4 };
    let (header, segment) = if is_64 { (64, 56) } else { (52, 32) };
    let (symbols, hash) = (header + 2 * segment, header + 2 * segment + 24);
    let dynamic = hash + 12;
    let table = dynamic + (entries.len() + 5) * 2 * word;
    let mut all = entries.to_vec();
    all.extend([
        (5, table as u64),
        (10, strings.len() as u64),
        (6, symbols as u64),
        (4, hash as u64),
        (0, 0),
    ]);
    let size = table + strings.len();
    let mut out =
        [&b"\x7fELF"[..], &[1 + u8::from(is_64), 1 + u8::from(is_big), 1], &[0; 9]].concat();
    for (value, size) in [
        (3, 2),
        (62, 2),
        (1, 4),
        (0, word),
        (header, word),
        (0, word),
        (0, 4),
        (header, 2),
        (segment, 2),
        (2, 2),
        (0, 2),
        (0, 2),
        (0, 2),
    ] {
        out.extend(number(value as u64, size));
    }
    for (kind, offset, size) in [(1, 0, size), (2, dynamic, all.len() * 2 * word)] {
        let fields = if is_64 {
            vec![(kind, 4), (0, 4), (offset, 8), (offset, 8), (0, 8), (size, 8), (size, 8), (0, 8)]
        } else {
            vec![(kind, 4), (offset, 4), (offset, 4), (0, 4), (size, 4), (size, 4), (0, 4), (0, 4)]
        };
        for (value, size) in fields {
            out.extend(number(value as u64, size));
        }
    }
    out.extend(number(u64::from(symbol), 4));
    out.resize(hash, 0);
    for value in [0, 1, 0] {
        out.extend(number(value, 4));
    }
    for (tag, value) in all {
        out.extend(number(tag, word));
        out.extend(number(value, word));
    }
    out.extend(strings);
    out
}

fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

const STRINGS: &[u8] = b"\0libme.so.1\0libz.so.1\0$ORIGIN/../lib:/opt/conda/lib\0";
const ENTRIES: [(u64, u64); 4] = [(14, 1), (1, 12), (15, 22), (29, 22)];

#[test]
fn both_classes_in_both_byte_orders_tell_the_same() {
    for (is_64, is_big) in [(false, false), (false, true), (true, false), (true, true)] {
        let found = read(&file(&library(is_64, is_big, &ENTRIES, STRINGS, 0))).unwrap().unwrap();
        assert_eq!(found.soname, Some("libme.so.1".into()));
        assert_eq!(found.needed, ["libz.so.1"]);
        let path = found.rpath.clone().unwrap();
        assert_eq!(path.bytes, b"$ORIGIN/../lib:/opt/conda/lib");
        assert_eq!(found.runpath, Some(path));
        let dirs = found.looks_in(Path::new("/b/bin"));
        assert_eq!(dirs, [Path::new("/b/lib"), Path::new("/opt/conda/lib")]);
    }
}

#[test]
fn a_string_that_shares_its_bytes_with_another_is_not_alone() {
    let alone = |entries: &[(u64, u64)], symbol: u32| {
        let file = file(&library(true, false, entries, STRINGS, symbol));
        let text = read(&file).unwrap().unwrap().runpath.unwrap();
        is_alone(&file, &text).unwrap()
    };
    assert!(alone(&ENTRIES, 12));
    assert!(!alone(&ENTRIES, 48), "a symbol is called `lib`");
    assert!(!alone(&[(1, 48), (29, 22)], 0), "a library that is needed is called `lib`");
    assert!(!alone(&[(15, 29), (29, 22)], 0), "the older tag has a part of it");
    assert!(!alone(&[(29, 37)], 0), "it is the end of a longer string");
}

#[test]
fn entries_that_depend_on_the_machine_or_on_the_process_name_no_directory() {
    let text = b"$LIB:${ORIGIN}/../lib/./x:.::$ORIGIN:/a/../b:$ORIGINAL".to_vec();
    let found = Dynamic { rpath: Some(Text { offset: 0, bytes: text }), ..Dynamic::default() };
    let dirs = found.looks_in(Path::new("/e/bin"));
    assert_eq!(dirs, ["/e/lib/x", "/e/bin", "/b"].map(Path::new));
}

#[test]
fn what_is_no_linked_elf_file_tells_nothing() {
    for bytes in [&b""[..], b"\x7fELF", b"#!/bin/sh\n", &[0x7f; 64]] {
        assert_eq!(read(&file(bytes)).unwrap(), None);
    }
}

/// The head of this very program, which as a whole may be larger than any foreign file that is read.
fn real() -> Vec<u8> {
    let mut bytes = vec![0; 1 << 20];
    foreign::open(Path::new("/proc/self/exe")).unwrap().read_exact_at(&mut bytes, 0).unwrap();
    bytes
}

proptest! {
    #[test]
    fn no_damaged_or_hostile_file_does_more_than_tell_nothing(
        cut in 0_usize..2000,
        edits in proptest::collection::vec((0_usize..700, any::<u8>()), 0..12),
        is_64: bool,
        is_big: bool,
    ) {
        let mut bytes = library(is_64, is_big, &ENTRIES, STRINGS, 1);
        for (at, byte) in edits {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        bytes.truncate(cut);
        let file = file(&bytes);
        if let Some(path) = read(&file).unwrap().and_then(|found| found.runpath) {
            prop_assert!(path.offset + (path.bytes.len() as u64) < bytes.len() as u64);
            let _ = is_alone(&file, &path).unwrap();
        }
    }

    #[test]
    fn a_real_program_with_a_damaged_head_does_no_harm(
        edits in proptest::collection::vec((0_usize..1200, any::<u8>()), 0..8),
    ) {
        thread_local! { static REAL: Vec<u8> = real(); }
        let bytes = REAL.with(|real| {
            let mut bytes = real.clone();
            for (at, byte) in &edits {
                bytes[*at] = *byte;
            }
            bytes
        });
        let _ = read(&file(&bytes)).unwrap();
    }
}
