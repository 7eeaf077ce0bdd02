//! The table of mounts, `/proc/self/mountinfo`: what a container sees of its host, and where that is on the host.
//!
//! From inside, the path on the host cannot be seen, only the file system and the directory in it. On the host the
//! longest match in its own table tells the path.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::mount::Mode;
use crate::text::PathText;

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Entry {
    /// The file system's device, `MAJOR:MINOR`; it may be another one after a reboot where MAJOR is 0.
    pub(crate) device: String,
    /// The directory in that file system.
    pub(crate) root: PathText,
    /// Where it is seen.
    pub(crate) target: PathText,
    /// Whether it can be written.
    #[serde(default)]
    pub(crate) mode: Mode,
    /// What sort of file system.
    pub(crate) fstype: String,
    /// What was mounted: a device, a server's path.
    pub(crate) source: PathText,
}

/// The table, and what of it is only looked at once.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// Its lines.
    pub(crate) entries: Vec<Entry>,
    text: Vec<u8>,
}

impl Table {
    /// Reads this process's own. Where there is none, nothing is mounted.
    pub(crate) fn read() -> Self {
        Self::parse(std::fs::read("/proc/self/mountinfo").unwrap_or_default())
    }

    /// Understands its text; lines that make no sense are passed over.
    pub(crate) fn parse(text: Vec<u8>) -> Self {
        let entries = text.split(|byte| *byte == b'\n').filter_map(entry).collect();
        Self { entries, text }
    }

    /// True where any line, with its options, holds these words.
    pub(crate) fn mentions(&self, words: &str) -> bool {
        self.text.windows(words.len()).any(|window| window == words.as_bytes())
    }

    /// The last mount at `target`, which is the one that is seen.
    pub(crate) fn at(&self, target: &str) -> Option<&Entry> {
        self.entries.iter().rev().find(|entry| entry.target.0 == Path::new(target))
    }

    /// Where on this host the directory lies that `seen` shows in a container.
    pub(crate) fn find(&self, seen: &Entry) -> Option<PathBuf> {
        let matching = self.entries.iter().filter(|entry| is_same(entry, seen));
        let mut best: Option<(usize, PathBuf)> = None;
        for entry in matching {
            let Ok(rest) = seen.root.0.strip_prefix(&entry.root.0) else { continue };
            let depth = entry.root.0.components().count();
            let path = entry.target.0.join(rest);
            let path = if rest.as_os_str().is_empty() { entry.target.0.clone() } else { path };
            if path.exists() && best.as_ref().is_none_or(|(deepest, _)| depth > *deepest) {
                best = Some((depth, path));
            }
        }
        best.map(|(_, path)| path)
    }
}

/// The same file system. Numbers of what has no block device are given anew at each mount: its name counts.
fn is_same(left: &Entry, right: &Entry) -> bool {
    if left.device.starts_with("0:") {
        left.fstype == right.fstype && left.source == right.source
    } else {
        left.device == right.device
    }
}

fn entry(line: &[u8]) -> Option<Entry> {
    let fields: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
    let dash = fields.iter().skip(6).position(|field| *field == b"-")? + 6;
    let (fstype, source) = (fields.get(dash + 1)?, fields.get(dash + 2)?);
    let read_only = fields[5].split(|byte| *byte == b',').any(|option| option == b"ro");
    let text = |field: &[u8]| String::from_utf8_lossy(field).into_owned();
    Some(Entry {
        device: text(fields[2]),
        root: PathText(unescaped(fields[3]).into()),
        target: PathText(unescaped(fields[4]).into()),
        mode: if read_only { Mode::ReadOnly } else { Mode::Writable },
        fstype: text(fstype),
        source: PathText(unescaped(source).into()),
    })
}

/// The kernel writes blanks, newlines and backslashes as `\` and three octal digits.
fn unescaped(field: &[u8]) -> OsString {
    let mut out = Vec::with_capacity(field.len());
    let mut at = 0;
    while let Some(&byte) = field.get(at) {
        let digits = field.get(at + 1..at + 4).filter(|_| byte == b'\\');
        let code =
            digits.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        out.push(code.unwrap_or(byte));
        at += if code.is_some() { 4 } else { 1 };
    }
    OsString::from_vec(out)
}

/// File systems that the kernel or an engine makes up.
const VIRTUAL: [&str; 12] = [
    "proc",
    "sysfs",
    "devpts",
    "devtmpfs",
    "mqueue",
    "cgroup",
    "cgroup2",
    "nsfs",
    "squashfs",
    "binfmt_misc",
    "debugfs",
    "securityfs",
];

/// Files and directories that every engine puts into its containers.
const ENGINES_OWN: [&str; 10] = [
    "/",
    "/etc/hosts",
    "/etc/hostname",
    "/etc/resolv.conf",
    "/etc/passwd",
    "/etc/group",
    "/etc/localtime",
    "/run/.containerenv",
    "/run/secrets",
    "/etc/mtab",
];

/// What a container's user had bound, of all that is mounted in it. `defaults` are directories that the engine binds
/// by itself, at the same path as on the host.
pub(crate) fn binds(table: &Table, defaults: &[PathBuf]) -> Vec<Entry> {
    // apptainer keeps directories and files that it makes up in a tmpfs of its own.
    let session = table.at("/etc/passwd").or(table.at("/etc/resolv.conf"));
    let session = session.filter(|entry| entry.fstype == "tmpfs").map(|entry| &entry.device);
    let is_default = |entry: &Entry| {
        let path = &entry.target.0;
        let below = path.strip_prefix("/").unwrap_or(path);
        defaults.contains(path) && (entry.root.0.ends_with(below) || entry.root.0 == Path::new("/"))
    };
    let is_made_up = |entry: &Entry| {
        let target = entry.target.0.as_path();
        VIRTUAL.contains(&entry.fstype.as_str())
            || entry.fstype.starts_with("fuse.squashfuse")
            || ENGINES_OWN.iter().any(|own| target == Path::new(own))
            || ["/proc", "/sys", "/dev", "/.singularity.d"]
                .iter()
                .any(|own| target.starts_with(own))
            || (entry.fstype == "tmpfs" && entry.root.0 == Path::new("/"))
            || session == Some(&entry.device)
    };
    let mut found: Vec<Entry> = Vec::new();
    for entry in table.entries.iter().filter(|entry| !is_made_up(entry) && !is_default(entry)) {
        found.retain(|before| before.target != entry.target); // the later one is seen
        found.push(entry.clone());
    }
    found
}

/// The id of the container, by the file that its engine mounts: 64 hexadecimal digits in the file's path.
pub(crate) fn container_id(table: &Table) -> Option<String> {
    let files = ["/etc/hostname", "/etc/resolv.conf", "/etc/hosts", "/run/.containerenv"];
    files
        .iter()
        .filter_map(|file| table.at(file))
        .find_map(|entry| entry.root.0.components().find_map(|part| id(part.as_os_str())))
}

fn id(part: &OsStr) -> Option<String> {
    let bytes = part.as_bytes();
    let is_id = bytes.len() == 64 && bytes.iter().all(u8::is_ascii_hexdigit);
    is_id.then(|| String::from_utf8_lossy(bytes).into_owned())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// As podman 4.3 shows it, with a bind at an odd place.
    pub(crate) const PODMAN: &str = r#"75 49 0:40 / / rw,relatime - overlay overlay rw,lowerdir=/l,upperdir=/u
76 75 0:43 / /proc rw,nosuid - proc proc rw
77 75 0:44 / /dev rw,nosuid,noexec - tmpfs tmpfs rw,size=65536k,mode=755
79 75 254:0 /data/odd,\040"q":x\134 /mnt/odd,\040"q":x ro,relatime - ext4 /dev/vda rw
82 75 254:0 /run/containers/storage/overlay-containers/2e753115c922212a5a6aa80f7b9b4ec4da8f6525146c4d3c430a9b1efa0249d2/userdata/hostname /etc/hostname rw - ext4 /dev/vda rw
85 77 0:39 / /dev/shm rw,nosuid - tmpfs shm rw,size=64000k
86 75 254:0 /run/x/userdata/.containerenv /run/.containerenv rw - ext4 /dev/vda rw
"#;

    /// As apptainer 1.4 shows a writable sandbox.
    pub(crate) const SANDBOX: &str = r"91 65 254:0 /exp/box / rw,nosuid,nodev,relatime master:2 - ext4 /dev/vda rw
93 91 0:6 / /dev rw,relatime master:17 - devtmpfs devtmpfs rw
98 91 254:0 /etc/hosts /etc/hosts rw,nosuid,nodev master:2 - ext4 /dev/vda rw
113 91 0:39 /h /h rw,nosuid,relatime master:23 - tmpfs tmpfs rw,size=65536k
114 113 254:0 /h/user /h/user rw,nosuid,nodev master:2 - ext4 /dev/vda rw
115 91 254:0 /tmp /tmp rw,nosuid,nodev master:2 - ext4 /dev/vda rw
116 91 254:0 /data /mnt rw,nosuid,nodev master:2 - ext4 /dev/vda rw
118 91 0:39 /etc/passwd /etc/passwd rw,nosuid master:23 - tmpfs tmpfs rw,size=65536k
";

    pub(crate) fn table(text: &str) -> Table {
        Table::parse(text.as_bytes().to_vec())
    }

    #[test]
    fn what_the_user_bound_is_told_from_what_engines_bind() {
        let binds_of = |text: &str, defaults: &[PathBuf]| {
            let found = binds(&table(text), defaults);
            let pairs = found.into_iter().map(|entry| (entry.root.0, entry.target.0, entry.mode));
            pairs.collect::<Vec<_>>()
        };
        let odd = (r#"/data/odd, "q":x\"#.into(), r#"/mnt/odd, "q":x"#.into(), Mode::ReadOnly);
        assert_eq!(binds_of(PODMAN, &[]), [odd]);
        let defaults = ["/h/user", "/tmp", "/var/tmp"].map(PathBuf::from);
        assert_eq!(binds_of(SANDBOX, &defaults), [("/data".into(), "/mnt".into(), Mode::Writable)]);
    }

    #[test]
    fn a_container_is_known_by_the_id_in_its_files() {
        assert!(container_id(&table(PODMAN)).unwrap().starts_with("2e753115"));
        assert_eq!(container_id(&table(SANDBOX)), None);
    }

    #[test]
    fn the_host_finds_a_bind_by_file_system_and_longest_root() {
        let root = tempfile::tempdir().unwrap();
        crate::fs::make_dirs(&root.path().join("sub/d"), 0o755).unwrap();
        let at = root.path().display();
        let host = table(&format!(
            "1 0 254:0 / / rw - ext4 /dev/vda rw\n2 1 7:3 / {at} rw - ext4 /dev/loop3 rw\n\
             3 1 0:50 /vol {at} rw - nfs4 server:/export rw\n"
        ));
        let seen = |line: &str| table(line).entries.remove(0);
        let bind = seen("5 4 7:3 /sub/d /mnt rw - ext4 /dev/loop3 rw");
        assert_eq!(host.find(&bind), Some(root.path().join("sub/d")));
        // NFS was mounted anew: another number, the same server.
        let bind = seen("5 4 0:77 /vol/sub /mnt rw - nfs4 server:/export rw");
        assert_eq!(host.find(&bind), Some(root.path().join("sub")));
        assert_eq!(host.find(&seen("5 4 8:1 /sub /mnt rw - ext4 /dev/sda1 rw")), None);
    }
}
