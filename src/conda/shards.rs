//! Sharded repodata (CEP 16): a list of names with the hash of what there is of each, so that only what matters is fetched.
//! Pure.

use std::collections::HashMap;

use rmpv::Value;
use rmpv::decode::read_value_with_max_depth;
use serde_json::value::RawValue;

use super::index::{Of, Relations, joined, offer};
use super::offer::Offer;
use crate::error::{Error, Result};
use crate::text::shown;

/// The list of a channel's shards.
#[derive(Debug)]
pub(crate) struct Shards {
    /// Where the archives are.
    base: String,
    /// Where the shards are, without a slash at its end.
    pub(crate) place: String,
    hashes: HashMap<String, String>,
    pub(crate) relations: Relations,
}

/// As deep as a record goes, and more.
const DEPTH: usize = 32;

fn value(bytes: &[u8], of: &str) -> Result<Value> {
    read_value_with_max_depth(&mut &*bytes, DEPTH).map_err(|cause| misread(of, &cause.to_string()))
}

fn misread(of: &str, cause: &str) -> Error {
    Error::new(format!("could not understand what {} says it has: {}", shown(of), shown(cause)))
        .hint("is that a conda channel?")
}

fn get<'v>(map: &'v Value, name: &str) -> Option<&'v Value> {
    let (_, value) = map.as_map()?.iter().find(|(key, _)| key.as_str() == Some(name))?;
    Some(value)
}

impl Shards {
    /// Reads an unpacked list. `own` is the address of what it is about, with a slash at its end; `asked` the same as it
    /// was asked for, perhaps at a mirror or with a password.
    pub(crate) fn read(bytes: &[u8], own: &str, asked: &str) -> Result<Self> {
        let list = value(bytes, own)?;
        let place = |name: &str, from: &str| {
            let told = get(&list, "info").and_then(|info| get(info, name)?.as_str());
            let told = told.filter(|told| !told.is_empty());
            told.map_or_else(|| from.to_owned(), |told| joined(from, told))
        };
        let shards = get(&list, "shards").and_then(Value::as_map);
        let shards = shards.ok_or_else(|| misread(own, "it has no shards"))?;
        let hash = |(name, hash): &(Value, Value)| {
            let hash = hash.as_slice().filter(|hash| hash.len() == 32)?;
            Some((name.as_str()?.to_owned(), crate::text::hex(hash)))
        };
        let hashes = shards.iter().filter_map(hash).collect();
        let place_of_shards = place("shards_base_url", asked);
        let place_of_shards = place_of_shards.trim_end_matches('/').to_owned();
        let related = |name: &str| {
            let told =
                get(get(&list, "info")?, "channel_relations").and_then(|it| get(it, name))?;
            told.as_str().map(str::to_owned)
        };
        let relations = Relations { base: related("base"), overrides: related("overrides") };
        Ok(Self { base: place("base_url", own), place: place_of_shards, hashes, relations })
    }

    /// The hash of the shard of a name, as it is fetched.
    pub(crate) fn hash(&self, name: &str) -> Option<&str> {
        self.hashes.get(name).map(String::as_str)
    }

    /// The names of all packages.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.hashes.keys().map(String::as_str)
    }

    /// The packages of one shard, unpacked.
    pub(crate) fn offers(
        &self,
        bytes: &[u8],
        (channel, subdir): (&str, &str),
    ) -> Result<Vec<Offer>> {
        let of = Of { channel, subdir, base: &self.base };
        let shard = value(bytes, channel)?;
        let third = get(&shard, "v3");
        let of_third = |sort| third.and_then(|third| get(third, sort));
        let sorts = [
            (of_third("conda"), ".conda"),
            (of_third("tar.bz2"), ".tar.bz2"),
            (get(&shard, "packages.conda"), ""),
            (get(&shard, "packages"), ""),
        ];
        let mut offers = Vec::new();
        for (sort, end) in sorts {
            for (file, record) in sort.and_then(Value::as_map).into_iter().flatten() {
                let raw = RawValue::from_string(json(record).to_string()).ok();
                let file = file.as_str().map(|file| format!("{file}{end}"));
                offers.extend(file.zip(raw).and_then(|(file, raw)| offer(of, &file, raw)));
            }
        }
        Ok(offers)
    }
}

/// The same as JSON, in which hashes are text.
fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Boolean(is_true) => (*is_true).into(),
        Value::Integer(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => number.into(),
            (None, number) => number.into(),
        },
        Value::F32(number) => f64::from(*number).into(),
        Value::F64(number) => (*number).into(),
        Value::String(text) => text.as_str().into(),
        Value::Binary(bytes) => crate::text::hex(bytes).into(),
        Value::Array(all) => all.iter().map(json).collect(),
        Value::Map(pairs) => {
            let pair =
                |(name, value): &(Value, Value)| Some((name.as_str()?.to_owned(), json(value)));
            serde_json::Value::Object(pairs.iter().filter_map(pair).collect())
        }
        Value::Nil | Value::Ext(..) => serde_json::Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: Vec<(&str, Value)>) -> Value {
        Value::Map(pairs.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }

    fn packed(value: &Value) -> Vec<u8> {
        let mut bytes = Vec::new();
        rmpv::encode::write_value(&mut bytes, value).unwrap();
        bytes
    }

    #[test]
    fn a_list_tells_where_shards_are_and_a_shard_what_there_is() {
        let info =
            map(vec![("base_url", "../pkgs".into()), ("shards_base_url", "./shards/".into())]);
        let shards = map(vec![("app", Value::Binary(vec![0xab; 32])), ("odd", "text".into())]);
        let list = packed(&map(vec![("info", info), ("shards", shards)]));
        let list = Shards::read(&list, "https://x/c/noarch/", "https://me:pw@x/c/noarch/").unwrap();
        assert_eq!(list.place, "https://me:pw@x/c/noarch/shards");
        assert_eq!((list.hash("app").unwrap(), list.hash("odd")), ("ab".repeat(32).as_str(), None));
        let record = map(vec![
            ("name", "app".into()),
            ("version", "1".into()),
            ("build", "0".into()),
            ("build_number", 3.into()),
            ("sha256", Value::Binary(vec![0xcd; 32])),
            ("depends", Value::Array(vec!["lib >=1".into()])),
        ]);
        let record = map(vec![("app-1-0.conda", record.clone()), ("liar-1-0.conda", record)]);
        let shard = packed(&map(vec![("packages", map(vec![])), ("packages.conda", record)]));
        let offers = list.offers(&shard, ("https://x/c", "noarch")).unwrap();
        assert_eq!(offers.len(), 1);
        assert_eq!(offers[0].url, "https://x/c/pkgs/app-1-0.conda");
        assert_eq!(offers[0].facts.sha256.as_deref(), Some("cd".repeat(32).as_str()));
        assert_eq!(
            (offers[0].facts.build_number, &offers[0].facts.depends[0]),
            (3, &"lib >=1".to_owned())
        );
        for bad in [&b"\xc1"[..], b"", &[0x91; 100][..], b"\x80"] {
            assert!(Shards::read(bad, "https://x/c/noarch/", "https://x/c/noarch/").is_err());
        }
    }
}
