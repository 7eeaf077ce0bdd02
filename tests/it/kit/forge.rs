//! Bases and archives made by hand: hollow ones that are quick to make, damaged and hostile ones.

use std::path::{Path, PathBuf};

use tar::{EntryType, Header};

use crate::support::sandbox::Sandbox;

/// A conda base that is looked at and never run: records, an empty interpreter, a library directory.
pub(crate) fn hollow_base(prefix: &Path) -> PathBuf {
    hollow_base_with(prefix, "python3.11")
}

/// One whose interpreter is called so.
pub(crate) fn hollow_base_with(prefix: &Path, python: &str) -> PathBuf {
    let site = format!("lib/{python}/site-packages");
    for dir in ["conda-meta", "bin", &site] {
        std::fs::create_dir_all(prefix.join(dir)).unwrap();
    }
    std::fs::write(prefix.join("bin").join(python), "").unwrap();
    let version = python.trim_start_matches("python");
    let record = prefix.join(format!("conda-meta/python-{version}.7-0.json"));
    std::fs::write(record, "{\"files\": []}").unwrap();
    prefix.to_owned()
}

/// What an archive must say it is of, to be taken for `base`'s.
pub(crate) fn state(sandbox: &Sandbox, base: &Path) -> String {
    let told = sandbox.mlenv(["base", "info", "--json"]).arg(base).ok().json();
    told["fingerprint"]["packages"].as_str().unwrap().to_owned()
}

/// An entry of an archive; its name is put into the header as it is, whatever it is.
pub(crate) struct Entry {
    kind: EntryType,
    path: Vec<u8>,
    /// A link's target, or a file's text.
    text: Vec<u8>,
}

impl Entry {
    pub(crate) fn new(kind: EntryType, path: &str, text: &str) -> Self {
        Self { kind, path: path.into(), text: text.into() }
    }

    pub(crate) fn dir(path: &str) -> Self {
        Self::new(EntryType::Directory, path, "")
    }

    pub(crate) fn link(path: &str, target: &str) -> Self {
        Self::new(EntryType::Symlink, path, target)
    }

    pub(crate) fn file(path: &str, text: &str) -> Self {
        Self::new(EntryType::Regular, path, text)
    }

    fn append(&self, builder: &mut tar::Builder<Vec<u8>>) {
        let mut header = Header::new_gnu();
        let content: &[u8] = if self.kind == EntryType::Regular { &self.text } else { b"" };
        header.set_entry_type(self.kind);
        header.set_mode(0o755);
        header.set_size(content.len() as u64);
        let fields = header.as_gnu_mut().unwrap();
        fields.name[..self.path.len()].copy_from_slice(&self.path);
        if self.kind != EntryType::Regular {
            fields.linkname[..self.text.len()].copy_from_slice(&self.text);
        }
        header.set_cksum();
        builder.append(&header, content).unwrap();
    }
}

/// A tar of `entries`.
pub(crate) fn tar(entries: &[Entry]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for entry in entries {
        entry.append(&mut builder);
    }
    builder.into_inner().unwrap()
}

/// An index in mlenv's format: the tar in one zstd frame, what it is of, and the table of frames.
pub(crate) fn index(tar: &[u8], packages: &str) -> Vec<u8> {
    index_claiming(tar, packages, u32::try_from(tar.len()).unwrap())
}

/// The same with a frame that claims to hold `size` bytes.
pub(crate) fn index_claiming(tar: &[u8], packages: &str, size: u32) -> Vec<u8> {
    let about = format!("format = 1\nlayout = \"standard\"\npackages = \"{packages}\"\n");
    framed(tar, &about, size)
}

/// A tar in one frame that claims to hold `size` bytes, and a description.
pub(crate) fn framed(tar: &[u8], about: &str, size: u32) -> Vec<u8> {
    repeated(tar, about, size, 1)
}

/// The same frame so many times.
pub(crate) fn repeated(tar: &[u8], about: &str, size: u32, count: usize) -> Vec<u8> {
    let frame = zstd::bulk::compress(tar, 3).unwrap();
    let mut bytes = frame.repeat(count);
    let number = |value: usize| u32::try_from(value).unwrap().to_le_bytes();
    bytes.extend([0x184D_2A50_u32.to_le_bytes(), number(about.len())].concat());
    bytes.extend(about.as_bytes());
    let mut table = [number(frame.len()), size.to_le_bytes()].concat().repeat(count);
    table.extend([number(about.len() + 8), [0; 4], number(count + 1)].concat());
    table.extend([&[0][..], &0x8F92_EAB1_u32.to_le_bytes()].concat());
    bytes.extend([0x184D_2A5E_u32.to_le_bytes(), number(table.len())].concat());
    bytes.extend(table);
    bytes
}

/// A tar of so many directories, one in the other.
pub(crate) fn levels(count: usize) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for level in 1..=count {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Directory);
        header.set_mode(0o755);
        header.set_size(0);
        builder.append_data(&mut header, vec!["d"; level].join("/"), std::io::empty()).unwrap();
    }
    builder.into_inner().unwrap()
}

/// What the parcel in the sandbox says of itself.
pub(crate) fn about_parcel(sandbox: &Sandbox) -> String {
    let bytes = std::fs::read(sandbox.path("parcel")).unwrap();
    let at = bytes.windows(9).position(|window| window == b"parcel = ").unwrap();
    let length = u32::from_le_bytes(bytes[at - 4..at].try_into().unwrap()) as usize;
    std::str::from_utf8(&bytes[at..at + length]).unwrap().to_owned()
}

/// A hollow base with an index of `count` links in directories of a hundred: work enough to be caught in.
pub(crate) fn busy_base(sandbox: &Sandbox, prefix: &Path, count: usize) -> PathBuf {
    let base = hollow_base(prefix);
    let mut entries = vec![Entry::dir("share")];
    for dir in 0..count.div_ceil(100) {
        entries.push(Entry::dir(&format!("share/d{dir}")));
    }
    for at in 0..count {
        let path = format!("share/d{}/f{at}", at / 100);
        entries.push(Entry::link(&path, &format!("../../baseEnv_dir/{path}")));
    }
    let bytes = index(&tar(&entries), &state(sandbox, &base));
    std::fs::write(base.join("mlenv-standard.tar.zst"), bytes).unwrap();
    base
}
