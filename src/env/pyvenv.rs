//! `pyvenv.cfg`: what makes CPython 3.8 to 3.14 take a directory for an environment on a base. Pure text.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::content::BASE_LINK;
use crate::base::{Base, fits_pyvenv};
use crate::foreign::claim;

/// The file's name.
pub(crate) const FILE: &str = "pyvenv.cfg";

/// The text for an env at `env`.
///
/// `home` and the link `baseEnv_dir` always change together: from 3.11 on Python believes `home`, before that the
/// link, and where they disagree it silently runs on another standard library.
pub(crate) fn text(base: &Base, env: &Path) -> Vec<u8> {
    text_with(home(&base.prefix, env), &base.python.version)
}

/// Whose standard library an env's Python runs on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Library {
    /// The base's.
    OfBase,
    /// The env's own, of this version: a conda client put a whole Python there.
    Own(String),
}

fn text_with(home: Option<PathBuf>, version: &str) -> Vec<u8> {
    let mut text = Vec::new();
    if let Some(home) = home {
        text.extend_from_slice(b"home = ");
        text.extend_from_slice(home.as_os_str().as_bytes());
        text.push(b'\n');
    }
    text.extend_from_slice(b"include-system-site-packages = true\n");
    text.extend_from_slice(format!("version = {version}\n").as_bytes());
    text
}

/// The directory of the base's interpreter. Where its path holds a `:` it goes through the env's own link, so
/// that no list of paths that Python code joins is split; where neither can be written as a line of UTF-8 (which
/// `site.py` insists on) there is none, and Python finds the base by the link alone.
fn home(base: &Path, env: &Path) -> Option<PathBuf> {
    let candidates = [base.to_owned(), env.join(BASE_LINK)];
    candidates.into_iter().find(|prefix| fits_pyvenv(prefix)).map(|prefix| prefix.join("bin"))
}

/// `text` brought up to date for an env at `env`: the lines that depend on the base are replaced, those that the
/// user or another tool wrote stay.
pub(crate) fn renewed(text: &[u8], base: &Base, env: &Path, library: &Library) -> Vec<u8> {
    let fresh = match library {
        Library::OfBase => self::text(base, env),
        // By another name than the env's own: where base and env have one name, pip sees no environment, and would
        // remove the base's packages from the base.
        Library::Own(version) => {
            text_with(Some(env.join("./bin")).filter(|_| fits_pyvenv(env)), version)
        }
    };
    let mut out = Vec::new();
    for line in fresh.split_inclusive(|&byte| byte == b'\n') {
        // Whether packages of the base are seen is the user's to change.
        let kept = is(line, b"include-system-site-packages");
        let old = lines(text).find(|old| kept && is(old, key(line)));
        out.extend_from_slice(old.unwrap_or(line).trim_ascii_end());
        out.push(b'\n');
    }
    let of_ours = |line: &[u8]| {
        [&b"home"[..], b"version"].iter().any(|name| is(line, name))
            || lines(&fresh).any(|ours| is(line, key(ours)))
    };
    for line in lines(text).filter(|line| !line.trim_ascii().is_empty() && !of_ours(line)) {
        out.extend_from_slice(line.trim_ascii_end());
        out.push(b'\n');
    }
    out
}

/// False where the user wants none of the base's packages to be seen.
pub(crate) fn shows_base(text: &[u8]) -> bool {
    let line = lines(text).find(|line| is(line, b"include-system-site-packages"));
    line.is_none_or(|line| !line.to_ascii_lowercase().trim_ascii_end().ends_with(b"false"))
}

/// The directory that a `pyvenv.cfg` names as `home`.
pub(crate) fn home_of(text: &[u8]) -> Option<PathBuf> {
    value(text, b"home").map(|home| PathBuf::from(OsStr::from_bytes(home)))
}

/// Whose library the `pyvenv.cfg` of the env at `env` names.
pub(crate) fn library_of(text: &[u8], env: &Path) -> Library {
    match (home_of(text), value(text, b"version")) {
        (Some(home), Some(version)) if home == env.join("bin") => {
            let version = String::from_utf8_lossy(version).into_owned();
            if claim::is_version(&version) { Library::Own(version) } else { Library::OfBase }
        }
        _ => Library::OfBase,
    }
}

/// What stands behind a key.
pub(crate) fn value<'a>(text: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let line = lines(text).find(|line| is(line, name))?;
    let at = line.iter().position(|&byte| byte == b'=')?;
    Some(line[at + 1..].trim_ascii())
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&byte| byte == b'\n')
}

/// True for a line of that key; Python reads keys in any case.
fn is(line: &[u8], name: &[u8]) -> bool {
    key(line).eq_ignore_ascii_case(name)
}

fn key(line: &[u8]) -> &[u8] {
    let end = line.iter().position(|&byte| byte == b'=').unwrap_or(line.len());
    line[..end].trim_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn home_is_the_base_unless_its_path_would_split_or_is_no_text() {
        let odd = Path::new(OsStr::from_bytes(b"/\xff"));
        assert_eq!(home(Path::new("/b"), Path::new("/e")), Some("/b/bin".into()));
        assert_eq!(
            home(Path::new("/ml-base:alma9"), Path::new("/e")),
            Some("/e/baseEnv_dir/bin".into())
        );
        assert_eq!(home(odd, Path::new("/e")), Some("/e/baseEnv_dir/bin".into()));
        assert_eq!(home(odd, odd), None);
    }

    #[test]
    fn lines_of_the_user_survive_a_renewal() {
        let base = crate::base::tests::at(Path::new("/b"));
        let old = b"home = /gone/bin\ninclude-system-site-packages = false\nversion = 3.11.7\nprompt = mine\n";
        let new = renewed(old, &base, Path::new("/e"), &Library::OfBase);
        let text = "home = /b/bin\ninclude-system-site-packages = false\nversion = 3.12.1\nprompt = mine\n";
        assert_eq!(String::from_utf8(new.clone()).unwrap(), text);
        assert_eq!(renewed(&new, &base, Path::new("/e"), &Library::OfBase), new);
        assert_eq!(
            renewed(b"", &base, Path::new("/e"), &Library::OfBase),
            super::text(&base, Path::new("/e"))
        );
        assert_eq!(home_of(old), Some("/gone/bin".into()));
    }
}
