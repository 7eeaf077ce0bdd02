//! Archives to be changed: small ones of every sort of entry, and the sums without which nobody reads on.

use std::io::Write;

use tar::{Builder, EntryType, Header};

const BLOCK: usize = 512;

fn header(kind: EntryType) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(0o755);
    header.set_size(0);
    header.set_mtime(1_700_000_000);
    header
}

fn dir(tar: &mut Builder<Vec<u8>>, path: &str) {
    tar.append_data(&mut header(EntryType::Directory), path, std::io::empty()).unwrap();
}

fn link(tar: &mut Builder<Vec<u8>>, path: &str, target: &str) {
    tar.append_link(&mut header(EntryType::Symlink), path, target).unwrap();
}

fn file(tar: &mut Builder<Vec<u8>>, path: &str, text: &[u8]) {
    let mut header = header(EntryType::Regular);
    header.set_size(text.len() as u64);
    tar.append_data(&mut header, path, text).unwrap();
}

/// An index in two frames: directories, and what is in them.
pub(crate) fn index() -> Vec<Vec<u8>> {
    let mut tar = Builder::new(Vec::new());
    for path in ["bin", "lib", "lib/python3.11", "etc", "etc/conda", "conda-meta"] {
        dir(&mut tar, path);
    }
    let dirs = tar.get_ref().clone();
    link(&mut tar, "bin/tool", "../baseEnv_dir/bin/tool");
    link(&mut tar, "bin/python3", "python3.11");
    link(&mut tar, "lib/*", "../baseEnv_dir/lib/*");
    link(&mut tar, &format!("lib/{}", "long".repeat(40)), "../baseEnv_dir/lib/long");
    file(&mut tar, "bin/script", b"#!/bin/sh\nexec true\n");
    file(&mut tar, "etc/conda/activate-python.sh", b"export PYTHONPATH=/x\n");
    let rest = tar.into_inner().unwrap().split_off(dirs.len());
    vec![dirs, rest]
}

/// A packed env in two frames.
pub(crate) fn parcel() -> Vec<Vec<u8>> {
    let mut tar = Builder::new(Vec::new());
    for path in ["bin", "lib", "lib/python3.11"] {
        dir(&mut tar, path);
    }
    let dirs = tar.get_ref().clone();
    link(&mut tar, "lib/x.so", "../baseEnv_dir/lib/x.so");
    file(&mut tar, "lib/python3.11/own.py", b"print(1)\n");
    file(&mut tar, "bin/own", b"#!/bin/sh\n");
    let rest = tar.into_inner().unwrap().split_off(dirs.len());
    vec![dirs, rest]
}

/// What is behind the directories of packed envs, also with fields that no packer writes.
pub(crate) fn parcels() -> Vec<Vec<u8>> {
    let [_, rest]: [Vec<u8>; 2] = parcel().try_into().unwrap();
    let mut tar = Builder::new(Vec::new());
    let mut late = header(EntryType::Regular);
    late.set_path("bin/late").unwrap();
    late.set_mtime(u64::MAX);
    late.set_cksum();
    tar.append(&late, std::io::empty()).unwrap();
    for kind in [EntryType::Link, EntryType::Fifo, EntryType::GNUSparse, EntryType::XHeader] {
        let mut odd = header(kind);
        odd.set_path("bin/odd").unwrap();
        odd.set_cksum();
        tar.append(&odd, std::io::empty()).unwrap();
    }
    vec![rest, tar.into_inner().unwrap()]
}

/// A changed tar with the sums of its headers set right.
pub(crate) fn summed(tar: &[u8]) -> Vec<u8> {
    let mut tar = tar.to_vec();
    for block in tar.chunks_exact_mut(BLOCK) {
        let is_header = block[257..262] == *b"ustar"
            || block[124..135].iter().all(|byte| (b'0'..=b'7').contains(byte));
        if is_header {
            block[148..156].fill(b' ');
            let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
            block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        }
    }
    tar
}

pub(crate) fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}
