//! What this machine offers to packages, as conda's virtual packages say it: `__glibc`, `__linux`, `__cuda` and the like.

use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;

use memchr::memmem;

use crate::foreign::{self, FileKind};
use crate::host::Host;

/// A virtual package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Virtual {
    pub(crate) name: &'static str,
    pub(crate) version: String,
    pub(crate) build: String,
}

/// Where the C library lies below the root of a system.
const LIBRARIES: [&str; 6] = [
    "lib64/libc.so.6",
    "lib/x86_64-linux-gnu/libc.so.6",
    "lib/aarch64-linux-gnu/libc.so.6",
    "lib/powerpc64le-linux-gnu/libc.so.6",
    "usr/lib64/libc.so.6",
    "usr/lib/libc.so.6",
];

/// The CUDA that each of NVIDIA's drivers has at most, by the first number of the driver's version.
const DRIVERS: [(u32, &str); 21] = [
    (580, "13.0"),
    (575, "12.9"),
    (570, "12.8"),
    (565, "12.7"),
    (560, "12.6"),
    (555, "12.5"),
    (550, "12.4"),
    (545, "12.3"),
    (535, "12.2"),
    (530, "12.1"),
    (525, "12.0"),
    (520, "11.8"),
    (515, "11.7"),
    (510, "11.6"),
    (495, "11.5"),
    (470, "11.4"),
    (465, "11.3"),
    (460, "11.2"),
    (455, "11.1"),
    (450, "11.0"),
    (440, "10.2"),
];

/// What the processors of each level have (x86-64's own levels), the highest first.
const LEVELS: [(&str, &[&str]); 3] = [
    ("x86_64_v4", &["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"]),
    ("x86_64_v3", &["avx2", "bmi1", "bmi2", "f16c", "fma", "movbe"]),
    ("x86_64_v2", &["cx16", "popcnt", "sse4_1", "sse4_2", "ssse3"]),
];

/// The kind of machine, as channels name it.
pub(crate) fn subdir() -> &'static str {
    if cfg!(target_arch = "aarch64") {
        "linux-aarch64"
    } else if cfg!(target_arch = "powerpc64") {
        "linux-ppc64le"
    } else {
        "linux-64"
    }
}

/// What this machine has, or what `CONDA_OVERRIDE_*` say that it has: empty takes one away. The C library is the one of the
/// system whose root is `system`.
pub(crate) fn all(host: &Host, system: &Path) -> Vec<Virtual> {
    let read = |path: &str| foreign::read_text(path, FileKind::Settings).unwrap_or_default();
    let linux = || Some(kernel(&read("/proc/sys/kernel/osrelease")));
    let cuda = || cuda(&read("/proc/driver/nvidia/version"));
    let archspec = || Some(processor(&read("/proc/cpuinfo")));
    let plain = |name, version: String| Virtual { name, version, build: "0".into() };
    let mut all = vec![plain("__unix", "0".into())];
    all.extend(told(host, "LINUX", linux).map(|version| plain("__linux", version)));
    all.extend(told(host, "GLIBC", || glibc(system)).map(|version| plain("__glibc", version)));
    all.extend(told(host, "CUDA", cuda).map(|version| plain("__cuda", version)));
    all.extend(told(host, "ARCHSPEC", archspec).map(|build| Virtual {
        name: "__archspec",
        version: "1".into(),
        build,
    }));
    all
}

fn told(host: &Host, name: &str, found: impl FnOnce() -> Option<String>) -> Option<String> {
    match host.vars().get(OsStr::new(&format!("CONDA_OVERRIDE_{name}"))) {
        Some(told) => told.to_str().map(str::to_owned).filter(|told| !told.is_empty()),
        None => found(),
    }
}

/// `6.1.0` of `6.1.0-18-amd64`.
fn kernel(release: &str) -> String {
    let end = release.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(release.len());
    match release[..end].trim_end_matches('.') {
        "" => "0".to_owned(),
        version => version.to_owned(),
    }
}

/// The library says its version in a text in itself; no program has to be started.
pub(crate) fn glibc(system: &Path) -> Option<String> {
    let file = LIBRARIES.iter().find_map(|path| foreign::open(&system.join(path)).ok())?;
    // Piece by piece: two megabytes at once are two megabytes of memory to be had first.
    let mut window = Vec::with_capacity(PIECE + OVERLAP);
    for _ in 0..MOST_PIECES {
        window.drain(..window.len().saturating_sub(OVERLAP));
        if (&file).take(PIECE as u64).read_to_end(&mut window).ok()? == 0 {
            break;
        }
        if let Some(version) = version_in(&window) {
            return Some(version);
        }
    }
    None
}

/// How much of a library is looked at at once, what of it is looked at again with the next piece, and where it ends.
const PIECE: usize = 64 << 10;
const OVERLAP: usize = 256;
const MOST_PIECES: usize = 256;

fn version_in(library: &[u8]) -> Option<String> {
    let begin = memmem::find(library, b"GNU C Library")?;
    let text = &library[begin..library.len().min(begin + 200)];
    let mark = b"release version ";
    let text = &text[memmem::find(text, mark)? + mark.len()..];
    // A piece may end in the middle of it.
    let end = text.iter().position(|byte| !byte.is_ascii_digit() && *byte != b'.')?;
    let version = std::str::from_utf8(&text[..end]).ok()?.trim_end_matches('.');
    (!version.is_empty()).then(|| version.to_owned())
}

/// The kernel module tells the driver's version: `Kernel Module  535.104.05`.
fn cuda(driver: &str) -> Option<String> {
    let mut words = driver.lines().next()?.split_whitespace();
    let major = words.find_map(|word| word.split_once('.')?.0.parse::<u32>().ok())?;
    let found = DRIVERS.iter().find(|(least, _)| major >= *least);
    found.map(|(_, cuda)| (*cuda).to_owned())
}

fn processor(info: &str) -> String {
    if !cfg!(target_arch = "x86_64") {
        return subdir().trim_start_matches("linux-").to_owned();
    }
    let line = info.lines().find(|line| line.starts_with("flags"));
    let flags: Vec<&str> = line.unwrap_or_default().split_whitespace().collect();
    let has = |level: &(&str, &[&str])| level.1.iter().all(|flag| flags.contains(flag));
    // Each level has all that is below it.
    let lacking = LEVELS.iter().rev().position(|level| !has(level)).unwrap_or(LEVELS.len());
    match lacking {
        0 => "x86_64".to_owned(),
        levels => LEVELS[LEVELS.len() - levels].0.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_the_system_says() {
        assert_eq!(kernel("6.1.0-18-amd64\n"), "6.1.0");
        assert_eq!(kernel(""), "0");
        let text = b"\0GNU C Library (Debian GLIBC 2.36-9) stable release version 2.36.\nCopy";
        assert_eq!(version_in(text).as_deref(), Some("2.36"));
        assert_eq!(version_in(b"musl libc"), None);
        let driver = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19\n";
        assert_eq!(cuda(driver).as_deref(), Some("12.2"));
        assert_eq!((cuda(""), cuda("NVRM 390.1")), (None, None));
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn a_processor_is_of_the_highest_level_all_of_whose_parts_it_has() {
        let flags = |levels: usize| -> String {
            let all = LEVELS.iter().rev().take(levels).flat_map(|level| level.1.iter().copied());
            format!("model: x\nflags : fpu {}\n", all.collect::<Vec<_>>().join(" "))
        };
        for (levels, name) in ["x86_64", "x86_64_v2", "x86_64_v3", "x86_64_v4"].iter().enumerate() {
            assert_eq!(processor(&flags(levels)), *name);
        }
        assert_eq!(processor("flags : avx512f avx2"), "x86_64");
    }

    #[test]
    fn what_the_user_says_of_the_machine_counts() {
        let vars = [("CONDA_OVERRIDE_GLIBC", "2.99"), ("CONDA_OVERRIDE_LINUX", "")];
        let found = all(&Host::fake(&vars, Path::new("/")), Path::new("/"));
        let of =
            |name: &str| found.iter().find(|one| one.name == name).map(|one| one.version.as_str());
        assert_eq!((of("__glibc"), of("__linux"), of("__unix")), (Some("2.99"), None, Some("0")));
    }
}
