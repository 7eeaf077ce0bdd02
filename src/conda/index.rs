//! What a channel offers for one kind of machine: `repodata.json`, of which only the records are read that can matter.
//! It has hundreds of thousands; a package, all that it needs, and what that needs, are some hundreds. Pure.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::offer::{Facts, Offer};
use crate::error::{Error, Result};
use crate::text::shown;

/// One `repodata.json`, and where it is from.
#[derive(Debug)]
pub(crate) struct Index<'a> {
    /// The channel's address, without the kind of machine, and without a slash at its end.
    channel: &'a str,
    subdir: &'a str,
    /// Where the archives are.
    base: String,
    records: HashMap<&'a str, Vec<(Cow<'a, str>, &'a RawValue)>>,
    relations: Relations,
}

#[derive(Deserialize)]
struct Repodata<'a> {
    #[serde(borrow, default)]
    packages: Records<'a>,
    #[serde(borrow, default, rename = "packages.conda")]
    newer: Records<'a>,
    #[serde(borrow, default)]
    v3: Third<'a>,
    #[serde(default)]
    info: Info,
}

/// Records with conditions and extras (CEP 43, 44, 48), which older clients must not see. Wheels are pip's.
#[derive(Default, Deserialize)]
struct Third<'a> {
    #[serde(borrow, default)]
    conda: Records<'a>,
    #[serde(borrow, default, rename = "tar.bz2")]
    older: Records<'a>,
}

#[derive(Default, Deserialize)]
struct Info {
    #[serde(default)]
    base_url: Option<String>,
    #[serde(default)]
    channel_relations: Option<Relations>,
}

/// Other channels that a channel wants to be used with (CEP 42), as seen from its own address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Relations {
    /// One that goes before it.
    #[serde(default)]
    pub(crate) base: Option<String>,
    /// One that goes behind it.
    #[serde(default)]
    pub(crate) overrides: Option<String>,
}

/// File names and records, in their order.
#[derive(Default)]
struct Records<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Records<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Vec<(Cow<'de, str>, &'de RawValue)>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("records by the names of their files")
            }
            fn visit_map<M: MapAccess<'de>>(
                self,
                mut map: M,
            ) -> std::result::Result<Self::Value, M::Error> {
                let mut all = Vec::new();
                while let Some((Name(name), record)) = map.next_entry::<Name<'de>, _>()? {
                    all.push((name, record));
                }
                Ok(all)
            }
        }
        deserializer.deserialize_map(All).map(Self)
    }
}

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Index<'a> {
    /// Reads `text`, which is from `channel` (an address without a slash at its end) for the machines of `subdir`.
    pub(crate) fn read(text: &'a [u8], channel: &'a str, subdir: &'a str) -> Result<Self> {
        let data: Repodata = serde_json::from_slice(text).map_err(|cause| {
            Error::new(format!(
                "could not understand what {} says it has: {cause}",
                shown(&format!("{channel}/{subdir}"))
            ))
            .hint("is that a conda channel?")
        })?;
        let own = format!("{channel}/{subdir}/");
        let base = data.info.base_url.map_or(own.clone(), |told| joined(&own, &told));
        // They come by name: of a run of one name only the first is looked up.
        let mut records: HashMap<&'a str, Vec<_>> = HashMap::new();
        let mut run: (&str, Vec<_>) = ("", Vec::new());
        let Third { conda, older } = data.v3;
        let sorts = [(conda, ".conda"), (older, ".tar.bz2"), (data.newer, ""), (data.packages, "")];
        let all =
            sorts.into_iter().flat_map(|(all, end)| all.0.into_iter().map(move |it| (it, end)));
        for ((file, record), end) in all {
            let Cow::Borrowed(text) = file else { continue };
            let name = if end.is_empty() { stem(text).and_then(name_of) } else { name_of(text) };
            let Some(name) = name else { continue };
            let file = if end.is_empty() { file } else { Cow::Owned(format!("{text}{end}")) };
            if name != run.0 {
                let (name, done) = std::mem::replace(&mut run, (name, Vec::new()));
                records.entry(name).or_default().extend(done);
            }
            run.1.push((file, record));
        }
        records.entry(run.0).or_default().extend(run.1);
        records.remove("");
        let relations = data.info.channel_relations.unwrap_or_default();
        Ok(Self { channel, subdir, base, records, relations })
    }

    /// The channels that go with this one.
    pub(crate) fn relations(&self) -> &Relations {
        &self.relations
    }

    /// The names of all packages.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.records.keys().copied()
    }

    /// The packages of this name; a record that says something else than its file's name, or nothing, is passed over.
    pub(super) fn offers(&self, name: &str) -> Vec<Offer> {
        let found = self.records.get(name).into_iter().flatten();
        let of = Of { channel: self.channel, subdir: self.subdir, base: &self.base };
        found.filter_map(|(file, raw)| offer(of, file, (*raw).to_owned())).collect()
    }
}

/// What records are from: the channel, the kind of machine, and where the archives are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Of<'a> {
    pub(super) channel: &'a str,
    pub(super) subdir: &'a str,
    pub(super) base: &'a str,
}

/// One record; none where it says something else than its file's name.
pub(super) fn offer(of: Of, file: &str, raw: Box<RawValue>) -> Option<Offer> {
    let facts: Facts = serde_json::from_str(raw.get()).ok()?;
    let stem = format!("{}-{}-{}", facts.name, facts.version, facts.build);
    is_archive_of(file, &stem).then(|| Offer {
        facts,
        file: file.to_owned(),
        url: format!("{}{file}", of.base),
        channel: of.channel.to_owned(),
        subdir: of.subdir.to_owned(),
        raw,
    })
}

/// The name in `name-version-build`; names of packages are in lower case.
fn name_of(stem: &str) -> Option<&str> {
    let mut parts = stem.rsplitn(3, '-');
    parts.next()?;
    parts.next()?;
    parts.next()
}

fn stem(file: &str) -> Option<&str> {
    let stem = file.strip_suffix(".conda").or_else(|| file.strip_suffix(".tar.bz2"))?;
    (!stem.contains('/')).then_some(stem)
}

fn is_archive_of(file: &str, name: &str) -> bool {
    stem(file) == Some(name)
}

/// `info.base_url` (CEP 15): an address, or a path seen from the `repodata.json`.
pub(super) fn joined(own: &str, told: &str) -> String {
    let told = format!("{}/", told.trim_end_matches('/'));
    if told.contains("://") {
        return told;
    }
    if told.starts_with('/') {
        let host = own.find("://").map_or(0, |at| at + 3);
        let end = own[host..].find('/').map_or(own.len(), |at| host + at);
        return format!("{}{told}", &own[..end]);
    }
    let mut parts: Vec<&str> = own.trim_end_matches('/').split('/').collect();
    for part in told.trim_end_matches('/').split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/") + "/"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repodata(base: &str) -> String {
        let record = |name: &str, needs: &str| {
            format!(
                r#"{{"name": "{name}", "version": "1", "build": "0", "build_number": 0, "depends": [{needs}]}}"#
            )
        };
        let [app, lib] = [record("app", r#""lib >=1", "python""#), record("lib", r#""__glibc""#)];
        let other = record("other", "");
        format!(
            r#"{{"info": {{"subdir": "noarch"{base}}}, "packages": {{"lib-1-0.tar.bz2": {lib}, "liar-1-0.tar.bz2": {other}}},
                "packages.conda": {{"app-1-0.conda": {app}, "other-1-0.conda": {other}, "broken-1-0.conda": {{}}}}, "removed": []}}"#
        )
    }

    #[test]
    fn a_record_that_is_not_what_its_file_says_is_passed_over() {
        let text = repodata("");
        let index = Index::read(text.as_bytes(), "https://x/c", "noarch").unwrap();
        assert!(index.offers("liar").is_empty() && index.offers("broken").is_empty());
        assert!(Index::read(b"<html>", "https://x/c", "noarch").is_err());
    }

    #[test]
    fn records_of_the_third_kind_are_named_without_an_end_and_channels_name_others() {
        let record = r#"{"name": "new", "version": "1", "build": "0", "depends": ["x[when=\"y >1\"]"],
                         "extra_depends": {"all": ["z >1"]}}"#;
        let text = format!(
            r#"{{"info": {{"channel_relations": {{"base": "../lab"}}}},
                "v3": {{"conda": {{"new-1-0": {record}}}, "tar.bz2": {{"new-1-0": {record}}}, "whl": {{"w-1-0": {{}}}}, "zip": 1}}}}"#
        );
        let index = Index::read(text.as_bytes(), "https://x/c", "noarch").unwrap();
        let found = index.offers("new");
        let files: Vec<&str> = found.iter().map(|offer| offer.file.as_str()).collect();
        assert_eq!(files, ["new-1-0.conda", "new-1-0.tar.bz2"]);
        assert_eq!(found[0].facts.needs().collect::<Vec<_>>(), ["x", "z"]);
        assert_eq!(found[0].url, "https://x/c/noarch/new-1-0.conda");
        assert_eq!(index.relations().base.as_deref(), Some("../lab"));
        assert!(index.offers("w").is_empty());
    }

    #[test]
    fn archives_may_lie_elsewhere_than_what_tells_of_them() {
        for (told, base) in [
            ("https://y/z", "https://y/z/"),
            ("https://y/z/", "https://y/z/"),
            ("/z", "https://x/z/"),
            ("../z", "https://x/c/z/"),
            ("./z", "https://x/c/noarch/z/"),
        ] {
            let text = repodata(&format!(r#", "base_url": "{told}""#));
            let index = Index::read(text.as_bytes(), "https://x/c", "noarch").unwrap();
            assert_eq!(index.base, base, "{told}");
        }
    }
}
