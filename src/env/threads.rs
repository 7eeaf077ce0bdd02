//! How many threads make links: it follows the file system, since latency rules on a network.

use std::path::Path;

use nix::sys::statfs::statfs;

use crate::parallel::for_cpu;

/// On a network file system every operation waits for an answer; this many waiting side by side are measured
/// to help (bench/README.md) and are still polite to a server.
const NETWORK: usize = 32;

/// File systems whose operations travel, by the magic numbers of statfs(2) and of their own headers.
const NETWORKS: [i64; 11] = [
    0x6969,      // NFS
    0x0BD0_0BD0, // Lustre
    0x4750_4653, // GPFS
    0x00C3_6400, // Ceph
    0x1983_0326, // BeeGFS (FhGFS)
    0x5346_414F, // AFS
    0x6B41_4653, // kAFS
    0x6573_5546, // FUSE: sshfs, GlusterFS, EOS
    0xFF53_4D42, // CIFS
    0xFE53_4D42, // SMB2
    0xAAD7_AAEA, // PanFS
];

/// The number for making links below `dir`, unless the user named one.
pub(crate) fn for_links(dir: &Path, asked: Option<u16>) -> usize {
    if let Some(asked) = asked {
        return usize::from(asked);
    }
    if is_network(dir) { NETWORK } else { for_cpu() }
}

/// The number for looking through the tree at `dir`, beside other work.
pub(crate) fn for_walk(dir: &Path) -> usize {
    if is_network(dir) { NETWORK } else { 1 }
}

#[expect(clippy::unnecessary_cast, reason = "the type of f_type differs between C libraries")]
fn is_network(dir: &Path) -> bool {
    let kind = statfs(dir).map(|found| found.filesystem_type().0 as i64 & 0xFFFF_FFFF);
    kind.is_ok_and(|kind| NETWORKS.contains(&kind))
}
