//! Wheels built by hand: a zip of stored files, as pip takes it.

use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Crc;

/// A package of any name and version, with a module, a console script, a file under `share` and a Jupyter kernel.
pub(crate) fn build(dir: &Path, name: &str, version: &str) -> PathBuf {
    build_needing(dir, name, version, &[])
}

/// The same, with requirements of its own.
pub(crate) fn build_needing(dir: &Path, name: &str, version: &str, needs: &[&str]) -> PathBuf {
    let needs =
        needs.iter().fold(String::new(), |text, need| text + "Requires-Dist: " + need + "\n");
    let info = format!("{name}-{version}.dist-info");
    let data = format!("{name}-{version}.data/data/share");
    let module = format!(
        "import sys\n__version__ = '{version}'\n\ndef main():\n    print(__version__, sys.prefix)\n"
    );
    let files = [
        (format!("{name}/__init__.py"), module),
        (format!("{data}/{name}/hello.txt"), "hello\n".to_owned()),
        (
            format!("{data}/jupyter/kernels/{name}/kernel.json"),
            "{\"argv\": [\"python3\"], \"display_name\": \"test\"}\n".to_owned(),
        ),
        (
            format!("{info}/METADATA"),
            format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}"),
        ),
        (
            format!("{info}/WHEEL"),
            "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
                .to_owned(),
        ),
        (format!("{info}/entry_points.txt"), format!("[console_scripts]\n{name} = {name}:main\n")),
    ];
    let record = files.iter().fold(String::new(), |text, (path, _)| text + path + ",,\n");
    let mut zip = Zip::default();
    for (path, text) in &files {
        zip.add(path, text.as_bytes());
    }
    zip.add(&format!("{info}/RECORD"), format!("{record}{info}/RECORD,,\n").as_bytes());
    std::fs::create_dir_all(dir).unwrap();
    let path = dir.join(format!("{name}-{version}-py3-none-any.whl"));
    std::fs::write(&path, zip.finish()).unwrap();
    path
}

/// The few fields of the format that a stored file needs.
#[derive(Default)]
struct Zip {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    count: u16,
}

impl Zip {
    fn add(&mut self, name: &str, content: &[u8]) {
        let mut sum = Crc::new();
        sum.update(content);
        let (size, length) =
            (u32::try_from(content.len()).unwrap(), u16::try_from(name.len()).unwrap());
        // Version needed, flags, method, time, date (1980-01-01), checksum, sizes, lengths.
        let mut facts = Vec::new();
        for field in [20_u16, 0, 0, 0, 0x21] {
            facts.extend_from_slice(&field.to_le_bytes());
        }
        for field in [sum.sum(), size, size] {
            facts.extend_from_slice(&field.to_le_bytes());
        }
        facts.extend_from_slice(&length.to_le_bytes());
        facts.extend_from_slice(&[0, 0]);
        let offset = u32::try_from(self.bytes.len()).unwrap();
        self.bytes.write_all(b"PK\x03\x04").unwrap();
        self.bytes.extend([facts.as_slice(), name.as_bytes(), content].concat());
        self.directory.write_all(b"PK\x01\x02\x14\x03").unwrap();
        self.directory.extend(&facts);
        self.directory.extend([0; 8]); // comment length, disk, internal attributes, half the external ones
        self.directory.extend(0o100_644_u16.to_le_bytes());
        self.directory.extend(offset.to_le_bytes());
        self.directory.extend(name.as_bytes());
        self.count += 1;
    }

    fn finish(mut self) -> Vec<u8> {
        let start = u32::try_from(self.bytes.len()).unwrap();
        let size = u32::try_from(self.directory.len()).unwrap();
        self.bytes.append(&mut self.directory);
        self.bytes.extend(b"PK\x05\x06\0\0\0\0");
        self.bytes.extend([self.count.to_le_bytes(), self.count.to_le_bytes()].concat());
        self.bytes.extend([size.to_le_bytes(), start.to_le_bytes()].concat());
        self.bytes.extend([0, 0]);
        self.bytes
    }
}
