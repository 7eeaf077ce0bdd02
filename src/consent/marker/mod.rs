//! `.mlenv.toml`: says which env belongs to a directory and everything below it.
//!
//! A marker is data and nothing else: one key, `env`. No variables, templates, includes or settings, so that
//! reading one that nobody trusts is harmless. Whether it takes effect is decided by `trust`.

mod edit;
mod find;
mod git;
mod write;

use std::fs::Metadata;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use serde::Deserialize;

use crate::env::record::is_env;
use crate::error::{Attempt, Error, Result};
use crate::foreign;
use crate::text::{PathText, Shown, shown};

pub(crate) use edit::{Naming, is_plain, naming, remove, rename};
pub(crate) use find::{ceiling, nearest};
pub(crate) use git::tracks as git_has;
pub(crate) use write::{OnOther, Saved, save_for};

/// The marker's file name.
pub(crate) const NAME: &str = ".mlenv.toml";

/// A marker as it was read, once: what is decided about it is decided on these bytes.
#[derive(Debug)]
pub(crate) struct Marker {
    /// Where it is, without links in the path: consent is bound to this name.
    pub(crate) path: PathBuf,
    /// All of it.
    pub(crate) bytes: Vec<u8>,
    /// Owner and permissions, taken from the open file.
    pub(crate) meta: Metadata,
    /// Keys that mean nothing to us; `status` shows them.
    pub(crate) unknown: Vec<String>,
    env: PathBuf,
}

#[derive(Deserialize)]
struct Content {
    env: PathText,
}

impl Marker {
    /// Reads the marker of the directory `dir`; `None` where there is none.
    pub(crate) fn read(dir: &Path) -> Result<Option<Self>> {
        let dir = dir.canonicalize().attempt("find", dir)?;
        let path = dir.join(NAME);
        let Some((bytes, meta)) = read_small(&path)? else { return Ok(None) };
        let (env, unknown) = parse(&bytes).map_err(|cause| cause.during(Shown(&path)))?;
        Ok(Some(Self { path, bytes, meta, unknown, env }))
    }

    /// The directory that it speaks for.
    pub(crate) fn dir(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("/"))
    }

    /// The env that it names. A path starts at the marker's directory. A bare name is an env of that name beside
    /// the marker, if there is one, else one under `envs`.
    pub(crate) fn env(&self, envs: &Path) -> PathBuf {
        // Component by component, which drops a `./`.
        let beside: PathBuf = self.dir().join(&self.env).components().collect();
        if is_name(&self.env) && !is_env(&beside) { envs.join(&self.env) } else { beside }
    }
}

/// True for a word that is a name rather than a path.
pub(crate) fn is_name(text: &Path) -> bool {
    let mut parts = text.components();
    matches!((parts.next(), parts.next()), (Some(Component::Normal(name)), None) if name == text.as_os_str())
}

/// Reads a regular file of at most 4096 bytes. A link, a pipe or a device is refused without being waited for.
fn read_small(path: &Path) -> Result<Option<(Vec<u8>, Metadata)>> {
    let file = match foreign::open_unfollowed(path) {
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(None),
        Err(cause) if cause.raw_os_error() == Some(Errno::ELOOP as i32) => {
            return Err(unfit(path, "is a link"));
        }
        Err(cause) if matches!(cause.kind(), ErrorKind::InvalidInput | ErrorKind::IsADirectory) => {
            return Err(unfit(path, "is not a regular file"));
        }
        other => other.attempt("read", path)?,
    };
    let meta = file.metadata().attempt("read", path)?;
    match foreign::read_open(file, foreign::FileKind::Marker) {
        Err(cause) if cause.kind() == ErrorKind::FileTooLarge => {
            Err(unfit(path, "is larger than 4096 bytes"))
        }
        other => Ok(Some((other.attempt("read", path)?, meta))),
    }
}

fn unfit(path: &Path, why: &str) -> Error {
    Error::new(format!("{} {why}: a marker is a small regular file", Shown(path)))
        .hint("remove it, or write a new one with `mlenv save --force ENV`")
}

/// Takes the one key out. The text is not ours: nothing of it is repeated raw.
pub(crate) fn parse(bytes: &[u8]) -> Result<(PathBuf, Vec<String>)> {
    let bad = |why: &str| {
        Error::new(format!("not a marker: {}", shown(why)))
            .hint("it should say `env = \"path or name\"`, and nothing else")
    };
    let text = std::str::from_utf8(bytes).map_err(|_| bad("it is not UTF-8 text"))?;
    let table: toml::Table = toml::from_str(text).map_err(|cause| {
        let (what, cure) = foreign::format::misread(text, &cause);
        let error = bad(&what);
        if let Some(cure) = cure { error.hint(cure) } else { error }
    })?;
    let unknown = table.keys().filter(|key| *key != "env").cloned().collect();
    let content = Content::deserialize(table).map_err(|cause| bad(cause.message()))?;
    if content.env.0.as_os_str().is_empty() {
        return Err(bad("`env` is empty"));
    }
    Ok((content.env.0, unknown))
}

/// True within two seconds of the last change: a shell that sees whole seconds may miss the next one.
pub(crate) fn is_young(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    path.metadata()
        .is_ok_and(|meta| u64::try_from(meta.ctime()).is_ok_and(|changed| now < changed + 2))
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests build worlds of their own")]
mod tests {
    use std::fs;

    use super::*;

    #[track_caller]
    fn refused(bytes: &[u8], why: &str) {
        let message = parse(bytes).unwrap_err().to_string();
        assert!(message.contains(why), "{message}");
        assert!(!message.chars().any(char::is_control), "{message:?}");
    }

    #[test]
    fn only_env_is_obeyed_and_the_rest_reported() {
        let (env, unknown) = parse(b"env = 'a/b'\npath = '/'\n[hooks]\nx = 1\n").unwrap();
        assert_eq!(env, Path::new("a/b"));
        assert_eq!(unknown, ["hooks", "path"]);
    }

    #[test]
    fn damaged_text_is_refused_without_repeating_it_raw() {
        refused(b"\xff", "UTF-8");
        refused(b"env = ''", "empty");
        refused(b"other = 1", "env");
        refused(b"env = \x1b[31m", "not a marker");
        refused(b"", "env");
    }

    #[test]
    fn a_name_is_beside_the_marker_or_among_the_envs() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join(NAME), "env = 'one'").unwrap();
        let marker = Marker::read(root.path()).unwrap().unwrap();
        assert_eq!(marker.env(Path::new("/envs")), Path::new("/envs/one"));
        fs::create_dir(root.path().join("one")).unwrap();
        fs::write(root.path().join("one/mlenv.toml"), "").unwrap();
        assert_eq!(marker.env(Path::new("/envs")), marker.dir().join("one"));
    }

    #[test]
    fn what_is_no_small_regular_file_is_refused_at_once() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join(NAME);
        assert!(Marker::read(root.path()).unwrap().is_none());
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(Marker::read(root.path()).is_err());
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", &path).unwrap();
        assert!(Marker::read(root.path()).unwrap_err().to_string().contains("is a link"));
        fs::remove_file(&path).unwrap();
        fs::write(&path, vec![b'#'; 5000]).unwrap();
        assert!(Marker::read(root.path()).unwrap_err().to_string().contains("larger"));
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(Marker::read(root.path()).is_err());
    }
}
