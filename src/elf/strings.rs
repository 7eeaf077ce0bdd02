//! Who else uses the bytes of a string. Linkers let strings share their ends: `lib` may be the last three bytes of a
//! search path, and whoever changes that path changes the other name.

use std::fs::File;
use std::io;
use std::ops::Range;

use object::elf::{
    DT_GNU_HASH, DT_GNU_LIBLIST, DT_HASH, DT_RPATH, DT_RUNPATH, DT_SYMTAB, DT_VERDEF, DT_VERNEED,
    Sym32, Sym64, Verdaux, Verdef, Vernaux, Verneed,
};
use object::pod::{Pod, from_bytes};
use object::read::elf::{Dynamic, Sym};
use object::{Endian, Endianness};

use super::Text;
use super::image::{ElfImage, array};

/// More symbols, and more versions, than any library has.
const MAX_SYMBOLS: u64 = 8 << 20;
const MAX_VERSIONS: u32 = 1 << 16;

/// True where the string table holds `text` whole, and nothing but search paths uses its bytes. False also where
/// that cannot be told.
pub(crate) fn is_alone(file: &File, text: &Text) -> io::Result<bool> {
    Ok(ElfImage::open(file)?.is_some_and(|image| users(&image, text).is_some_and(|users| !users)))
}

/// Whether somebody else uses the bytes; `None` where not all users can be found.
fn users(image: &ElfImage, text: &Text) -> Option<bool> {
    let (table, size) = image.strings()?;
    let start = text.offset.checked_sub(table)?;
    let bytes = start..start.checked_add(text.bytes.len() as u64)?;
    // A list of prelinked libraries has strings of its own.
    if bytes.end >= size || image.value(DT_GNU_LIBLIST).is_some() {
        return None;
    }
    // A longer string may end in this one.
    if start > 0 && image.bytes(text.offset - 1, 1)? != [0] {
        return Some(true);
    }
    Some(in_entries(image, &bytes) || in_symbols(image, &bytes)? || in_versions(image, &bytes)?)
}

/// Search paths share a string where a linker wrote both tags; they must begin at the same byte.
fn in_entries(image: &ElfImage, bytes: &Range<u64>) -> bool {
    let names = image.entries.iter().filter(|&&(tag, val)| Dynamic { tag, val }.is_string());
    names.into_iter().any(|&(tag, at)| {
        let is_path = [DT_RPATH, DT_RUNPATH].contains(&tag) && at == bytes.start;
        touches(at, bytes) && !is_path
    })
}

/// A string that begins among the bytes is made of them.
fn touches(at: u64, bytes: &Range<u64>) -> bool {
    bytes.contains(&at)
}

fn in_symbols(image: &ElfImage, bytes: &Range<u64>) -> Option<bool> {
    let Some(symbols) = image.value(DT_SYMTAB) else { return Some(false) };
    let (place, count) = (image.place(symbols)?, count_symbols(image)?);
    if count > MAX_SYMBOLS {
        return None;
    }
    let count = usize::try_from(count).ok()?;
    if image.is_64 {
        named::<Sym64<Endianness>>(image, place, count, bytes)
    } else {
        named::<Sym32<Endianness>>(image, place, count, bytes)
    }
}

fn named<S: Sym<Endian = Endianness>>(
    image: &ElfImage,
    place: u64,
    count: usize,
    bytes: &Range<u64>,
) -> Option<bool> {
    let table = image.bytes(place, count.checked_mul(size_of::<S>())?)?;
    let mut names = array::<S>(&table)?.iter().map(|symbol| symbol.st_name(image.endian));
    Some(names.any(|name| touches(u64::from(name), bytes)))
}

/// Nothing but the hash tables tells how many symbols there are.
fn count_symbols(image: &ElfImage) -> Option<u64> {
    if let Some(hash) = image.value(DT_HASH) {
        let words = words(image, image.place(hash)?, 2)?;
        return Some(u64::from(words[1]));
    }
    let place = image.place(image.value(DT_GNU_HASH)?)?;
    let header = words(image, place, 4)?;
    let (buckets, first, bloom) = (header[0], header[1], u64::from(header[2]));
    let buckets_at = place + 16 + bloom * if image.is_64 { 8 } else { 4 };
    let heads = words(image, buckets_at, usize::try_from(buckets).ok()?)?;
    let Some(last) = heads.iter().copied().max().filter(|last| *last >= first) else {
        return Some(u64::from(first));
    };
    let chains = buckets_at + 4 * u64::from(buckets);
    let mut at = u64::from(last);
    // The last word of a chain is odd.
    while words(image, chains + 4 * (at - u64::from(first)), 1)?[0] & 1 == 0 {
        at += 1;
        if at > MAX_SYMBOLS {
            return None;
        }
    }
    Some(at + 1)
}

fn words(image: &ElfImage, place: u64, count: usize) -> Option<Vec<u32>> {
    let bytes = image.bytes(place, count.checked_mul(4)?)?;
    let read = |word: &[u8; 4]| image.endian.read_u32(*word);
    Some(bytes.as_chunks().0.iter().map(read).collect())
}

fn in_versions(image: &ElfImage, bytes: &Range<u64>) -> Option<bool> {
    let endian = image.endian;
    let mut names = Vec::new();
    // Both are lists of lists; each entry tells how many bytes further the next one is, the last one 0.
    let mut steps = 0;
    if let Some(first) = image.value(DT_VERNEED) {
        walk(image.place(first)?, &mut steps, &mut |at, steps| {
            let need = one::<Verneed<Endianness>>(image, at)?;
            names.push(need.vn_file.get(endian));
            walk(at + u64::from(need.vn_aux.get(endian)), steps, &mut |at, _| {
                let version = one::<Vernaux<Endianness>>(image, at)?;
                names.push(version.vna_name.get(endian));
                Some(version.vna_next.get(endian))
            })?;
            Some(need.vn_next.get(endian))
        })?;
    }
    if let Some(first) = image.value(DT_VERDEF) {
        walk(image.place(first)?, &mut steps, &mut |at, steps| {
            let definition = one::<Verdef<Endianness>>(image, at)?;
            walk(at + u64::from(definition.vd_aux.get(endian)), steps, &mut |at, _| {
                let name = one::<Verdaux<Endianness>>(image, at)?;
                names.push(name.vda_name.get(endian));
                Some(name.vda_next.get(endian))
            })?;
            Some(definition.vd_next.get(endian))
        })?;
    }
    Some(names.into_iter().any(|name| touches(u64::from(name), bytes)))
}

/// Calls `step` with the place of each entry of a list; it gives the distance to the next one.
fn walk(
    mut at: u64,
    steps: &mut u32,
    step: &mut dyn FnMut(u64, &mut u32) -> Option<u32>,
) -> Option<()> {
    loop {
        *steps += 1;
        if *steps > MAX_VERSIONS {
            return None;
        }
        match step(at, steps)? {
            0 => return Some(()),
            next => at += u64::from(next),
        }
    }
}

fn one<T: Pod + Copy>(image: &ElfImage, at: u64) -> Option<T> {
    let bytes = image.bytes(at, size_of::<T>())?;
    from_bytes::<T>(&bytes).ok().map(|(found, _)| *found)
}
