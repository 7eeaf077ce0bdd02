//! One package as a channel offers it, or as an env has it. What is needed to choose it and to put it in place is at hand;
//! the whole record is carried along as it stands, so that nothing of it is lost.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::base::contents::origin_of;

/// The record's own fields.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Facts {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) build: String,
    #[serde(default)]
    pub(crate) build_number: u64,
    #[serde(default)]
    pub(crate) depends: Vec<String>,
    #[serde(default)]
    pub(crate) sha256: Option<String>,
    #[serde(default)]
    pub(crate) size: Option<u64>,
    #[serde(default)]
    pub(crate) python_site_packages_path: Option<String>,
    #[serde(default)]
    noarch: Option<Value>,
    /// What its extras need (CEP 44), by their names.
    #[serde(default)]
    extra_depends: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    timestamp: Option<f64>,
    #[serde(default)]
    indexed_timestamp: Option<f64>,
}

/// What only the record of a package that was put somewhere has.
#[derive(Deserialize)]
struct Listed {
    #[serde(default)]
    files: Vec<PathBuf>,
}

impl Facts {
    /// Those of a record that is a value; none where it is no record.
    pub(crate) fn deserialize_value(record: &Value) -> Option<Self> {
        Self::deserialize(record).ok()
    }

    /// True for a package whose Python files are for any Python.
    pub(crate) fn is_for_any_python(&self) -> bool {
        self.noarch.as_ref().and_then(Value::as_str) == Some("python")
    }

    /// When it came to its channel (CEP 47), else when it was built, in milliseconds since 1970; old records have seconds.
    pub(crate) fn published(&self) -> Option<i64> {
        /// The end of the year 9999 in seconds: what is larger are milliseconds, as conda has it.
        const SECONDS: f64 = 253_402_300_799.0;
        let told = self.indexed_timestamp.or(self.timestamp)?;
        let millis = if told > SECONDS { told } else { told * 1000.0 };
        #[expect(clippy::cast_possible_truncation, reason = "a float saturates")]
        Some(millis as i64)
    }

    /// The names of what it needs, or may need with one of its extras.
    pub(crate) fn needs(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let all = self.depends.iter().chain(self.extra_depends.values().flatten());
        all.map(|depends| subject(depends))
    }
}

/// The name that a spec of conda's is about, as names are compared: in lower case.
pub(crate) fn subject(spec: &str) -> Cow<'_, str> {
    let spec = spec.rsplit_once("::").map_or(spec, |(_, spec)| spec).trim_start();
    let end = spec.find(|c: char| c.is_whitespace() || "=<>!~[|".contains(c));
    let name = &spec[..end.unwrap_or(spec.len())];
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

/// True for the name of an archive in the newer form; names of packages are compared as they stand.
pub(crate) fn is_conda(file: &str) -> bool {
    Path::new(file).extension().is_some_and(|end| end == "conda")
}

/// A package of a channel, or of an env.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    pub(crate) facts: Facts,
    /// The archive's name.
    pub(crate) file: String,
    /// Where the archive is.
    pub(crate) url: String,
    /// The channel's address, without a kind of machine.
    pub(crate) channel: String,
    /// The kind of machine that it is for: `linux-64`, `noarch`.
    pub(crate) subdir: String,
    /// The whole record; of a base's package in an env all but its files.
    pub(crate) raw: Box<RawValue>,
}

impl Offer {
    /// `numpy-1.26.4-py311_0`: the name of its record and of its directory.
    pub(crate) fn stem(&self) -> String {
        let Facts { name, version, build, .. } = &self.facts;
        format!("{name}-{version}-{build}")
    }

    /// `conda-forge/linux-64::numpy-1.26.4-py311_0`: how conda's history names it.
    pub(crate) fn dist(&self) -> String {
        let origin = origin_of(&self.channel, &self.subdir);
        let joint = if origin.is_empty() { "" } else { "::" };
        format!("{origin}{joint}{}", self.stem())
    }

    /// True for the newer form of archives.
    pub(crate) fn is_newer_form(&self) -> bool {
        is_conda(&self.file)
    }

    /// The files of an env's own package, relative to the env.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        serde_json::from_str::<Listed>(self.raw.get())
            .map(|listed| listed.files)
            .unwrap_or_default()
    }

    /// The name as names are compared.
    pub(crate) fn key(&self) -> String {
        self.facts.name.to_ascii_lowercase()
    }

    /// True for the same package, wherever it is from.
    pub(crate) fn is_as(&self, other: &Self) -> bool {
        let same = |left: &str, right: &str| left.eq_ignore_ascii_case(right);
        same(&self.facts.name, &other.facts.name)
            && self.facts.version == other.facts.version
            && self.facts.build == other.facts.build
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specs_are_about_names() {
        for (spec, name) in [
            ("python >=3.8", "python"),
            ("PyYAML", "pyyaml"),
            ("numpy>=1,<2", "numpy"),
            ("conda-forge::numpy=2", "numpy"),
            ("numpy[build=0]", "numpy"),
            ("https://x/y::z 1.*", "z"),
        ] {
            assert_eq!(subject(spec), name, "{spec}");
        }
    }

    #[test]
    fn a_record_tells_what_it_needs_and_whether_any_python_does() {
        let facts = |text: &str| serde_json::from_str::<Facts>(text).unwrap();
        let found = facts(
            r#"{"name": "a", "version": "1", "build": "0", "noarch": "python", "depends": ["B >1", "c"]}"#,
        );
        assert!(found.is_for_any_python());
        assert_eq!(found.needs().collect::<Vec<_>>(), ["b", "c"]);
        for noarch in ["\"generic\"", "true", "null"] {
            let text =
                format!(r#"{{"name": "a", "version": "1", "build": "", "noarch": {noarch}}}"#);
            assert!(!facts(&text).is_for_any_python(), "{noarch}");
        }
    }
}
