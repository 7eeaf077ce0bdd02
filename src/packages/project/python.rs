//! Which Pythons a project can do with: `requires-python` (PEP 440), and conda's `python=3.11`. Pure.

use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifiers};

/// The versions that are allowed: of the ranges one has to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PythonWish {
    /// As it is written.
    pub(crate) text: String,
    ranges: Vec<VersionSpecifiers>,
}

impl PythonWish {
    /// Reads `>=3.9,<3.13`; `None` where it is not understood.
    pub(crate) fn of_project(text: &str) -> Option<Self> {
        let range = VersionSpecifiers::from_str(text).ok()?;
        Some(Self { text: text.to_owned(), ranges: vec![range] })
    }

    /// Reads what stands behind `python` in a conda spec: `=3.11`, `3.11.*`, ` >=3.9,<3.12`, `=3.11.7=build`, `3.10|3.11`.
    pub(crate) fn of_conda(spec: &str) -> Option<Self> {
        let versions = versions(spec)?;
        let ranges = versions.split('|').map(|range| {
            let parts: Option<Vec<String>> =
                range.split(',').map(|part| one(part.trim())).collect();
            VersionSpecifiers::from_str(&parts?.join(",")).ok()
        });
        let text = spec.trim().trim_start_matches('=').to_owned();
        Some(Self { text, ranges: ranges.collect::<Option<_>>()? })
    }

    /// True where a Python of this version will do.
    pub(crate) fn admits(&self, version: &str) -> bool {
        let Ok(version) = Version::from_str(version) else { return true };
        self.ranges.iter().any(|range| range.contains(&version))
    }
}

/// The versions of a spec without its build, and without blanks.
fn versions(spec: &str) -> Option<String> {
    if spec.contains('[') {
        return None;
    }
    let mut joined = String::new();
    for word in spec.split_whitespace() {
        let is_open = joined.is_empty() || joined.ends_with(|c: char| "<>=!~,|".contains(c));
        if !is_open && !word.starts_with(['<', '>', '!', '~', ',', '|']) {
            break; // a build
        }
        joined.push_str(word);
    }
    let is_of_version = |c: char| c.is_ascii_alphanumeric() || "*.".contains(c);
    let begins_build = |at: &usize| joined[..*at].ends_with(is_of_version);
    let end = joined.match_indices('=').map(|(at, _)| at).find(begins_build);
    let end = end.unwrap_or(joined.len());
    Some(joined[..end].to_owned())
}

/// One of conda's conditions in the words of PEP 440.
fn one(part: &str) -> Option<String> {
    let at = part.find(|c: char| !"<>=!~".contains(c)).unwrap_or(part.len());
    let (sign, version) = part.split_at(at);
    let bare = version.trim_end_matches('*').trim_end_matches('.');
    Some(match sign {
        "" | "=" if bare.is_empty() => String::new(),
        "" | "=" => format!("=={bare}.*"),
        "==" | "!=" => format!("{sign}{version}"),
        "<" | "<=" | ">" | ">=" | "~=" => format!("{sign}{bare}"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn condas_words_for_a_python_are_understood() {
        for (spec, good, bad) in [
            ("", "3.8.1", ""),
            ("=3.11", "3.11.7", "3.12.0"),
            ("3.11", "3.11.7", "3.10.1"),
            (" 3.11.*", "3.11.7", "3.1.1"),
            ("==3.11.7", "3.11.7", "3.11.8"),
            (" >=3.9,<3.12", "3.11.7", "3.12.1"),
            (" >= 3.9", "3.9.0", "3.8.9"),
            ("=3.11.7=h955ad1f_0_cpython", "3.11.7", "3.11.8"),
            (" 3.10.* *_cpython", "3.10.1", "3.11.1"),
            ("=3.10|=3.11", "3.11.2", "3.12.2"),
            ("=3", "3.14.0", "2.7.18"),
        ] {
            let wish = PythonWish::of_conda(spec).unwrap();
            assert!(wish.admits(good), "{spec}");
            assert!(bad.is_empty() || !wish.admits(bad), "{spec}");
        }
        for spec in ["[version='>=3']", "=abc!", ">=x"] {
            assert_eq!(PythonWish::of_conda(spec), None, "{spec}");
        }
        assert!(PythonWish::of_project(">=3.9,<3.13").unwrap().admits("3.12.1"));
        assert_eq!(PythonWish::of_project("three"), None);
    }
}
