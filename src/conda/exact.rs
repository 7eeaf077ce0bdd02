//! Archives that a list or a lock names: nothing is looked for in channels, and nothing is solved. What a channel would
//! say of a package stands in its archive too (`info/index.json`).

use std::path::{Path, PathBuf};

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::here::Here;
use super::market::Market;
use super::offer::{Facts, Offer};
use super::{Change, Place};
use crate::base::conda::Package;
use crate::error::{Attempt, Error, Result};
use crate::foreign::{self, FileKind};
use crate::specs::direct::channel_without_secrets;
use crate::text::shown;

/// What puts just these archives there: addresses and hashes.
pub(crate) fn exactly(place: &Place, archives: &[(String, String)]) -> Result<Change> {
    let here = Here::read(place.env)?;
    let mut change = Change { is_bare: true, ..Change::default() };
    for (address, sha256) in archives {
        let offer = bare(address, sha256).ok_or_else(|| not_understood(address))?;
        match here.find(&offer.facts.name) {
            Some(there) if there.is_as(&offer) => continue,
            Some(there) if offer.key() == "python" => check_python(there, &offer)?,
            _ => {}
        }
        if let Some(own) = here.own().find(|own| own.key() == offer.key()) {
            change.go.push(own.clone());
        }
        change.come.push(offer);
    }
    // For tokens and mirrors of channels that are known.
    change.channels = Market::new(place, &[], &[])?.channels;
    change.here = here;
    Ok(change)
}

fn check_python(there: &Offer, offer: &Offer) -> Result<()> {
    let minor = |version: &str| version.splitn(3, '.').take(2).collect::<Vec<_>>().join(".");
    let (has, wants) = (&there.facts.version, &offer.facts.version);
    if minor(has) == minor(wants) {
        return Ok(());
    }
    Err(Error::no(format!("Python {} is asked for, and the env has {}", shown(wants), shown(has)))
        .hint("an env has its base's Python: make one on another base"))
}

/// All that an address tells.
fn bare(address: &str, sha256: &str) -> Option<Offer> {
    let (place, file) = address.rsplit_once('/')?;
    let (channel, subdir) = place.rsplit_once('/')?;
    let stem = file.strip_suffix(".conda").or_else(|| file.strip_suffix(".tar.bz2"))?;
    let Package { name, version, build } = Package::from_record_name(&format!("{stem}.json"))?;
    let told = serde_json::json!({
        "name": name, "version": version, "build": build, "build_number": 0,
        "sha256": sha256, "subdir": subdir,
    });
    Some(Offer {
        facts: Facts::deserialize_value(&told)?,
        file: file.to_owned(),
        url: address.to_owned(),
        channel: channel_without_secrets(channel),
        subdir: subdir.to_owned(),
        raw: RawValue::from_string(told.to_string()).ok()?,
    })
}

fn not_understood(address: &str) -> Error {
    Error::new(format!("{} is not the address of a conda package", shown(address)))
}

/// With what stands in the unpacked packages.
pub(super) fn completed(change: &Change, dirs: &[PathBuf]) -> Result<Vec<Offer>> {
    change.come.iter().zip(dirs).map(|(offer, dir)| complete(offer, dir)).collect()
}

fn complete(offer: &Offer, dir: &Path) -> Result<Offer> {
    let path = dir.join("info/index.json");
    let text = foreign::read_text(&path, FileKind::PackageData).attempt("read", &path)?;
    let unlike = || {
        Error::new(format!("{} is not the package that its name says", shown(&offer.file)))
            .hint("nothing was changed; tell who keeps the channel")
    };
    let mut fields: Map<String, Value> = serde_json::from_str(&text).map_err(|_| unlike())?;
    fields.insert("sha256".to_owned(), offer.facts.sha256.clone().into());
    fields.insert("subdir".to_owned(), offer.subdir.clone().into());
    let fields = Value::Object(fields);
    let facts = Facts::deserialize_value(&fields).ok_or_else(unlike)?;
    let raw = RawValue::from_string(fields.to_string()).map_err(|_| unlike())?;
    let whole = Offer { facts, raw, ..offer.clone() };
    if whole.is_as(offer) { Ok(whole) } else { Err(unlike()) }
}
