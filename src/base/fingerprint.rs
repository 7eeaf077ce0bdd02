//! A base's state in a few bytes: cheap to take, different when packages change.
//!
//! Content and place are kept apart. The content is the same seen through a container, CVMFS or a copy, so
//! an env and an index made on one side fit the other. The place is one machine's view.

use std::fs::FileType;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{BaseKind, Python};
use crate::error::{Attempt, Result};
use crate::foreign::claim;
use crate::fs;
use crate::text::hex;

/// What a base looked like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fingerprint {
    /// Hash of the Python version and of the names of packages and programs.
    #[serde(deserialize_with = "claim::word")]
    pub(crate) packages: String,
    /// When the directory of package records last changed (seconds since 1970): while it did not, nothing else
    /// needs to be looked at.
    #[serde(default)]
    pub(crate) stamp: i64,
    /// Device and inode of the prefix, on the machine that looked.
    pub(crate) root: String,
    /// The image's digest, where a CVMFS path `.flat/ab/abcdef..` tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) image: Option<String>,
}

impl Fingerprint {
    /// Of a base that nobody could look at.
    pub(crate) fn unknown() -> Self {
        Self { packages: String::new(), stamp: 0, root: String::new(), image: None }
    }

    /// True where somebody looked.
    pub(crate) fn is_known(&self) -> bool {
        !self.packages.is_empty()
    }

    /// Looks at the base: three or four directory reads, no file opened, no tree walked.
    pub(crate) fn take(prefix: &Path, kind: BaseKind, python: &Python) -> Result<Self> {
        let meta = prefix.metadata().attempt("look at", prefix)?;
        Ok(Self {
            packages: packages(prefix, kind, python),
            stamp: stamp(prefix, kind, &python.lib).unwrap_or_default(),
            root: format!("{}:{}", meta.dev(), meta.ino()),
            image: image_digest(prefix),
        })
    }
}

/// The time of the last change to the directory that every package is recorded in.
pub(crate) fn stamp(prefix: &Path, kind: BaseKind, python_lib: &str) -> Option<i64> {
    let records = match kind {
        BaseKind::Conda => prefix.join("conda-meta"),
        BaseKind::Python => prefix.join("lib").join(python_lib).join("site-packages"),
        BaseKind::System => prefix.join("lib/python3/dist-packages"),
    };
    records.metadata().ok().map(|meta| meta.mtime())
}

/// Hashes what changes when packages do: conda's record names and the size of its history (which only grows),
/// the wheels' `dist-info` names, and the names in `bin`, to which images add programs by hand. Times are left
/// out: copying an image changes them.
fn packages(prefix: &Path, kind: BaseKind, python: &Python) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("1\0{}\0{}\0", kind.name(), python.version));
    let history = prefix.join("conda-meta/history").metadata().map_or(0, |meta| meta.len());
    hash.update(history.to_le_bytes());
    let site = format!("lib/{}/site-packages", python.lib);
    let mut places = vec![("conda-meta", ".json"), (site.as_str(), ".dist-info")];
    let local = format!("local/lib/{}/dist-packages", python.lib);
    match kind {
        BaseKind::System => {
            places.extend([("lib/python3/dist-packages", "-info"), (local.as_str(), ".dist-info")]);
        }
        BaseKind::Conda | BaseKind::Python => places.push(("bin", "")),
    }
    for (place, ending) in places {
        hash_names(&mut hash, &prefix.join(place), ending);
    }
    hex(&hash.finalize()[..16])
}

/// Adds the sorted names in `dir` that end in `ending`, but for files that `base prepare` is at, and for sockets, pipes and devices, which
/// images lose on their way; a directory that is not there adds nothing.
fn hash_names(hash: &mut Sha256, dir: &Path, ending: &str) {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let lasts = |kind: FileType| kind.is_file() || kind.is_symlink() || kind.is_dir();
    let mut names: Vec<_> = entries
        .filter(|entry| entry.file_type().is_ok_and(lasts))
        .map(|entry| entry.file_name())
        .filter(|name| name.as_bytes().ends_with(ending.as_bytes()) && !fs::is_temporary(name))
        .collect();
    names.sort_unstable();
    for name in names {
        hash.update(name.as_bytes());
        hash.update([0]);
    }
    hash.update([0, 1]);
}

/// The digest in `.../.flat/ab/abcdef.../opt/conda`, the directory that CVMFS keeps an unpacked image in.
pub(crate) fn image_digest(prefix: &Path) -> Option<String> {
    let mut parts = prefix.components().filter_map(|part| match part {
        Component::Normal(name) => name.to_str(),
        _ => None,
    });
    parts.find(|part| *part == ".flat")?;
    let (head, digest) = (parts.next()?, parts.next()?);
    digest.starts_with(head).then(|| digest.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_read_from_a_flat_path() {
        let path = Path::new("/cvmfs/unpacked.cern.ch/.flat/ab/abcd12/opt/conda");
        assert_eq!(image_digest(path).as_deref(), Some("abcd12"));
        assert_eq!(image_digest(Path::new("/opt/conda")), None);
    }

    #[test]
    fn a_new_package_or_program_changes_the_fingerprint_and_nothing_else_does() {
        let root = tempfile::tempdir().unwrap();
        for dir in ["conda-meta", "bin", "lib/python3.11/site-packages", "share"] {
            fs::make_dirs(&root.path().join(dir), 0o755).unwrap();
        }
        let touch = |name: &str| fs::write_atomic(&root.path().join(name), b"").unwrap();
        let python = Python {
            version: "3.11.7".into(),
            lib: "python3.11".into(),
            executable: "python3.11".into(),
            lib64: false,
        };
        let take = || Fingerprint::take(root.path(), BaseKind::Conda, &python).unwrap().packages;
        let mut seen = vec![take()];
        for new in ["conda-meta/a-1-0.json", "bin/tool"] {
            touch(new);
            let now = take();
            assert!(!seen.contains(&now), "{new} went unseen");
            seen.push(now);
        }
        touch("bin/.mlenv-tmp-machine-1-0");
        std::os::unix::net::UnixListener::bind(root.path().join("bin/socket")).unwrap();
        touch("share/readme");
        touch("lib/python3.11/site-packages/x.py");
        assert_eq!(seen.last(), Some(&take()));
    }
}
