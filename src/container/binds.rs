//! What a container's user had bound, told from all else that is mounted in it: what the kernel and the engine make
//! up, what the engine binds by itself, and what came along with that.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::mountinfo::{MountEntry, Table};

/// What an engine binds by itself, and what it says of the user's binds.
#[derive(Debug, Default)]
pub(crate) struct Usual<'a> {
    /// Directories that it binds at the same path as on the host.
    pub(crate) dirs: Vec<PathBuf>,
    /// The destinations of what was asked for, between commas; `SingularityCE` writes `SOURCE:DESTINATION:OPTIONS`.
    pub(crate) asked: Option<&'a OsStr>,
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

/// The binds of the user's, each once, as it is seen.
pub(crate) fn binds(table: &Table, usual: &Usual) -> Vec<MountEntry> {
    // apptainer keeps directories and files that it makes up in a tmpfs of its own.
    let session = table.at("/etc/passwd").or(table.at("/etc/resolv.conf"));
    let session = session.filter(|entry| entry.fstype == "tmpfs").map(|entry| &entry.device);
    let mut found: Vec<MountEntry> = Vec::new();
    for (at, entry) in table.entries.iter().enumerate() {
        let is_made_up = is_made_up(entry) || session == Some(&entry.device);
        if is_made_up || usual.has(entry) || usual.brought(table, at) {
            continue;
        }
        found.retain(|before| before.target != entry.target); // the later one is seen
        found.push(entry.clone());
    }
    found
}

fn is_made_up(entry: &MountEntry) -> bool {
    let target = entry.target.0.as_path();
    VIRTUAL.contains(&entry.fstype.as_str())
        || entry.fstype.starts_with("fuse.squashfuse")
        || ENGINES_OWN.iter().any(|own| target == Path::new(own))
        || ["/proc", "/sys", "/dev", "/.singularity.d"].iter().any(|own| target.starts_with(own))
        || (entry.fstype == "tmpfs" && entry.root.0 == Path::new("/"))
        || is_session(target)
        || is_driver(target)
}

/// apptainer's own workshop, which is seen inside where it lies below a directory that is bound.
pub(crate) fn is_session(target: &Path) -> bool {
    let parts: Vec<&[u8]> = target.components().map(|part| part.as_os_str().as_bytes()).collect();
    parts.windows(3).any(|parts| {
        [&b"apptainer"[..], b"singularity"].contains(&parts[0])
            && parts[1..] == [&b"mnt"[..], b"session"]
    })
}

/// Files of a graphics driver, which engines find anew on each machine.
fn is_driver(target: &Path) -> bool {
    let name = target.file_name().unwrap_or_default().as_bytes();
    let begins = [&b"libnvidia-"[..], b"libcuda.so", b"nvidia-", b"libcudadebugger."];
    ["/usr", "/run", "/lib", "/lib64", "/etc", "/bin"].iter().any(|dir| target.starts_with(dir))
        && begins.iter().any(|begin| name.starts_with(begin))
}

impl Usual<'_> {
    /// True for what the engine binds by itself.
    fn has(&self, entry: &MountEntry) -> bool {
        let path = &entry.target.0;
        let below = path.strip_prefix("/").unwrap_or(path);
        let is_whole = entry.root.0.ends_with(below) || entry.root.0 == Path::new("/");
        self.dirs.contains(path) && is_whole && !self.was_asked_for(path)
    }

    /// True for a mount of the host's below what the engine binds by itself: it comes along, in the lines behind that.
    fn brought(&self, table: &Table, at: usize) -> bool {
        if self.was_asked_for(&table.entries[at].target.0) {
            return false;
        }
        let carriers =
            (0..at).filter(|carrier| self.dirs.contains(&table.entries[*carrier].target.0));
        let comes_along =
            |carrier: usize| (carrier + 1..=at).all(|line| table.lies_on(line, carrier));
        carriers.into_iter().any(comes_along)
    }

    /// True where the engine names `target` among what was asked for.
    fn was_asked_for(&self, target: &Path) -> bool {
        let list = self.asked.unwrap_or_default().as_bytes();
        let target = target.as_os_str().as_bytes();
        let is_border = |byte: Option<&u8>| byte.is_none_or(|byte| b",:".contains(byte));
        let places = list.windows(target.len()).enumerate().filter(|(_, part)| *part == target);
        let mut starts = places.map(|(start, _)| start);
        starts.any(|start| {
            let before = start.checked_sub(1).and_then(|before| list.get(before));
            is_border(before) && is_border(list.get(start + target.len()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::mount::Mode;
    use super::super::mountinfo::tests::{BELOW_TMP, PODMAN, SANDBOX, table};
    use super::*;

    fn targets(text: &str, dirs: &[&str], asked: &str) -> Vec<String> {
        let dirs = dirs.iter().map(PathBuf::from).collect();
        let found = binds(&table(text), &Usual { dirs, asked: Some(OsStr::new(asked)) });
        found.into_iter().map(|entry| entry.target.0.display().to_string()).collect()
    }

    #[test]
    fn what_the_user_bound_is_told_from_what_engines_bind() {
        let found = binds(&table(PODMAN), &Usual::default());
        assert_eq!(found[0].root.0, Path::new(r#"/data/odd, "q":x\"#));
        assert_eq!((found.len(), found[0].mode), (1, Mode::ReadOnly));
        assert_eq!(targets(SANDBOX, &["/h/user", "/tmp", "/var/tmp"], ""), ["/mnt"]);
    }

    #[test]
    fn what_comes_along_with_a_default_and_apptainers_own_workshop_are_no_binds() {
        let dirs = ["/h/user", "/tmp", "/var/tmp"];
        assert_eq!(targets(BELOW_TMP, &dirs, "/tmp/mine,/mnt"), ["/mnt", "/tmp/mine"]);
        // What is told by position: an instance names nothing.
        assert_eq!(targets(BELOW_TMP, &dirs, ""), ["/mnt", "/tmp/mine"]);
        // Below a directory that the user bound the workshop is as well hidden.
        let below_bind = BELOW_TMP.replace("/tmp/", "/scratch/");
        assert!(!targets(&below_bind, &dirs, "").iter().any(|target| target.contains("session")));
    }

    #[test]
    fn a_bind_in_the_place_of_a_default_is_one() {
        let text =
            "1 0 0:9 / / rw - overlay overlay rw\n2 1 8:1 /big/tmp /tmp rw - ext4 /dev/sda rw\n";
        assert_eq!(targets(text, &["/tmp"], "/mnt:/tmp,/x"), ["/tmp"]);
        assert!(targets(text, &["/tmp"], "/tmp2,/x/tmp").is_empty());
    }

    #[test]
    fn files_of_a_driver_are_the_engines_to_find() {
        let text = "2 1 8:1 /u/libcuda.so.5 /usr/lib64/libcuda.so.5 ro - ext4 /dev/sda rw\n\
                    3 1 8:1 /u/nvidia-smi /usr/bin/nvidia-smi ro - ext4 /dev/sda rw\n";
        assert!(targets(text, &[], "").is_empty());
    }
}
