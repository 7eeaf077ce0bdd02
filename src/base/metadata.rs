//! What a distribution says of itself, in the form that Python's packagers agree on: a name, a version, what it needs.

use std::path::Path;

use crate::foreign;

/// Most metadata has its fields in this many bytes; what follows is a description.
const HEAD: u64 = 16 * 1024;

/// The fields that matter to an installer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Metadata {
    /// As it is written.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: String,
    /// What it needs, a requirement each, with conditions.
    pub(crate) requires: Vec<String>,
    /// The extras that it offers.
    pub(crate) extras: Vec<String>,
}

impl Metadata {
    /// That of the `dist-info` or `egg-info` at `info`; `None` where it names nothing.
    pub(crate) fn read(info: &Path) -> Option<Self> {
        let files = [info.join("METADATA"), info.join("PKG-INFO"), info.to_owned()];
        let mut found = Self::parse(&files.iter().find_map(|file| fields(file))?)?;
        let old = foreign::read_text(info.join("requires.txt"), foreign::FileKind::PackageData);
        found.requires.extend(old.iter().flat_map(|text| of_setuptools(text)));
        Some(found)
    }

    fn parse(text: &str) -> Option<Self> {
        let lines = || text.lines().take_while(|line| !line.is_empty());
        let all = |name: &'static str| {
            lines().filter_map(move |line| line.strip_prefix(name)).map(|it| it.trim().to_owned())
        };
        Some(Self {
            name: all("Name:").next()?,
            version: all("Version:").next()?,
            requires: all("Requires-Dist:").collect(),
            extras: all("Provides-Extra:").collect(),
        })
    }
}

/// The text as far as the fields go.
fn fields(file: &Path) -> Option<String> {
    let mut bytes = foreign::head(file, HEAD).ok()?;
    let ends = |bytes: &[u8]| bytes.windows(2).any(|two| two == b"\n\n");
    if bytes.len() as u64 == HEAD && !ends(&bytes) {
        bytes = foreign::read(file, foreign::FileKind::PackageData).ok()?;
    }
    Some(String::from_utf8_lossy(&bytes).replace('\r', ""))
}

/// The lines of `requires.txt` in front of its sections, and those of sections that are conditions alone: `[:python_version < "3"]`.
fn of_setuptools(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut section = Some("");
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            Some(name) => section = name.strip_prefix(':'),
            None => found.extend(section.map(|condition| {
                if condition.is_empty() { line.to_owned() } else { format!("{line}; {condition}") }
            })),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_format_has_conditions_and_extras_as_sections() {
        let text = "six\n\n[:python_version < \"3\"]\nenum34\n\n[dev]\npytest\n";
        assert_eq!(of_setuptools(text), ["six", "enum34; python_version < \"3\""]);
    }

    #[test]
    fn fields_end_where_the_description_begins() {
        let text = "Metadata-Version: 2.1\nName: a\nVersion: 1\nRequires-Dist: b>1; extra == 'x'\n\
                    Provides-Extra: x\n\nRequires-Dist: no\n";
        let found = Metadata::parse(text).unwrap();
        assert_eq!((found.name.as_str(), found.version.as_str()), ("a", "1"));
        assert_eq!(
            (found.requires, found.extras),
            (vec!["b>1; extra == 'x'".into()], vec!["x".into()])
        );
        assert_eq!(Metadata::parse("Name: a\n"), None);
    }
}
