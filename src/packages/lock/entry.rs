//! One package of a lock: a version with the archive that was chosen, or the place that it comes from. Pure.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::specs::{Direct, checked};
use crate::text::{Shown, shown};

/// A package, as PEP 751 writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Entry {
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    directory: Option<Directory>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    vcs: Option<Vcs>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    archive: Option<Archive>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sdist: Option<Archive>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    wheels: Vec<Archive>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Directory {
    /// From the lock's directory.
    path: String,
    #[serde(default)]
    editable: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Vcs {
    r#type: String,
    url: String,
    commit_id: String,
}

/// A file and its hashes. One that lay on a disk has no address here: it is known by name and hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Archive {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<String>,
    #[serde(default)]
    pub(crate) hashes: BTreeMap<String, String>,
}

/// What pip is told to install a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PipWords {
    /// A line of a file of requirements, with hashes.
    Hashed(String),
    /// A requirement without a hash.
    Plain(String),
    /// A directory to be installed in place.
    Editable(PathBuf),
}

impl Entry {
    /// A version, and the archive that was chosen.
    pub(crate) fn exact(name: &str, version: &str, archive: Option<Archive>) -> Self {
        let mut entry =
            Self { name: name.to_owned(), version: Some(version.to_owned()), ..Self::default() };
        match archive {
            Some(archive) if is_wheel(&archive) => entry.wheels = vec![archive],
            other => entry.sdist = other,
        }
        entry
    }

    /// What came from a place of its own, for a lock in the directory `dir`.
    pub(crate) fn placed(direct: &Direct, hashes: BTreeMap<String, String>, dir: &Path) -> Self {
        let mut entry = Self { name: direct.name.clone(), ..Self::default() };
        if let Some(path) = direct.local() {
            let (path, editable) = (relative(&path, dir), direct.editable().is_some());
            let is_archive = hashes.is_empty();
            if is_archive {
                entry.directory = Some(Directory { path, editable });
            } else {
                entry.archive = Some(Archive { name: None, url: None, path: Some(path), hashes });
            }
        } else if let Some((kind, rest)) = direct.words.split_once('+')
            && let Some((url, commit)) = rest.rsplit_once('@')
        {
            let (kind, url) = (kind.to_owned(), url.to_owned());
            entry.vcs = Some(Vcs { r#type: kind, url, commit_id: commit.to_owned() });
        } else {
            let url = Some(direct.words.clone());
            entry.archive = Some(Archive { name: None, url, path: None, hashes });
        }
        entry
    }

    /// Its version, where it is from an index.
    pub(super) fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Refuses what no tool may be given.
    pub(super) fn check(&self) -> Result<()> {
        checked::exact(&self.name, self.version.as_deref().unwrap_or("0"))?;
        let all = self.wheels.iter().chain(&self.sdist).chain(&self.archive);
        let mut hashes = all.flat_map(|archive| &archive.hashes);
        let is_word = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        match hashes.find(|(kind, hash)| !is_word(kind) || !is_word(hash)) {
            Some((_, hash)) => Err(Error::new(format!("\"{}\" is not a hash", shown(hash)))
                .hint("`mlenv lock --relock` writes the lock anew")),
            None => Ok(()),
        }
    }

    /// What pip is told, by a lock in the directory `dir`.
    pub(crate) fn words(&self, dir: &Path) -> Result<PipWords> {
        let within = |path: &str| dir.join(path);
        if let Some(Directory { path, editable }) = &self.directory {
            let path = within(path);
            if *editable {
                return Ok(PipWords::Editable(path));
            }
            return Ok(PipWords::Plain(utf8(&path)?.to_owned()));
        }
        let name = &self.name;
        if let Some(Vcs { r#type, url, commit_id }) = &self.vcs {
            return Ok(PipWords::Plain(format!("{name} @ {type}+{url}@{commit_id}")));
        }
        if let Some(archive) = &self.archive {
            if let Some(url) = &archive.url {
                return Ok(PipWords::Plain(format!("{name} @ {url}")));
            }
            let path = within(archive.path.as_deref().unwrap_or_default());
            return Ok(PipWords::Plain(utf8(&path)?.to_owned()));
        }
        let version = self.version.as_deref().ok_or_else(|| {
            Error::new(format!("{} has neither a version nor a place in it", shown(name)))
        })?;
        let files = self.wheels.iter().chain(&self.sdist);
        let hashes = files.flat_map(|file| &file.hashes);
        let hashes =
            hashes.fold(String::new(), |text, (kind, hash)| text + " --hash=" + kind + ":" + hash);
        let exact = format!("{name}=={version}");
        Ok(if hashes.is_empty() {
            PipWords::Plain(exact)
        } else {
            PipWords::Hashed(exact + &hashes)
        })
    }
}

fn utf8(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| {
        Error::new(format!("{} is not UTF-8, as pip needs it", Shown(path)))
            .hint("move the project to another directory")
    })
}

fn is_wheel(archive: &Archive) -> bool {
    let name = archive.name.as_deref().or(archive.url.as_deref()).unwrap_or_default();
    Path::new(name).extension().is_some_and(|end| end == "whl")
}

/// A path as seen from a directory, both absolute.
fn relative(path: &Path, dir: &Path) -> String {
    let shared = path.components().zip(dir.components()).take_while(|(one, other)| one == other);
    let shared = shared.count();
    let up = dir.components().skip(shared).map(|_| Component::ParentDir);
    let found: PathBuf = up.chain(path.components().skip(shared)).collect();
    let found = found.to_string_lossy().into_owned();
    if found.is_empty() { ".".to_owned() } else { found }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_written_as_seen_from_the_lock_and_meant_so_again() {
        let dir = Path::new("/p/q");
        for (words, path, again) in [
            ("-e /p/q", ".", PipWords::Editable("/p/q/.".into())),
            ("-e /p/lib x", "../lib x", PipWords::Editable("/p/q/../lib x".into())),
            ("/p/q/sub", "sub", PipWords::Plain("/p/q/sub".into())),
        ] {
            let direct = Direct { name: "own".into(), words: words.into() };
            let entry = Entry::placed(&direct, BTreeMap::new(), dir);
            assert_eq!(entry.directory.as_ref().unwrap().path, path);
            assert_eq!(entry.words(dir).unwrap(), again);
        }
        for words in ["git+https://h/r@abc", "https://h/own-1.zip"] {
            let direct = Direct { name: "own".into(), words: words.into() };
            let entry = Entry::placed(&direct, BTreeMap::new(), dir);
            assert_eq!(entry.words(dir).unwrap(), PipWords::Plain(format!("own @ {words}")));
        }
    }

    #[test]
    fn a_version_with_a_hash_is_held_to_it() {
        let hashes = BTreeMap::from([("sha256".to_owned(), "ab12".to_owned())]);
        let wheel = |name: &str, hashes: &BTreeMap<String, String>| Archive {
            name: Some(name.into()),
            url: None,
            path: None,
            hashes: hashes.clone(),
        };
        let entry = Entry::exact("six", "1", Some(wheel("six-1.whl", &hashes)));
        assert_eq!(entry.wheels.len(), 1);
        let words = entry.words(Path::new("/")).unwrap();
        assert_eq!(words, PipWords::Hashed("six==1 --hash=sha256:ab12".into()));
        let entry = Entry::exact("six", "1", Some(wheel("six-1.tar.gz", &BTreeMap::new())));
        assert!(entry.sdist.is_some());
        assert_eq!(entry.words(Path::new("/")).unwrap(), PipWords::Plain("six==1".into()));
        let bad = BTreeMap::from([("sha256".to_owned(), "a --target=/x".to_owned())]);
        assert!(Entry::exact("six", "1", Some(wheel("six-1.whl", &bad))).check().is_err());
    }
}
