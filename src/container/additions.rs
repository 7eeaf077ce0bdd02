//! What a user added to a container since it was made: by a conda client, as its history tells, and by pip and its
//! like, as the records of distributions tell. And what was there before, to compare with.

mod history;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use self::history::{channels, list_after};
use crate::specs::direct::{Direct, channel_without_secrets};
use crate::text::hex;

/// What was there when a container was made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub(crate) struct Mark {
    /// How many lines conda's history had.
    pub(crate) history_lines: usize,
    /// Their hash: a history that was written anew is not compared by lines.
    pub(crate) history_hash: String,
    /// conda's records, `NAME-VERSION-BUILD`.
    pub(crate) records: BTreeSet<String>,
    /// Distributions, `NAME==VERSION`.
    pub(crate) dists: BTreeSet<String>,
}

/// What the program `PACKAGES` printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listing {
    /// The conda prefix.
    pub(crate) prefix: Option<String>,
    history: Vec<String>,
    records: BTreeSet<String>,
    dists: Vec<Dist>,
}

/// One distribution that Python sees.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Dist {
    name: String,
    version: String,
    installer: String,
    requested: bool,
    direct: Option<Direct>,
}

/// What was added and removed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Additions {
    /// conda's specs, as the user gave them.
    pub(crate) conda: Vec<String>,
    /// The channels that they came from, in order.
    pub(crate) channels: Vec<String>,
    /// Packages of the image that the user took out with a conda client.
    pub(crate) removed: Vec<String>,
    /// What pip was asked for, `NAME==VERSION` or `NAME @ URL`.
    pub(crate) pip: Vec<String>,
    /// What pip brought along.
    pub(crate) pip_depends: Vec<String>,
    /// Directories whose packages pip uses in place, `NAME @ DIR`.
    pub(crate) editable: Vec<String>,
    /// What came from a place that it does not name: an index might have another package of that name.
    pub(crate) unknown: Vec<String>,
}

impl Listing {
    /// Understands the program's text.
    pub(crate) fn parse(text: &str) -> Self {
        let mut listing = Self::default();
        let mut section = "";
        for line in text.lines() {
            if let Some(prefix) = line.strip_prefix("@prefix ").filter(|path| path.starts_with('/'))
            {
                listing.prefix = Some(prefix.to_owned());
                continue;
            }
            if let Some(name) = line.strip_prefix('@').filter(|name| is_section(name)) {
                section = name;
                continue;
            }
            match section {
                "history" => listing.history.push(line.to_owned()),
                "records" => drop(listing.records.insert(line.to_owned())),
                "dists" => listing.dists.extend(dist(line)),
                _ => {}
            }
        }
        while listing.history.last().is_some_and(String::is_empty) {
            listing.history.pop();
        }
        listing
    }

    /// What is there, to compare with later.
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            history_lines: self.history.len(),
            history_hash: hash(&self.history),
            records: self.records.clone(),
            dists: self.dists.iter().map(Dist::pinned).collect(),
        }
    }

    /// As `mark`, but for conda's history as it was when it had so many lines.
    pub(crate) fn mark_at(&self, lines: usize) -> Mark {
        let lines = lines.min(self.history.len());
        Mark { history_lines: lines, history_hash: hash(&self.history[..lines]), ..self.mark() }
    }

    /// True where this package is there; in the version that a pin names.
    pub(crate) fn has(&self, spec: &str) -> bool {
        let (name, version) = spec.split_once("==").unwrap_or((spec, ""));
        let name = canonical(spec_name(name.split(" @ ").next().unwrap_or(name)));
        let is_dist = |dist: &Dist| {
            canonical(&dist.name) == name && (version.is_empty() || dist.version == version)
        };
        let is_record =
            |record: &String| record_name(record).is_some_and(|own| canonical(own) == name);
        self.dists.iter().any(is_dist) || (version.is_empty() && self.records.iter().any(is_record))
    }

    /// One of conda's packages as it is there: `NAME=VERSION`, with the channel that the spec names.
    pub(crate) fn pinned(&self, spec: &str) -> String {
        let name = spec_name(spec);
        let from = spec.rsplit_once("::").map(|(from, _)| format!("{from}::")).unwrap_or_default();
        let found = self.records.iter().find(|record| record_name(record) == Some(name));
        let version = found.and_then(|record| record.rsplit('-').nth(1));
        version.map_or_else(|| spec.to_owned(), |version| format!("{from}{name}={version}"))
    }

    /// All packages that are there.
    pub(crate) fn packages(&self) -> impl Iterator<Item = (&str, &str, Option<&str>)> {
        let conda = self.records.iter().filter_map(|record| {
            let (rest, build) = record.rsplit_once('-')?;
            let (name, version) = rest.rsplit_once('-')?;
            Some((name, version, Some(build)))
        });
        let own = self.dists.iter().filter(|dist| dist.installer != "conda");
        conda.chain(own.map(|dist| (dist.name.as_str(), dist.version.as_str(), None)))
    }

    /// What came since `mark`.
    pub(crate) fn since(&self, mark: &Mark) -> Additions {
        let mut additions = Additions::default();
        self.conda_since(mark, &mut additions);
        let conda: BTreeSet<String> =
            self.records.iter().filter_map(|record| record_name(record)).map(canonical).collect();
        let fresh = self.dists.iter().filter(|dist| {
            dist.installer != "conda"
                && !mark.dists.contains(&dist.pinned())
                && !(dist.installer.is_empty() && conda.contains(&canonical(&dist.name)))
        });
        let fresh: Vec<&Dist> = fresh.collect();
        let marks_requests = fresh.iter().any(|dist| dist.requested);
        for dist in fresh {
            let asked = dist.requested || !marks_requests;
            let list = match &dist.direct {
                Some(direct) if direct.words.is_empty() => &mut additions.unknown,
                Some(direct) if direct.words.starts_with("-e ") => &mut additions.editable,
                // No dependency on an index's package would bring it.
                Some(_) => &mut additions.pip,
                None if asked => &mut additions.pip,
                None => &mut additions.pip_depends,
            };
            list.push(dist.spec());
        }
        additions.pip.sort();
        additions.pip_depends.sort();
        additions
    }

    fn conda_since(&self, mark: &Mark, additions: &mut Additions) {
        let head = self.history.get(..mark.history_lines);
        let Some(head) = head.filter(|head| hash(head) == mark.history_hash) else {
            let fresh = self.records.difference(&mark.records);
            additions.conda = fresh.filter_map(|record| exact(record)).collect();
            return;
        };
        let before: BTreeSet<&str> =
            mark.records.iter().filter_map(|record| record_name(record)).collect();
        let mut specs: BTreeMap<String, String> = BTreeMap::new();
        for line in &self.history[head.len()..] {
            if let Some(command) = line.strip_prefix("# cmd: ") {
                let fresh = channels(command);
                additions.channels.extend(fresh);
            } else if let Some(list) = list_after(line, "# update specs: ") {
                for spec in list {
                    let name = spec_name(&spec).to_owned();
                    additions.removed.retain(|removed| *removed != name);
                    specs.insert(name, spec);
                }
            } else if let Some(list) = list_after(line, "# remove specs: ") {
                for spec in list {
                    let name = spec_name(&spec).to_owned();
                    let was_added = specs.remove(&name).is_some();
                    if !was_added || before.contains(name.as_str()) {
                        additions.removed.push(name);
                    }
                }
            }
        }
        let bare = additions.channels.iter().map(|channel| channel_without_secrets(channel));
        additions.channels = bare.collect();
        let mut seen = BTreeSet::new();
        additions.channels.retain(|channel| seen.insert(channel.clone()));
        additions.conda = specs.into_values().collect();
    }
}

impl Additions {
    /// True where nothing was changed.
    pub(crate) fn is_empty(&self) -> bool {
        let lists = [&self.conda, &self.removed, &self.pip, &self.editable, &self.unknown];
        lists.iter().all(|list| list.is_empty())
    }
}

impl Dist {
    fn pinned(&self) -> String {
        format!("{}=={}", self.name, self.version)
    }

    fn spec(&self) -> String {
        match &self.direct {
            Some(direct) if !direct.words.is_empty() => {
                let place = direct.words.strip_prefix("-e ").unwrap_or(&direct.words);
                format!("{} @ {place}", self.name)
            }
            _ => self.pinned(),
        }
    }
}

fn is_section(name: &str) -> bool {
    ["history", "records", "dists"].contains(&name)
}

/// `DIR/NAME-VERSION.dist-info`, installer, whether it was asked for, and `direct_url.json`, between tabs.
fn dist(line: &str) -> Option<Dist> {
    let mut fields = line.split('\t');
    let stem = fields.next()?.rsplit('/').next()?.strip_suffix(".dist-info")?;
    let (name, version) = stem.split_once('-')?;
    let installer = fields.next().unwrap_or_default().to_owned();
    let requested = fields.next() == Some("yes");
    let json = fields.next().map(str::trim).filter(|json| !json.is_empty());
    let direct = json.map(|json| Direct::parse(name, json.as_bytes()));
    Some(Dist { name: name.to_owned(), version: version.to_owned(), installer, requested, direct })
}

/// The package that a spec is about: `chan::numpy>=1.2`, `numpy~=1.26`, `numpy[version='>1']`, `foo!=2`.
pub(crate) fn spec_name(spec: &str) -> &str {
    let spec = spec.rsplit("::").next().unwrap_or(spec).trim();
    spec.split([' ', '=', '<', '>', '!', '~', '[', ';', '@']).next().unwrap_or(spec)
}

/// `NAME-VERSION-BUILD`: the name itself may hold dashes.
fn record_name(record: &str) -> Option<&str> {
    Some(record.rsplit_once('-')?.0.rsplit_once('-')?.0)
}

fn exact(record: &str) -> Option<String> {
    let (rest, build) = record.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    Some(format!("{name}={version}={build}"))
}

/// Python's packagers take these for one name.
fn canonical(name: &str) -> String {
    name.to_lowercase().replace(['_', '.'], "-")
}

fn hash(lines: &[String]) -> String {
    let hash =
        lines.iter().fold(Sha256::new(), |hash, line| hash.chain_update(line).chain_update("\n"));
    hex(&hash.finalize()[..8])
}

#[cfg(test)]
mod tests;
