//! What may be handed to a package manager in the place of a package: names, specs, places and channels, and never what
//! it would take for an option. They come from files of others: exports, records of envs, metadata of packages. Pure.

use super::name_of;
use crate::error::{Error, Result};
use crate::text::shown;

/// A word for pip or uv: `uproot[http]>=5; python_version > '3'` (PEP 508), a path, or an address.
pub(crate) fn requirement(word: &str) -> Result<()> {
    let is_fit = match name_of(word) {
        Some(name) => begins_with(&word.trim_start()[name.len()..], "[(<>=!~@;,"),
        None => is_place(word),
    };
    if is_fit && is_clean(word) { Ok(()) } else { Err(no_package(word)) }
}

/// A word for a conda client: `numpy`, `numpy>=2`, `conda-forge::numpy=2.0=py311_0`, `numpy[build=0]`.
pub(crate) fn match_spec(word: &str) -> Result<()> {
    let (from, spec) =
        word.rsplit_once("::").map_or((None, word), |(from, spec)| (Some(from), spec));
    let end = spec.bytes().position(|byte| !is_of_name(byte)).unwrap_or(spec.len());
    let is_fit = spec.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && begins_with(&spec[end..], "=<>!~[*0123456789")
        && is_clean(word);
    if is_fit { from.map_or(Ok(()), channel) } else { Err(no_package(word)) }
}

/// A channel: a name or an address.
pub(crate) fn channel(word: &str) -> Result<()> {
    // A directory may have any name.
    let is_dir = word.starts_with(['/', '.']) || word.starts_with("file://");
    let fits = is_dir || !word.contains(' ');
    if !word.is_empty() && !word.starts_with('-') && is_clean(word) && fits {
        return Ok(());
    }
    Err(Error::new(format!("\"{}\" is not a channel", shown(word)))
        .hint("a channel is a name such as `conda-forge`, or an address"))
}

/// What was asked for of pip, as a record or an export has it: a requirement, or `-e` and a place.
pub(crate) fn request(words: &str) -> Result<()> {
    match words.strip_prefix("-e ") {
        Some(place) if is_place(place) && is_clean(place) => Ok(()),
        Some(_) => Err(no_package(words)),
        None => requirement(words),
    }
}

/// A name and an exact version, of which words for any of the tools are made.
pub(crate) fn exact(name: &str, version: &str) -> Result<()> {
    let is_name = name.bytes().all(is_of_name)
        && name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    let is_version = version.bytes().all(|byte| byte.is_ascii_graphic())
        && version.starts_with(|c: char| c.is_ascii_alphanumeric());
    if is_name && is_version { Ok(()) } else { Err(no_package(&format!("{name} {version}"))) }
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)
}

/// True for nothing, and for what begins with one of these characters, behind spaces or not.
fn begins_with(rest: &str, characters: &str) -> bool {
    rest.trim_start().chars().next().is_none_or(|first| characters.contains(first))
}

/// A path or an address, by its beginning.
fn is_place(word: &str) -> bool {
    word.starts_with(|c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || "./~_".contains(c))
}

/// Without line breaks and their like, which tools and the files that they keep would read as several words.
fn is_clean(word: &str) -> bool {
    !word.chars().any(char::is_control)
}

fn no_package(word: &str) -> Error {
    Error::new(format!("\"{}\" is not a package", shown(word)))
        .hint("nothing was installed; further arguments for pip go after `--`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_no_packages_and_packages_are() {
        for word in
            ["--target=/x", "-t", "--prefix", "six --target=/x", "six\n--target=/x", "", " -e x"]
        {
            assert!(requirement(word).is_err() && match_spec(word).is_err(), "{word}");
            assert!(
                request(word).is_err() && exact(word, "1").is_err() && exact("x", word).is_err()
            );
        }
        for word in [
            "six",
            "six==1.0",
            "uproot[http] >=5,<6; python_version > '3'",
            "demo @ https://x/y.whl",
            "git+https://x/y@main",
            "./here",
            "/a b/ü.whl",
            "über/wheel.whl",
        ] {
            requirement(word).unwrap();
            request(word).unwrap();
        }
        for word in [
            "numpy",
            "_libgcc_mutex",
            "numpy 1.26*",
            "numpy=2.0=py_0",
            "c/label/x::numpy[build=0]",
            "numpy>=1|<2",
        ] {
            match_spec(word).unwrap();
        }
        for word in [
            "--override-channels::numpy",
            "numpy --root-prefix=/x",
            "/x.conda",
            "https://x/y.conda",
        ] {
            assert!(match_spec(word).is_err(), "{word}");
        }
        request("-e /a b").unwrap();
        request("-e git+https://x/y").unwrap();
        assert!(request("-e --target=/x").is_err());
        exact("numpy", "2!1.0+local-1").unwrap();
        for word in ["conda-forge", "https://x/y", "file:///c", "/a b/c", "./a b"] {
            channel(word).unwrap();
        }
        for word in ["", "-c", "--prefix=/x", "a b"] {
            assert!(channel(word).is_err(), "{word}");
        }
    }
}
