//! Bytes that people and files see: names shown safely, and paths kept exactly in TOML and JSON.
//!
//! A Linux path is any bytes but NUL. Shown on a terminal it must not steer it; stored as text it must
//! come back byte for byte.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::fmt::{self, Write as _};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Displays a path or name for people: control and direction characters and stray bytes appear as escapes.
pub(crate) struct Shown<'a>(pub(crate) &'a Path);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.as_os_str().as_bytes().utf8_chunks() {
            for character in chunk.valid().chars() {
                if steers_terminal(character) {
                    write!(f, "{}", character.escape_unicode())?;
                } else {
                    f.write_char(character)?;
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// The same for text that came from outside.
pub(crate) fn shown(text: &str) -> String {
    Shown(Path::new(text)).to_string()
}

/// True for what a terminal obeys instead of showing: C0, C1, and the invisible direction marks.
fn steers_terminal(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A path as data: a string where it is UTF-8, else `{ percent = "..." }` with each odd byte as `%XX`.
///
/// Both forms appear in `mlenv.toml` and in `--json` output.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PathText(pub(crate) PathBuf);

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Form<'a> {
    Plain(Cow<'a, str>),
    Encoded { percent: String },
}

impl Serialize for PathText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let form = match self.0.to_str() {
            Some(text) => Form::Plain(Cow::Borrowed(text)),
            None => Form::Encoded { percent: percent_encode(self.0.as_os_str()) },
        };
        form.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PathText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match Form::deserialize(deserializer)? {
            Form::Plain(text) => PathBuf::from(text.into_owned()),
            Form::Encoded { percent } => PathBuf::from(percent_decode(&percent)),
        }))
    }
}

/// Writes every byte that is not printable ASCII, and `%` itself, as `%XX`.
fn percent_encode(text: &OsStr) -> String {
    let mut out = String::new();
    for &byte in text.as_bytes() {
        if (byte.is_ascii_graphic() || byte == b' ') && byte != b'%' {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// The inverse; a `%` without two hex digits stands for itself.
pub(crate) fn percent_decode(text: &str) -> OsString {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let pair = text.get(at + 1..at + 3).filter(|_| byte == b'%');
        let decoded = pair.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        out.push(decoded.unwrap_or(byte));
        at += if decoded.is_some() { 3 } else { 1 };
    }
    OsString::from_vec(out)
}

/// Bytes as lower-case hexadecimal text.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shown_text_cannot_steer_a_terminal() {
        let hostile = Path::new(OsStr::from_bytes(b"a\x1b[31m\nb\xff \xe2\x80\xae"));
        assert_eq!(Shown(hostile).to_string(), r"a\u{1b}[31m\u{a}b\xff \u{202e}");
    }

    proptest! {
        #[test]
        fn any_path_survives_toml_and_json(bytes in proptest::collection::vec(1_u8.., 1..40)) {
            #[derive(Serialize, Deserialize)]
            struct Doc { path: PathText }
            let path = PathBuf::from(OsString::from_vec(bytes));
            let doc = Doc { path: PathText(path.clone()) };
            let toml: Doc = toml::from_str(&toml::to_string(&doc).unwrap()).unwrap();
            let json: Doc = serde_json::from_str(&serde_json::to_string(&doc).unwrap()).unwrap();
            prop_assert_eq!(toml.path.0, path.clone());
            prop_assert_eq!(json.path.0, path);
        }
    }
}
