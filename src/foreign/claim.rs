//! What a field of a record has to be. Records travel: an env's in a parcel or a copy, a container's in a directory that was
//! cloned. What they say goes into paths that are written, into the words of other programs and onto the terminal, so each
//! field is checked where it is read (serde's `deserialize_with`), whatever the record lies in.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path};

use serde::{Deserialize, Deserializer, de};

use crate::text::{PathText, Shown, shown};

/// Of a value that is refused so much is shown.
const SHOWN: usize = 80;

/// `python3.11`, or `python3.13t` where threads are free.
pub(crate) fn is_python_lib(text: &str) -> bool {
    let Some((major, minor)) =
        text.strip_prefix("python").and_then(|version| version.split_once('.'))
    else {
        return false;
    };
    is_number(major) && is_number(minor.strip_suffix('t').unwrap_or(minor))
}

/// `3.11.7`, `3.14.0rc1`.
pub(crate) fn is_version(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".+_-".contains(&byte);
    text.starts_with(|first: char| first.is_ascii_digit()) && text.bytes().all(fits)
}

/// A name as engines take it for a container: never an option, a path or a part of another word.
pub(crate) fn is_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    text.starts_with(|first: char| first.is_ascii_alphanumeric()) && text.bytes().all(fits)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_word(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// `sha256:0123`.
pub(crate) fn is_digest(text: &str) -> bool {
    text.split(':').all(is_name)
}

fn is_absolute(path: &Path) -> bool {
    path.is_absolute() && path.components().all(|part| part != Component::ParentDir)
}

/// `bin/x`: down, and nowhere else.
pub(crate) fn is_inside(path: &Path) -> bool {
    let mut parts = path.components().peekable();
    parts.peek().is_some() && parts.all(|part| matches!(part, Component::Normal(_)))
}

/// A path, or a word that no program takes for an option.
fn is_image(image: &OsStr) -> bool {
    let bytes = image.as_bytes();
    let is_plain = !bytes.iter().any(u8::is_ascii_control);
    Path::new(image).is_absolute() || (is_plain && !bytes.is_empty() && !bytes.starts_with(b"-"))
}

/// The name of a Python's library directory.
pub(crate) fn python_lib<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    text(from, is_python_lib, "the name of a Python's library, as python3.11")
}

/// A version of Python.
pub(crate) fn version<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    text(from, is_version, "a version, as 3.11.7")
}

/// What mlenv makes of digits: a hash, an id.
pub(crate) fn word<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    text(from, is_word, "a word of letters and digits")
}

/// An id of a directory's container.
pub(crate) fn some_word<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    word(from).map(Some)
}

/// A name or an id of a container.
pub(crate) fn some_name<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    text(from, is_name, "a container's name or id").map(Some)
}

/// A digest of an image.
pub(crate) fn some_digest<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    text(from, is_digest, "a digest, as sha256:0123").map(Some)
}

/// Where something is: from the root, and without a way back in it.
pub(crate) fn absolute<'de, D: Deserializer<'de>>(from: D) -> Result<PathText, D::Error> {
    path(from, is_absolute, "an absolute path without `..`")
}

/// The same where it may be missing.
pub(crate) fn some_absolute<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<PathText>, D::Error> {
    absolute(from).map(Some)
}

/// A home directory, which a variable named: it may hold `..`.
pub(crate) fn some_home<'de, D: Deserializer<'de>>(from: D) -> Result<Option<PathText>, D::Error> {
    path(from, Path::is_absolute, "an absolute path").map(Some)
}

/// What lies below the record's own directory.
pub(crate) fn inside<'de, D: Deserializer<'de>>(from: D) -> Result<PathText, D::Error> {
    path(from, is_inside, "a path inside the directory")
}

/// The same where it may be missing.
pub(crate) fn some_inside<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<PathText>, D::Error> {
    inside(from).map(Some)
}

/// An image: a reference, or a path.
pub(crate) fn image<'de, D: Deserializer<'de>>(from: D) -> Result<PathText, D::Error> {
    path(from, |path| is_image(path.as_os_str()), "an image's reference or path")
}

/// The same where it may be missing.
pub(crate) fn some_image<'de, D: Deserializer<'de>>(from: D) -> Result<Option<PathText>, D::Error> {
    image(from).map(Some)
}

fn text<'de, D: Deserializer<'de>>(
    from: D,
    fits: fn(&str) -> bool,
    what: &'static str,
) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    if fits(&text) { Ok(text) } else { Err(refused(&shown(&text), what)) }
}

fn path<'de, D: Deserializer<'de>>(
    from: D,
    fits: fn(&Path) -> bool,
    what: &'static str,
) -> Result<PathText, D::Error> {
    let path = PathText::deserialize(from)?;
    if fits(&path.0) { Ok(path) } else { Err(refused(&Shown(&path.0).to_string(), what)) }
}

fn refused<E: de::Error>(value: &str, what: &str) -> E {
    let rest = if value.chars().nth(SHOWN).is_some() { "..." } else { "" };
    let start: String = value.chars().take(SHOWN).collect();
    E::custom(format_args!("\"{start}{rest}\" is not {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: [&str; 9] =
        ["", "..", "../x", "/etc", "-x", "--privileged", "a\nb", "\u{1b}[31m", "a b"];

    #[test]
    fn what_is_a_name_is_one_and_nothing_else() {
        for name in ["python3.8", "python3.11", "python3.13t"] {
            assert!(is_python_lib(name), "{name}");
        }
        for name in
            ["python3", "python3.11/../..", "python3.11tt", "python3.", "pypy3.10", "python3.1 1"]
        {
            assert!(!is_python_lib(name), "{name}");
        }
        for version in ["3.11.7", "3.14.0rc1", "3.13.0a1+dev"] {
            assert!(is_version(version), "{version}");
        }
        assert!(is_name("2e75") && is_name("u_ml-base_alma9.1") && is_digest("sha256:0a"));
        for text in HOSTILE {
            assert!(!is_python_lib(text) && !is_version(text) && !is_name(text), "{text:?}");
            assert!(!is_digest(text) && (text.is_empty() || !is_word(text)), "{text:?}");
        }
    }

    #[test]
    fn what_is_a_path_is_one_and_what_is_an_image_is_no_option() {
        assert!(is_absolute(Path::new("/a/b: c")) && is_inside(Path::new("singularity/ml_1")));
        for path in ["", "a", "../a", "/a/../b", "-a"] {
            assert!(!is_absolute(Path::new(path)), "{path:?}");
        }
        for path in ["", "/a", "..", "a/../..", "."] {
            assert!(!is_inside(Path::new(path)), "{path:?}");
        }
        for image in ["docker.io/u/ml:1", "/images/odd\nname", "box.sif", "oras://r/x:1"] {
            assert!(is_image(OsStr::new(image)), "{image:?}");
        }
        for image in ["", "-v/:/host", "--privileged", "a\nb", "\u{1b}[31m"] {
            assert!(!is_image(OsStr::new(image)), "{image:?}");
        }
    }
}
