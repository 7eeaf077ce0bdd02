//! The words of pip and uv: arguments for them, and pip's report on what it would install. Pure.
//!
//! pip decides what is needed, since it alone counts the packages of the base as installed: uv would put half of the
//! base into the env again. What pip decided uv can put there as well, and much faster.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::transaction::{Item, Transaction};
use crate::error::{Error, Result};
use crate::specs::cutoff::Cutoff;
use crate::specs::{Direct, name_of};

/// pip as a module, without what lies in the working directory or on `PYTHONPATH`: a `pip.py`, or what looks installed
/// there. What pip builds packages with still finds it. Python's own options for that are there since 3.11 or keep out a user
/// site that the env lets in.
const ALONE: &str = include_str!("../../shell/python/pip.py");

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ask {
    /// Specs, paths of wheels and directories, addresses.
    pub(crate) specs: Vec<String>,
    /// Directories to be installed editable, absolute.
    pub(crate) editables: Vec<PathBuf>,
    /// Files with requirements, absolute.
    pub(crate) files: Vec<PathBuf>,
    /// Whether newer versions are wanted of what is there.
    pub(crate) upgrade: bool,
    /// Whether just these are wanted, and nothing that they need.
    pub(crate) alone: bool,
    /// Whether Python's files stay as they are.
    pub(crate) uncompiled: bool,
    /// Further arguments for pip, as the user wrote them.
    pub(crate) rest: Vec<OsString>,
}

impl Ask {
    /// A package from the place that it came from; none where that is not known.
    pub(crate) fn again(direct: &Direct) -> Option<Self> {
        let ask = match direct.editable() {
            Some(dir) => Self { editables: vec![dir.into()], ..Self::default() },
            None => Self { specs: vec![direct.spec()], ..Self::default() },
        };
        direct.is_known().then_some(ask)
    }

    /// `pip install`'s arguments behind these first ones; packages that were published after `until` do not count.
    pub(crate) fn arguments(&self, until: Option<&Cutoff>, first: &[&str]) -> Vec<OsString> {
        let mut words: Vec<OsString> =
            ["-c", ALONE, "install", "--disable-pip-version-check"].map(OsString::from).into();
        words.extend(first.iter().map(OsString::from));
        if let Some(until) = until {
            words.extend(["--uploaded-prior-to".into(), until.shown().into()]);
        }
        if self.upgrade {
            words.push("--upgrade".into());
        }
        if self.alone {
            words.push("--no-deps".into());
        }
        if self.uncompiled {
            words.push("--no-compile".into());
        }
        words.extend(self.rest.iter().cloned());
        for (option, paths) in [("-r", &self.files), ("-e", &self.editables)] {
            words.extend(paths.iter().flat_map(|path| [option.into(), path.into()]));
        }
        words.push("--".into());
        words.extend(self.specs.iter().map(OsString::from));
        words
    }
}

/// Arguments for `pip uninstall`.
pub(crate) fn uninstall(names: &[String]) -> Vec<OsString> {
    let words = ["-c", ALONE, "--disable-pip-version-check", "uninstall", "-y", "--"];
    words.into_iter().map(OsString::from).chain(names.iter().map(OsString::from)).collect()
}

/// Arguments for uv, which puts exactly these packages there, whatever they need.
pub(crate) fn uv(python: &Path, exact: &[String]) -> Vec<OsString> {
    let mut words: Vec<OsString> = ["pip", "install", "--python"].map(OsString::from).into();
    words.push(python.as_os_str().to_owned());
    // Its settings may lead it elsewhere; pip, which decides, knows nothing of them.
    words.extend(["--no-deps", "--no-config", "--"].map(OsString::from));
    words.extend(exact.iter().map(OsString::from));
    words
}

/// pip's report, by its documented format 1.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct PipReport {
    install: Vec<ReportEntry>,
}

#[derive(Debug, Deserialize)]
struct ReportEntry {
    metadata: Metadata,
    #[serde(default)]
    is_direct: bool,
    #[serde(default)]
    requested: bool,
    download_info: Download,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    #[serde(flatten)]
    item: Item,
    #[serde(default)]
    requires_dist: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Download {
    url: String,
    #[serde(default)]
    archive_info: Option<ArchiveInfo>,
    #[serde(flatten)]
    rest: serde_json::Map<String, serde_json::Value>,
}

#[derive(Debug, Default, Deserialize)]
struct ArchiveInfo {
    #[serde(default)]
    hashes: BTreeMap<String, String>,
}

/// A package that would come, and where from.
pub(crate) struct FoundPackage<'a> {
    /// Its name and version.
    pub(crate) item: &'a Item,
    /// Where the archive lies that was chosen.
    pub(crate) url: &'a str,
    /// Hashes of that archive.
    pub(crate) hashes: BTreeMap<String, String>,
    /// The place that was asked for, where it is from no index.
    pub(crate) direct: Option<Direct>,
}

impl PipReport {
    /// The report on what another tool found in pip's place.
    pub(crate) fn of(come: Vec<Item>) -> Self {
        let entry = |item| ReportEntry {
            metadata: Metadata { item, requires_dist: Vec::new() },
            is_direct: false,
            requested: false,
            download_info: Download::default(),
        };
        Self { install: come.into_iter().map(entry).collect() }
    }

    /// Reads what `pip install --report -` wrote.
    pub(crate) fn parse(text: &[u8]) -> Result<Self> {
        serde_json::from_slice(text)
            .map_err(|cause| Error::new(format!("could not understand pip's report: {cause}")))
    }

    /// What would come. What goes for it is pip's to know: only the env's own.
    pub(crate) fn transaction(&self) -> Transaction {
        let item = |entry: &ReportEntry| {
            let item = entry.metadata.item.clone();
            Item { from: item.from.clone().or_else(|| place(&entry.download_info.url)), ..item }
        };
        let come = self.install.iter().map(item).collect();
        Transaction { come, ..Transaction::default() }
    }

    /// Each package that would come.
    pub(crate) fn found(&self) -> impl Iterator<Item = FoundPackage<'_>> {
        self.install.iter().map(|ReportEntry { metadata, is_direct, download_info, .. }| {
            let Download { url, archive_info, rest } = download_info;
            let hashes = archive_info.as_ref().map(|info| info.hashes.clone());
            // Its form is that of `direct_url.json`.
            let mut place = rest.clone();
            place.insert("url".into(), url.as_str().into());
            let place = serde_json::to_vec(&place).unwrap_or_default();
            let direct = is_direct.then(|| Direct::parse(&metadata.item.name, &place));
            let hashes = hashes.unwrap_or_default();
            FoundPackage { item: &metadata.item, url: url.as_str(), hashes, direct }
        })
    }

    /// What the packages that were asked for by a place depend on.
    pub(crate) fn needs(&self) -> Vec<String> {
        let direct = self.install.iter().filter(|entry| entry.is_direct);
        direct.flat_map(|entry| entry.metadata.requires_dist.clone()).collect()
    }

    /// Everything as `name==version`; none where something comes from a place of its own.
    pub(crate) fn exact(&self) -> Option<Vec<String>> {
        let exact = |entry: &ReportEntry| {
            let Item { name, version, .. } = &entry.metadata.item;
            (!entry.is_direct).then(|| format!("{name}=={version}"))
        };
        self.install.iter().map(exact).collect()
    }

    /// The requests that an ask and the lines of its files amount to: by name, where a path or an address is told
    /// its name by the report.
    pub(crate) fn requests(&self, ask: &Ask, lines: &[String]) -> BTreeMap<String, String> {
        let mut requests = BTreeMap::new();
        for spec in ask.specs.iter().chain(lines) {
            let path = spec.strip_prefix("-e ").unwrap_or(spec);
            let name = name_of(spec).or_else(|| self.name_at(path)).unwrap_or(spec);
            requests.insert(name.to_owned(), spec.clone());
        }
        for path in ask.editables.iter().filter_map(|path| path.to_str()) {
            let name = self.name_at(path).unwrap_or(path);
            requests.insert(name.to_owned(), format!("-e {path}"));
        }
        requests
    }

    /// The requested package that comes from a path or an address.
    fn name_at(&self, place: &str) -> Option<&str> {
        let direct = self.install.iter().filter(|entry| entry.is_direct && entry.requested);
        let comes = |entry: &&ReportEntry| {
            let url = &entry.download_info.url;
            decoded(url.strip_prefix("file://").unwrap_or(url)) == place.trim_end_matches('/')
        };
        direct
            .clone()
            .find(comes)
            .or_else(|| direct.clone().next().filter(|_| direct.count() == 1))
            .map(|entry| entry.metadata.item.name.as_str())
    }
}

/// Python's own index, and where it keeps its files.
pub(super) const PYPI: &str = "PyPI";
const FILES_OF_PYPI: &str = "files.pythonhosted.org";

/// Where an archive comes from, for people: the host alone, since the rest may hold a password. None for a file.
fn place(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://").filter(|(scheme, _)| *scheme != "file")?;
    let host = rest.split('/').next()?.rsplit('@').next()?;
    Some(if host == FILES_OF_PYPI { PYPI } else { host }.to_owned())
}

/// A path of a `file:` address.
fn decoded(text: &str) -> String {
    let decoded = crate::text::percent_decode(text);
    decoded.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &[u8] = br#"{"version": "1", "install": [
        {"metadata": {"name": "uproot", "version": "5.7"}, "is_direct": false, "requested": true,
         "download_info": {"url": "https://x/uproot.whl"}},
        {"metadata": {"name": "demo", "version": "1"}, "is_direct": true, "requested": true,
         "download_info": {"url": "file:///a/my%20demo", "dir_info": {"editable": true}}}]}"#;

    #[test]
    fn a_report_tells_what_comes_and_under_which_name() {
        let report = PipReport::parse(REPORT).unwrap();
        assert_eq!(report.transaction().come.len(), 2);
        assert_eq!(report.exact(), None, "one of them has a place of its own");
        let ask = Ask {
            specs: vec!["uproot>=5".into()],
            editables: vec!["/a/my demo".into()],
            ..Ask::default()
        };
        let requests = report.requests(&ask, &["six".into()]);
        let pairs: Vec<_> = requests.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert_eq!(pairs, [("demo", "-e /a/my demo"), ("six", "six"), ("uproot", "uproot>=5")]);
    }

    #[test]
    fn arguments_keep_their_order_and_are_words() {
        let ask = Ask {
            specs: vec!["a b".into()],
            files: vec!["/r.txt".into()],
            rest: vec!["--pre".into()],
            upgrade: true,
            ..Ask::default()
        };
        let words = ask.arguments(None, &["--dry-run"]);
        let words: Vec<_> = words.iter().skip(4).map(|word| word.to_str().unwrap()).collect();
        assert_eq!(words, ["--dry-run", "--upgrade", "--pre", "-r", "/r.txt", "--", "a b"]);
    }
}
