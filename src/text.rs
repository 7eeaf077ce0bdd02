//! Bytes that people and files see: names shown safely, and paths kept exactly in TOML and JSON.
//!
//! A Linux path is any bytes but NUL. Shown on a terminal it must not steer it; stored as text it must
//! come back byte for byte.

pub(crate) mod table;

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::fmt::{self, Write as _};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, CONTROLS};
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

/// As `Shown`, for text that came from outside.
pub(crate) fn shown(text: &str) -> String {
    Shown(Path::new(text)).to_string()
}

/// One word of a command that the user may type as it stands: quoted for a shell where that is needed.
pub(crate) fn typed(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./_-".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    if word.chars().any(steers_terminal) {
        return escaped(word.as_bytes());
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// One word of a command that names `path`.
pub(crate) fn typed_path(path: &Path) -> String {
    path.to_str().map_or_else(|| escaped(path.as_os_str().as_bytes()), typed)
}

/// A word with bytes that cannot be shown, as bash and zsh read it back.
fn escaped(bytes: &[u8]) -> String {
    let text = bytes.iter().fold(String::new(), |mut text, &byte| {
        match byte {
            b'\'' | b'\\' => text.extend(['\\', char::from(byte)]),
            b' '..=b'~' => text.push(char::from(byte)),
            _ => {
                let _ = write!(text, "\\x{byte:02x}");
            }
        }
        text
    });
    format!("$'{text}'")
}

/// Whole messages, of several lines perhaps, with whatever got into them from outside: the last filter in front of a
/// terminal. What was shown safely before stays as it is.
pub(crate) fn tamed(text: &str) -> Cow<'_, str> {
    let is_fine = |character: char| character == '\n' || !steers_terminal(character);
    if text.chars().all(is_fine) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.replace("\r\n", "\n").chars() {
        if is_fine(character) {
            out.push(character);
        } else {
            out.extend(character.escape_unicode());
        }
    }
    Cow::Owned(out)
}

/// JSON with what would steer a terminal escaped: the same data, and one filter for programs' output too.
pub(crate) fn tamed_json(json: &str) -> Cow<'_, str> {
    let is_fine = |character: char| character == '\n' || !steers_terminal(character);
    if json.chars().all(is_fine) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 16);
    for character in json.chars() {
        if is_fine(character) {
            out.push(character);
        } else {
            let mut room = [0; 2];
            for unit in character.encode_utf16(&mut room) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    Cow::Owned(out)
}

/// True for what a terminal obeys instead of showing, C0 and C1, and for what it does not show at all: marks of
/// direction, joiners, fillers, tags, selectors of variants. A name that holds one is not the name that it looks like.
fn steers_terminal(character: char) -> bool {
    character.is_control()
        || INVISIBLE.iter().any(|(first, last)| (*first..=*last).contains(&character))
}

/// Unicode's default-ignorable code points, separators of lines, and fillers that look like nothing.
const INVISIBLE: [(char, char); 17] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{2028}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

/// `3.4 MB`: millions of bytes, never less than there are.
pub(crate) fn megabytes(bytes: u64) -> String {
    let tenths = bytes.div_ceil(100_000);
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

/// A path as data: a string where it is UTF-8, else `{ percent = "..." }` with each odd byte as `%XX`.
///
/// Both forms appear in `mlenv.toml` and in `--json` output.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PathText(pub(crate) PathBuf);

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum PathForm<'a> {
    Plain(Cow<'a, str>),
    Encoded { percent: String },
}

impl Serialize for PathText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let form = match self.0.to_str() {
            Some(text) => PathForm::Plain(Cow::Borrowed(text)),
            None => PathForm::Encoded { percent: percent_encode(self.0.as_os_str()) },
        };
        form.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PathText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match PathForm::deserialize(deserializer)? {
            PathForm::Plain(text) => PathBuf::from(text.into_owned()),
            PathForm::Encoded { percent } => PathBuf::from(percent_decode(&percent)),
        }))
    }
}

/// Written as `%XX` in data: whatever is not printable ASCII, and `%` itself.
const ODD: &AsciiSet = &CONTROLS.add(b'%');

fn percent_encode(text: &OsStr) -> String {
    percent_encoding::percent_encode(text.as_bytes(), ODD).to_string()
}

/// The inverse; a `%` without two hex digits stands for itself.
pub(crate) fn percent_decode(text: &str) -> OsString {
    OsString::from_vec(percent_encoding::percent_decode_str(text).collect())
}

/// Bytes as lower-case hexadecimal text.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// `1 link`, `7 links`.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// `2.4 GB`: decimal, as registries' own pages count.
#[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
pub(crate) fn size(count: u64) -> String {
    let units = [("GB", 1e9), ("MB", 1e6), ("KB", 1e3)];
    match units.into_iter().find(|(_, unit)| count as f64 >= *unit) {
        Some((name, unit)) => format!("{:.1} {name}", count as f64 / unit),
        None => format!("{count} bytes"),
    }
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

    #[test]
    fn sizes_are_told_in_the_unit_that_fits() {
        let told = [0, 999, 1000, 2_345_678, 5_120_000_000].map(size);
        assert_eq!(told, ["0 bytes", "999 bytes", "1.0 KB", "2.3 MB", "5.1 GB"]);
    }

    #[test]
    fn a_percent_sign_without_two_digits_stands_for_itself() {
        for (text, bytes) in [("%2F%ff", &b"/\xff"[..]), ("%+1%", b"%+1%"), ("%4", b"%4")] {
            assert_eq!(percent_decode(text).as_bytes(), bytes);
        }
    }

    #[test]
    fn words_of_a_command_can_be_typed_as_they_stand() {
        for (word, text) in [
            ("a-b_1/c.d", "a-b_1/c.d"),
            ("x>=1", "'x>=1'"),
            ("it's $x", r"'it'\''s $x'"),
            ("", "''"),
            ("a\n\u{202e}'", r"$'a\x0a\xe2\x80\xae\''"),
        ] {
            assert_eq!(typed(word), text);
        }
        assert_eq!(typed_path(Path::new(OsStr::from_bytes(b"no\xfftext"))), r"$'no\xfftext'");
    }

    #[test]
    fn what_cannot_be_seen_is_seen_and_plain_text_is_left_alone() {
        let unseen = "\u{61c}\u{feff}\u{ad}\u{2060}\u{2064}\u{180e}\u{34f}\u{115f}\u{1160}\u{17b4}\u{3164}\u{ffa0}\u{fe0e}\u{e0001}\u{e007f}\u{e0100}\u{9b}\u{7f}\u{7}\t\r";
        for character in unseen.chars() {
            let text = character.to_string();
            let escaped = character.escape_unicode().to_string();
            assert_eq!((shown(&text), tamed(&text).into_owned()), (escaped.clone(), escaped));
        }
        let plain = "one\ntwo: é ü 日本 ✓ 🙂";
        assert!(matches!(tamed(plain), Cow::Borrowed(text) if text == plain));
        assert_eq!(tamed("a\r\nb"), "a\nb");
        let json = serde_json::to_string(&format!("{unseen}{plain}")).unwrap();
        let tame = tamed_json(&json);
        assert!(!tame.chars().any(steers_terminal), "{tame}");
        assert_eq!(serde_json::from_str::<String>(&tame).unwrap(), format!("{unseen}{plain}"));
        assert_eq!(shown("a\nb"), r"a\u{a}b");
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
