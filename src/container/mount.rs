//! Directories of the host that a container sees, and how engines are told.
//!
//! Always by `--mount` with the quoting of CSV: `-v` and `-B` split a path at `:` and `,`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::engine::Family;
use crate::error::{Error, Result};
use crate::foreign::claim;
use crate::text::{PathText, Shown};

/// One directory or file of the host at a place in the container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mount {
    /// On the host.
    #[serde(deserialize_with = "claim::absolute")]
    pub(crate) source: PathText,
    /// In the container.
    #[serde(deserialize_with = "claim::absolute")]
    pub(crate) target: PathText,
    /// Whether it can be written.
    #[serde(default, skip_serializing_if = "Mode::is_writable")]
    pub(crate) mode: Mode,
}

/// Whether a mount can be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Mode {
    /// It can.
    #[default]
    #[serde(rename = "rw")]
    Writable,
    /// It cannot.
    #[serde(rename = "ro")]
    ReadOnly,
}

impl Mode {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_writable(&self) -> bool {
        *self == Self::Writable
    }
}

impl Mount {
    /// The same path on both sides, writable.
    pub(crate) fn same(path: &Path) -> Self {
        Self::new(path, path, Mode::Writable)
    }

    /// Both sides by name.
    pub(crate) fn new(source: &Path, target: &Path, mode: Mode) -> Self {
        let text = |path: &Path| PathText(path.to_owned());
        Self { source: text(source), target: text(target), mode }
    }

    /// The value of `--mount` for an engine.
    pub(crate) fn csv(&self, family: Family) -> OsString {
        let mut out = b"type=bind,".to_vec();
        out.extend(field(b"source=", &self.source.0));
        out.push(b',');
        out.extend(field(family.target_word(), &self.target.0));
        if self.mode == Mode::ReadOnly {
            out.push(b',');
            out.extend(family.read_only_word());
        }
        OsString::from_vec(out)
    }
}

/// One field of CSV; quotes only where needed, so that plain paths are easy to read.
fn field(key: &[u8], path: &Path) -> Vec<u8> {
    let bytes = path.as_os_str().as_bytes();
    if !bytes.iter().any(|byte| b",\"\n\r".contains(byte)) {
        return [key, bytes].concat();
    }
    let mut out = vec![b'"'];
    out.extend(key);
    for &byte in bytes {
        out.extend(std::iter::repeat_n(byte, 1 + usize::from(byte == b'"')));
    }
    out.push(b'"');
    out
}

/// Refuses paths that engines would change on the way: all of them keep their settings as JSON, which is UTF-8, and
/// read CSV in which `\r\n` becomes `\n`.
pub(crate) fn check(mounts: &[Mount]) -> Result<()> {
    let paths = mounts.iter().flat_map(|mount| [&mount.source.0, &mount.target.0]);
    let is_odd = |path: &Path| path.to_str().is_none_or(|text| text.contains("\r\n"));
    let odd = paths.into_iter().find(|path| is_odd(path));
    odd.map_or(Ok(()), |path| {
        Err(Error::new(format!(
            "{} cannot be seen in a container: engines hold no name that is not UTF-8 or has \\r\\n in it",
            Shown(path)
        ))
        .hint("rename it, or work in another directory"))
    })
}

/// Understands `-B a,b:c:ro`. A backslash takes the next character for itself, so `\:` and `\,` are of a path;
/// what is, as a whole, the path of something that is there is that path.
pub(crate) fn parse(
    list: &OsStr,
    absolute: impl Fn(&Path) -> Result<PathBuf>,
) -> Result<Vec<Mount>> {
    let whole = absolute(Path::new(list))?;
    if whole.exists() {
        return Ok(vec![Mount::same(&whole)]);
    }
    split(list.as_bytes(), b',').iter().map(|word| one(word, &absolute)).collect()
}

fn one(word: &[u8], absolute: impl Fn(&Path) -> Result<PathBuf>) -> Result<Mount> {
    let parts: Vec<PathBuf> = split(word, b':')
        .iter()
        .map(|part| PathBuf::from(OsString::from_vec(plain(part))))
        .collect();
    let refuse = |why: &str| {
        let word = Shown(Path::new(OsStr::from_bytes(word))).to_string();
        Error::new(format!("could not understand the bind `{word}`: {why}")).hint(
            r"write SOURCE, SOURCE:TARGET or SOURCE:TARGET:ro; `\:` and `\,` stand for themselves",
        )
    };
    let mode = match parts.get(2).and_then(|mode| mode.to_str()) {
        None | Some("rw") => Mode::Writable,
        Some("ro") => Mode::ReadOnly,
        Some(_) => return Err(refuse("the third part is `ro` or `rw`")),
    };
    match parts.as_slice() {
        [source] | [source, ..] if source.as_os_str().is_empty() => Err(refuse("no source")),
        [source] => Ok(Mount::same(&absolute(source)?)),
        [source, target] | [source, target, _] if target.is_absolute() => {
            Ok(Mount::new(&absolute(source)?, target, mode))
        }
        [_, _] | [_, _, _] => Err(refuse("the target is not an absolute path")),
        _ => Err(refuse("too many parts")),
    }
}

/// Splits at `at`, but not behind a backslash; backslashes stay.
fn split(text: &[u8], at: u8) -> Vec<Vec<u8>> {
    let mut parts = vec![Vec::new()];
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        if byte == at {
            parts.push(Vec::new());
            continue;
        }
        if let Some(part) = parts.last_mut() {
            part.push(byte);
            part.extend((byte == b'\\').then(|| bytes.next()).flatten());
        }
    }
    parts
}

/// Takes the backslashes out.
fn plain(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        out.extend(if byte == b'\\' { bytes.next().copied() } else { Some(byte) });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Vec<Mount>> {
        parse(OsStr::new(text), |path| Ok(Path::new("/cwd").join(path)))
    }

    #[test]
    fn binds_are_understood_with_odd_characters_in_them() {
        let new = |source: &str, target: &str, mode| {
            Mount::new(Path::new(source), Path::new(target), mode)
        };
        assert_eq!(
            parsed(r"/a,b:/c:ro,x\:y\,z:/t\\:rw").unwrap(),
            [
                new("/a", "/a", Mode::Writable),
                new("/cwd/b", "/c", Mode::ReadOnly),
                new("/cwd/x:y,z", r"/t\", Mode::Writable),
            ]
        );
        for bad in ["", "/a:b", "/a:/b:rx", "/a:/b:ro:x", ":/b"] {
            assert!(bad.is_empty() || parsed(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_path_that_is_there_is_taken_whole() {
        let root = tempfile::tempdir().unwrap();
        let odd = root.path().join("a:b,c");
        crate::fs::make_dir(&odd).unwrap();
        let mounts = parse(odd.as_os_str(), |path| Ok(path.to_owned())).unwrap();
        assert_eq!(mounts, [Mount::same(&odd)]);
    }

    #[test]
    fn csv_is_quoted_where_it_must_be() {
        let csv = |source: &str, family| {
            let mount = Mount::new(Path::new(source), Path::new("/m"), Mode::ReadOnly);
            mount.csv(family).into_string().unwrap()
        };
        assert_eq!(csv("/a b:c", Family::Store), "type=bind,source=/a b:c,target=/m,readonly");
        assert_eq!(
            csv("/a,\"b\"", Family::Files),
            "type=bind,\"source=/a,\"\"b\"\"\",destination=/m,ro"
        );
    }
}
