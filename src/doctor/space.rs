//! How much room is left for an env: files and bytes, by the file system and by the user's quota.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::sys::quota::{QuotaType, quotactl_get};
use nix::sys::stat::{major, minor};
use nix::sys::statvfs::statvfs;
use nix::unistd::geteuid;

use super::facts::Facts;
use super::finding::{EnvFault, Finding};
use crate::foreign;
use crate::text::Shown;
use crate::text::count;

/// A package of usual size has some hundred files and a few megabytes.
const FEW_FILES: u64 = 500;
const FEW_BYTES: u64 = 20 << 20;

/// What is left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Left {
    /// Files; none where the file system does not count them.
    files: Option<u64>,
    bytes: Option<u64>,
}

/// Findings where less is left than an installation takes, or than the `needed` files of the other cures.
pub(super) fn findings(facts: &Facts, needed: usize) -> Vec<Finding> {
    let (all, mine) = (of_disk(facts.env), of_user(facts.env).unwrap_or_default());
    let few = FEW_FILES.max(needed as u64);
    let mut findings = Vec::new();
    let tell = |kind, what| {
        let breaks = "installations stop half-way, and nothing can be mended";
        let cure = "remove envs and caches that you no longer need (`mlenv list`, `mlenv prune`, `pip cache purge`), ask \
                    for more, or make the env again in another place or with `--layout sparse`";
        Finding::told(kind, what, breaks, cure)
    };
    for (left, who) in [(mine, "your quota"), (all, "the file system")] {
        if let Some(files) = left.files.filter(|files| *files < few) {
            let files =
                count(usize::try_from(files).unwrap_or(usize::MAX), "more file", "more files");
            findings.push(tell(
                EnvFault::Inodes,
                format!("{who} has room for {files} at {}", Shown(facts.env)),
            ));
        } else if let Some(bytes) = left.bytes.filter(|bytes| *bytes < FEW_BYTES) {
            let what = format!("{who} has {} KB left at {}", bytes / 1000, Shown(facts.env));
            findings.push(tell(EnvFault::Space, what));
        }
        if !findings.is_empty() {
            break; // one reason is enough
        }
    }
    findings
}

/// Some file systems make files as they are needed and count none.
fn of_disk(env: &Path) -> Left {
    let Ok(found) = statvfs(env) else { return Left::default() };
    let files = (found.files() > 0).then(|| found.files_available());
    Left { files, bytes: Some(found.blocks_available() * found.fragment_size()) }
}

/// The kernel tells a user their own quota on local file systems. Servers that keep quotas of their own are not asked: a
/// call to one that is away would hang.
fn of_user(env: &Path) -> Option<Left> {
    let device = device(env)?;
    let user = i32::try_from(geteuid().as_raw()).ok()?;
    let quota = quotactl_get(QuotaType::USRQUOTA, &device, user).ok()?;
    let left = |limit: Option<u64>, used: Option<u64>| {
        Some(limit.filter(|limit| *limit > 0)?.saturating_sub(used?))
    };
    // Limits on bytes are in blocks of 1 KiB, what is used is in bytes.
    let bytes = quota.blocks_hard_limit().map(|blocks| blocks.saturating_mul(1024));
    Some(Left {
        files: left(quota.inodes_hard_limit(), quota.allocated_inodes()),
        bytes: left(bytes, quota.occupied_space()),
    })
}

/// The block device that holds `env`, as the table of mounts tells.
fn device(env: &Path) -> Option<PathBuf> {
    let device = env.metadata().ok()?.dev();
    let wanted = format!("{}:{}", major(device), minor(device));
    let mounts = foreign::read_text("/proc/self/mountinfo", foreign::FileKind::PackageData).ok()?;
    let line = mounts.lines().find(|line| line.split(' ').nth(2) == Some(&wanted))?;
    let source = line.split(" - ").nth(1)?.split(' ').nth(1)?;
    source.starts_with("/dev/").then(|| PathBuf::from(source))
}
