//! Whether a repository of git has a file, by its index. git itself is not asked: what lies in `.git/config` may start
//! programs.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::foreign::{self, FileKind};

/// True where the repository around `path`, a path without links, tracks it, and where that cannot be told.
pub(crate) fn tracks(path: &Path) -> bool {
    let around = path.ancestors().skip(1).find(|dir| dir.join(".git").symlink_metadata().is_ok());
    let Some(top) = around else { return false };
    let Some(dir) = repository(top) else { return true };
    let index = dir.join("index");
    let bytes = match foreign::read(&index, FileKind::PackageData) {
        Err(cause) if foreign::is_missing(&cause) => return false, // nothing was added yet
        Err(_) => return true,
        Ok(bytes) => bytes,
    };
    let Ok(name) = path.strip_prefix(top) else { return true };
    // Entries are kept sorted, but reading them all is as quick.
    names(&bytes, if is_sha256(&bytes) { 32 } else { 20 })
        .is_none_or(|names| names.iter().any(|one| one.as_slice() == name.as_os_str().as_bytes()))
}

/// Where a work tree's index is: in `.git`, or where that file says.
fn repository(top: &Path) -> Option<PathBuf> {
    let git = top.join(".git");
    if git.is_dir() {
        return Some(git);
    }
    let text = foreign::read(&git, FileKind::Note).ok()?;
    let said = text.strip_prefix(b"gitdir: ")?.trim_ascii_end();
    Some(top.join(OsStr::from_bytes(said)))
}

/// True for an index that closes with the longer hash. Read by the wrong length one may look whole by accident.
fn is_sha256(bytes: &[u8]) -> bool {
    bytes.split_last_chunk::<32>().is_some_and(|(all, last)| Sha256::digest(all).as_slice() == last)
}

/// Names in an index whose hashes have `hash` bytes (gitformat-index(5)). `None` where it is none of these, or where
/// another file has a part of it.
fn names(bytes: &[u8], hash: usize) -> Option<Vec<Vec<u8>>> {
    let number = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let version = number(4)?;
    if bytes.get(..4)? != b"DIRC" || !(2..=4).contains(&version) {
        return None;
    }
    let mut names: Vec<Vec<u8>> = Vec::new();
    let mut at = 12;
    for _ in 0..number(8)? {
        let start = at;
        at += 40 + hash;
        let flags = u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?);
        at += if version > 2 && flags & 0x4000 != 0 { 4 } else { 2 };
        let mut name = Vec::new();
        if version == 4 {
            let before = names.last().map_or(&[][..], Vec::as_slice);
            let cut = variable(bytes, &mut at)?;
            name.extend(before.get(..before.len().checked_sub(cut)?)?);
        }
        let end = at + bytes.get(at..)?.iter().position(|byte| *byte == 0)?;
        name.extend(bytes.get(at..end)?);
        at = if version == 4 { end + 1 } else { start + (end - start + 8) / 8 * 8 };
        names.push(name);
    }
    ends(bytes, at, hash).then_some(names)
}

/// A number of git's: seven bits a byte, and one more for each byte that follows.
fn variable(bytes: &[u8], at: &mut usize) -> Option<usize> {
    let mut value = 0_usize;
    loop {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value = value.checked_mul(128)?.checked_add(usize::from(byte & 0x7f))?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
        value += 1;
    }
}

/// True where extensions follow up to the closing hash, none of which says that entries are elsewhere (`link`, a split
/// index) or stand for whole directories (`sdir`, a sparse one).
fn ends(bytes: &[u8], mut at: usize, hash: usize) -> bool {
    while at + hash < bytes.len() {
        let Some(head) = bytes.get(at..at + 8) else { return false };
        if matches!(&head[..4], b"link" | b"sdir") {
            return false;
        }
        let size = u32::from_be_bytes([head[4], head[5], head[6], head[7]]);
        at += 8 + size as usize;
    }
    at + hash == bytes.len()
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests run the real git")]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn what_git_tracks_is_told_in_every_form_of_an_index() {
        let git = |top: &Path, arguments: &[&str]| {
            let mut command = Command::new("git");
            command.args(arguments).current_dir(top).env("HOME", top);
            command.env("GIT_CONFIG_NOSYSTEM", "1");
            let output = command.output().unwrap();
            assert!(output.status.success(), "{arguments:?}: {output:?}");
        };
        for form in ["2", "3", "4", "sha256", "split"] {
            let root = tempfile::tempdir().unwrap();
            let top = root.path().canonicalize().unwrap();
            assert!(!tracks(&top.join("a/.mlenv.toml")), "no repository");
            let kind = if form == "sha256" { form } else { "sha1" };
            git(&top, &["init", "-q", &format!("--object-format={kind}")]);
            for name in ["a/.mlenv-container.toml", "a/.mlenv.toml", "b/.mlenv.toml", "c"] {
                std::fs::create_dir_all(top.join(name).parent().unwrap()).unwrap();
                std::fs::write(top.join(name), name).unwrap();
            }
            assert!(!tracks(&top.join("a/.mlenv.toml")), "nothing was added");
            git(&top, &["add", "a", "c"]);
            match form {
                "3" => git(&top, &["add", "-N", "b/.mlenv.toml"]),
                "split" => git(&top, &["update-index", "--split-index"]),
                "sha256" => {}
                version => git(&top, &["update-index", "--index-version", version]),
            }
            assert!(tracks(&top.join("a/.mlenv.toml")), "{form}");
            let unsure = matches!(form, "3" | "split");
            assert_eq!(tracks(&top.join("b/.mlenv.toml")), unsure, "{form}");
            assert_eq!(tracks(&top.join("d/.mlenv.toml")), form == "split", "{form}");
        }
    }
}
