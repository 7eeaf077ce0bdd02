//! The table of mounts, `/proc/self/mountinfo`: what a container sees of its host, and where that is on the host.
//!
//! From inside, the path on the host cannot be seen, only the file system and the directory in it. On the host the
//! longest match in its own table tells the path.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::mount::Mode;
use crate::foreign;
use crate::text::PathText;

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct MountEntry {
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
    pub(crate) entries: Vec<MountEntry>,
    /// The number of each line's mount, and of the one that it lies on.
    numbers: Vec<(u64, u64)>,
    text: Vec<u8>,
}

impl Table {
    /// Reads this process's own. Where there is none, nothing is mounted.
    pub(crate) fn read() -> Self {
        Self::parse(
            foreign::read("/proc/self/mountinfo", foreign::FileKind::PackageData)
                .unwrap_or_default(),
        )
    }

    /// Understands its text; lines that make no sense are passed over.
    pub(crate) fn parse(text: Vec<u8>) -> Self {
        let (entries, numbers) = text.split(|byte| *byte == b'\n').filter_map(entry).unzip();
        Self { entries, numbers, text }
    }

    /// True where the mount of line `at` lies on that of line `below`, or on one that does.
    pub(super) fn lies_on(&self, at: usize, below: usize) -> bool {
        let Some(&(wanted, _)) = self.numbers.get(below) else { return false };
        let mut next = self.numbers.get(at).map(|(_, parent)| *parent);
        // The outermost mount may name itself; no chain is longer than the table.
        for _ in 0..self.numbers.len() {
            match next {
                Some(number) if number == wanted => return true,
                Some(number) => {
                    let line = self.numbers.iter().find(|(own, _)| *own == number);
                    next = line.map(|(_, parent)| *parent);
                }
                None => return false,
            }
        }
        false
    }

    /// True where any line, with its options, holds these words.
    pub(crate) fn mentions(&self, words: &str) -> bool {
        self.text.windows(words.len()).any(|window| window == words.as_bytes())
    }

    /// The last mount at `target`, which is the one that is seen.
    pub(crate) fn at(&self, target: &str) -> Option<&MountEntry> {
        self.entries.iter().rev().find(|entry| entry.target.0 == Path::new(target))
    }

    /// The mount that shows `path`: the last of those with the longest name.
    fn showing(&self, path: &Path) -> Option<&MountEntry> {
        let above = self.entries.iter().filter(|entry| path.starts_with(&entry.target.0));
        above.max_by_key(|entry| entry.target.0.components().count())
    }

    /// Where on this host the directory lies that `seen` shows in a container.
    pub(crate) fn find(&self, seen: &MountEntry) -> Option<PathBuf> {
        let mut best: Option<(usize, PathBuf)> = None;
        for entry in self.of_one_system(seen) {
            let Ok(rest) = seen.root.0.strip_prefix(&entry.root.0) else { continue };
            let depth = entry.root.0.components().count();
            let path = entry.target.0.join(rest);
            let path = if rest.as_os_str().is_empty() { entry.target.0.clone() } else { path };
            // Another mount may lie over it.
            let is_seen = self.showing(&path).is_some_and(|showing| std::ptr::eq(showing, entry));
            if is_seen && path.exists() && best.as_ref().is_none_or(|(deepest, _)| depth > *deepest)
            {
                best = Some((depth, path));
            }
        }
        best.map(|(_, path)| path)
    }

    /// The lines of the file system that `seen` is of. Numbers of what has no block device are given anew at each
    /// mount: its name counts. What has no name of its own either, as every tmpfs is called `tmpfs`, is known by its
    /// number, or by being the only one.
    fn of_one_system(&self, seen: &MountEntry) -> Vec<&MountEntry> {
        let has_device = !seen.device.starts_with("0:");
        let is_unnamed = !has_device && is_unnamed(&seen.fstype);
        let by_number =
            |entry: &&MountEntry| entry.device == seen.device && entry.fstype == seen.fstype;
        let by_name =
            |entry: &&MountEntry| entry.fstype == seen.fstype && entry.source == seen.source;
        let numbered: Vec<&MountEntry> = self.entries.iter().filter(by_number).collect();
        if has_device || (is_unnamed && !numbered.is_empty()) {
            return numbered;
        }
        let named: Vec<&MountEntry> = self.entries.iter().filter(by_name).collect();
        let is_one = named.windows(2).all(|pair| pair[0].device == pair[1].device);
        if is_unnamed && !is_one { Vec::new() } else { named }
    }
}

/// File systems whose source says nothing.
fn is_unnamed(fstype: &str) -> bool {
    ["tmpfs", "ramfs", "overlay", "aufs", "fuse", "rootfs"].contains(&fstype)
        || ["fuse.fuse-overlayfs", "fuse.squashfuse", "fuse.squashfuse_ll"].contains(&fstype)
}

fn entry(line: &[u8]) -> Option<(MountEntry, (u64, u64))> {
    let fields: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
    let dash = fields.iter().skip(6).position(|field| *field == b"-")? + 6;
    let (fstype, source) = (fields.get(dash + 1)?, fields.get(dash + 2)?);
    let read_only = fields[5].split(|byte| *byte == b',').any(|option| option == b"ro");
    let text = |field: &[u8]| String::from_utf8_lossy(field).into_owned();
    let number = |field: &[u8]| text(field).parse::<u64>().ok();
    let entry = MountEntry {
        device: text(fields[2]),
        root: PathText(remaining(unescaped(fields[3])).into()),
        target: PathText(unescaped(fields[4]).into()),
        mode: if read_only { Mode::ReadOnly } else { Mode::Writable },
        fstype: text(fstype),
        source: PathText(unescaped(source).into()),
    };
    Some((entry, (number(fields[0])?, number(fields[1])?)))
}

/// The kernel marks a file that was replaced since it was bound: its place is meant.
fn remaining(root: OsString) -> OsString {
    match root.as_bytes().strip_suffix(b"//deleted") {
        Some(place) => OsString::from_vec(place.to_vec()),
        None => root,
    }
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

    /// As apptainer 1.4 shows an image where it lies below `/tmp` itself, with a mount of the host's there and two binds.
    pub(crate) const BELOW_TMP: &str = r"98 67 0:41 / / rw,nodev - overlay overlay ro,lowerdir=/tmp/a/apptainer/mnt/session/rootfs
105 98 254:0 /usr/share/zoneinfo/UTC /etc/localtime rw master:1 - ext4 /dev/vda rw
110 98 254:0 /h/user /h/user rw master:1 - ext4 /dev/vda rw
111 98 254:0 /tmp /tmp rw master:1 - ext4 /dev/vda rw
112 111 8:1 / /tmp/disk rw master:22 - ext4 /dev/sda1 rw
113 111 0:40 / /tmp/a/apptainer/mnt/session rw master:23 - tmpfs tmpfs rw
115 113 254:0 /images/x /tmp/a/apptainer/mnt/session/rootfs ro master:1 - ext4 /dev/vda rw
116 113 254:0 /h/user /tmp/a/apptainer/mnt/session/home rw master:1 - ext4 /dev/vda rw
117 98 254:0 /var/tmp /var/tmp rw master:1 - ext4 /dev/vda rw
119 98 0:40 /etc/passwd /etc/passwd rw master:23 - tmpfs tmpfs rw
121 98 0:27 /ct/data /mnt rw master:18 - tmpfs tmpfs rw
122 111 0:27 /ct/data /tmp/mine rw master:18 - tmpfs tmpfs rw
";

    pub(crate) fn table(text: &str) -> Table {
        Table::parse(text.as_bytes().to_vec())
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
        crate::fs::make_dirs(&root.path().join("nfs/sub"), 0o755).unwrap();
        let at = root.path().display();
        let lines = format!(
            "1 0 254:0 / / rw - ext4 /dev/vda rw\n2 1 7:3 / {at} rw - ext4 /dev/loop3 rw\n\
             3 2 0:50 /vol {at}/nfs rw - nfs4 server:/export rw\n"
        );
        let host = table(&lines);
        let seen = |line: &str| table(line).entries.remove(0);
        let bind = seen("5 4 7:3 /sub/d /mnt rw - ext4 /dev/loop3 rw");
        assert_eq!(host.find(&bind), Some(root.path().join("sub/d")));
        // NFS was mounted anew: another number, the same server.
        let bind = seen("5 4 0:77 /vol/sub /mnt rw - nfs4 server:/export rw");
        assert_eq!(host.find(&bind), Some(root.path().join("nfs/sub")));
        // Another file system lies over it by now.
        let covered = table(&format!("{lines}4 2 0:60 / {at}/sub rw - tmpfs tmpfs rw\n"));
        assert_eq!(covered.find(&seen("5 4 7:3 /sub/d /mnt rw - ext4 /dev/loop3 rw")), None);
        assert_eq!(host.find(&seen("5 4 8:1 /sub /mnt rw - ext4 /dev/sda1 rw")), None);
    }
    #[test]
    fn what_has_no_name_is_found_by_its_number_or_by_being_the_only_one() {
        let root = tempfile::tempdir().unwrap();
        let (one, two) = (root.path().join("one"), root.path().join("two"));
        crate::fs::make_dirs(&one, 0o755).unwrap();
        crate::fs::make_dirs(&two, 0o755).unwrap();
        let first = format!("2 1 0:30 / {} rw - tmpfs tmpfs rw\n", one.display());
        let both = format!("{first}3 1 0:31 / {} rw - tmpfs tmpfs rw\n", two.display());
        let seen = table("5 4 0:31 / /mnt rw - tmpfs tmpfs rw").entries.remove(0);
        let gone = MountEntry { device: "0:44".into(), ..seen.clone() };
        assert_eq!(table(&both).find(&seen), Some(two));
        assert_eq!(table(&both).find(&gone), None);
        assert_eq!(table(&first).find(&gone), Some(one));
    }

    #[test]
    fn a_file_that_was_replaced_is_looked_for_at_its_place() {
        let entries = table("5 4 7:3 /d/f\\040x//deleted /f ro - ext4 /dev/loop3 rw\n").entries;
        assert_eq!(entries[0].root.0, Path::new("/d/f x"));
    }
}
