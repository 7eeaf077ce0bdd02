//! Records of packages in `conda-meta`, as far as they say what is there and what it needs. Reads files.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::io::BufReader;
use std::path::Path;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::offer::{Facts, Offer};
use crate::base::conda::{self, Package};
use crate::error::{Attempt, Error, Result};
use crate::foreign::{self, FileKind};
use crate::text::Shown;

/// Where a package of an env came from.
#[derive(Deserialize)]
struct Origin {
    #[serde(default, rename = "fn")]
    file: Option<String>,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    channel: Option<String>,
    #[serde(default)]
    subdir: Option<String>,
}

/// A record, and whether it is the base's. What lists files makes up nearly all of one and is asked of the env's own alone.
pub(super) fn of_env(path: &Path, is_link: bool) -> Result<(Offer, bool)> {
    let misread = |cause| misread(path, &cause);
    let whole = foreign::read_text(path, FileKind::PackageData).attempt("read", path)?;
    let is_base = is_link || conda::is_marked(whole.as_bytes());
    let text = if is_base { without_files(&whole).map_err(misread)? } else { whole };
    Ok((offer(path, text)?, is_base))
}

/// The same of a base's package, of which no more is read than its beginning, as far as that tells all that a solver wants: in a
/// record of conda's, mamba's or rattler's the lists of files stand behind it, a hundred times as long.
pub(super) fn of_base(path: &Path) -> Result<Offer> {
    let file = foreign::open(path).attempt("read", path)?;
    let mut head = Head::default();
    let mut reader = serde_json::Deserializer::from_reader(BufReader::new(file));
    // What stopped it is an error to serde, and no trouble where enough was read by then.
    let read = (&mut head).deserialize(&mut reader);
    if !head.is_enough() {
        read.map_err(|cause| misread(path, &cause))?;
    }
    let known = bare(path).unwrap_or_default();
    for (name, value) in known {
        let value =
            serde_json::value::to_raw_value(&value).map_err(|cause| misread(path, &cause))?;
        head.fields.entry(name).or_insert(value);
    }
    let text = serde_json::to_string(&head.fields).map_err(|cause| misread(path, &cause))?;
    offer(path, text)
}

/// The fields of a record, up to its lists of files.
#[derive(Default)]
struct Head {
    fields: BTreeMap<String, Box<RawValue>>,
}

impl Head {
    /// Name, version and build stand in the file's name too.
    fn is_enough(&self) -> bool {
        ["build_number", "depends"].iter().all(|name| self.fields.contains_key(*name))
    }
}

impl<'de> DeserializeSeed<'de> for &mut Head {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> std::result::Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut Head {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a package's record")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> std::result::Result<(), M::Error> {
        while let Some(name) = map.next_key::<String>()? {
            if !LISTS.contains(&name.as_str()) {
                self.fields.insert(name, map.next_value()?);
            } else if self.is_enough() {
                return Err(M::Error::custom("enough"));
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

fn misread(path: &Path, cause: &serde_json::Error) -> Error {
    Error::new(format!("could not understand the package record {}: {cause}", Shown(path)))
        .hint("`mlenv doctor --fix` puts a record of the base's in place again")
}

/// What the text of a record tells.
fn offer(path: &Path, mut text: String) -> Result<Offer> {
    let misread = |cause| misread(path, &cause);
    let facts: Facts = match serde_json::from_str(&text) {
        Ok(facts) => facts,
        Err(cause) => {
            let known = bare(path).ok_or_else(|| misread(cause))?;
            text = Value::Object(known).to_string();
            serde_json::from_str(&text).map_err(misread)?
        }
    };
    let from: Origin = serde_json::from_str(&text).map_err(misread)?;
    let stem = format!("{}-{}-{}", facts.name, facts.version, facts.build);
    let channel = from.channel.unwrap_or_default().trim_end_matches('/').to_owned();
    let subdir = from.subdir.unwrap_or_default();
    let channel = channel.strip_suffix(&format!("/{subdir}")).unwrap_or(&channel).to_owned();
    Ok(Offer {
        facts,
        file: from.file.unwrap_or_else(|| format!("{stem}.conda")),
        url: from.url.unwrap_or_default(),
        channel,
        subdir,
        raw: RawValue::from_string(text).map_err(misread)?,
    })
}

/// The record without its lists of files.
fn without_files(text: &str) -> serde_json::Result<String> {
    let fields: BTreeMap<Cow<str>, &RawValue> = serde_json::from_str(text)?;
    let mut out = String::from("{");
    for (name, value) in fields.iter().filter(|(name, _)| !LISTS.contains(&name.as_ref())) {
        let comma = if out.len() > 1 { ", " } else { "" };
        out.extend([comma, &serde_json::to_string(name)?, ": ", value.get()]);
    }
    out.push('}');
    Ok(out)
}

const LISTS: [&str; 2] = ["files", "paths_data"];

/// What the name of a record tells, where the record itself does not.
fn bare(path: &Path) -> Option<Map<String, Value>> {
    let Package { name, version, build } = Package::from_record_name(path.file_name()?.to_str()?)?;
    let told =
        serde_json::json!({"name": name, "version": version, "build": build, "build_number": 0});
    if let Value::Object(told) = told { Some(told) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, text: &str) -> Result<Offer> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        crate::fs::write_new(&path, text.as_bytes()).unwrap();
        of_base(&path)
    }

    #[test]
    fn of_a_bases_record_the_beginning_is_enough_in_any_order() {
        let sorted = r#"{"build": "0", "build_number": 3, "channel": "https://x/c/noarch", "depends": ["x >1"],
            "files": [broken from here"#;
        let found = read("a-b-1.2-0.json", sorted).unwrap();
        let facts = &found.facts;
        assert_eq!((facts.name.as_str(), facts.version.as_str()), ("a-b", "1.2"));
        assert_eq!((facts.build_number, &facts.depends[..]), (3, &["x >1".to_owned()][..]));
        let late = r#"{"files": ["lib/a"], "name": "a", "version": "1", "build": "0", "build_number": 1, "depends": ["y"]}"#;
        let found = read("a-1-0.json", late).unwrap();
        assert_eq!(
            (found.facts.depends.as_slice(), found.files().len()),
            (&["y".to_owned()][..], 0)
        );
        let old = read("a-1-0.json", r#"{"name": "a", "version": "1", "build": "0"}"#).unwrap();
        assert_eq!(old.stem(), "a-1-0");
        assert!(read("a-1-0.json", "[]").is_err() && read("a-1-0.json", "{\"files\": [").is_err());
    }
}
