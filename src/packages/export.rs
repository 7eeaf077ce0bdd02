//! An env as one small file: what it stands on, what was asked for, and what exactly was there. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::base::installed::{Installed, Manager};
use crate::base::{Base, BaseKind};
use crate::container::Engine;
use crate::env::layout::Layout;
use crate::env::record::Record;
use crate::env::requests::Requests;
use crate::error::{Error, Result};
use crate::foreign::format::instead_of_export;
use crate::specs::Direct;
use crate::specs::checked;
use crate::specs::key;
use crate::specs::name_of;
use crate::text::{PathText, shown};

/// The latest version of the format; a later one is refused.
const SCHEMA: u32 = 2;

/// The version without places of packages. A mlenv that knows only this one would take such packages from an index.
const WITHOUT_PLACES: u32 = 1;

/// The file's first line, for whoever opens it.
const HEAD: &str = "# An env of mlenv. `mlenv create -n NAME -f FILE` makes it again.\n";

/// The file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Export {
    schema: u32,
    /// The mlenv that wrote it.
    mlenv: String,
    /// What the env links.
    pub(crate) layout: Layout,
    /// Whether packages in `~/.local` are seen.
    pub(crate) user_site: bool,
    /// What it stands on.
    pub(crate) base: ExportBase,
    /// What was asked for.
    #[serde(default, skip_serializing_if = "Requests::is_empty")]
    pub(crate) requests: Requests,
    /// What was there: conda packages as `version=build`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    conda: BTreeMap<String, String>,
    /// What was there: versions of Python packages.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pip: BTreeMap<String, String>,
    /// Where those came from that came from no index; empty where that is not known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    direct: BTreeMap<String, String>,
}

/// A base's identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct ExportBase {
    /// The name by which it was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// Its path.
    pub(crate) path: PathText,
    kind: BaseKind,
    python: String,
    /// A hash of its content.
    packages: String,
    /// Its image's digest, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    image: Option<String>,
    /// The container that it is in, where it is in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) container: Option<Container>,
}

/// A container that a base is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Container {
    /// What ran it.
    pub(crate) engine: Engine,
    /// The image: a reference, or a path; none where the container did not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) image: Option<PathText>,
    /// Which of the images that had this reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) digest: Option<String>,
}

/// What has to be installed to make the env again.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    /// Specs for a conda client.
    pub(crate) conda: Vec<String>,
    /// Names among them that the base has in another version.
    pub(crate) lifted: Vec<String>,
    /// What pip is to install from an index.
    pub(crate) pip: Vec<String>,
    /// What pip is to install from where it came.
    pub(crate) direct: Vec<Direct>,
    /// What the base has now, in the version that was there.
    pub(crate) met: Vec<String>,
}

impl Export {
    /// Describes an env with its own packages, and where some of them came from.
    pub(crate) fn new(
        record: &Record,
        own: &[Installed],
        places: &BTreeMap<String, Direct>,
    ) -> Self {
        let base = &record.base;
        let of = |by: Manager| own.iter().filter(move |package| package.by == by);
        let exact = |package: &Installed| match &package.build {
            Some(build) => format!("{}={build}", package.version),
            None => package.version.clone(),
        };
        let pairs = |by| of(by).map(|package| (package.name.clone(), exact(package))).collect();
        let place = |package: &Installed| {
            let place = places.get(&package.key())?;
            Some((package.name.clone(), place.words.clone()))
        };
        let direct: BTreeMap<_, _> = of(Manager::Pip).filter_map(place).collect();
        Self {
            schema: if direct.is_empty() { WITHOUT_PLACES } else { SCHEMA },
            mlenv: record.mlenv.clone(),
            layout: record.layout,
            user_site: record.user_site,
            base: ExportBase {
                name: base.name.clone(),
                path: base.path.clone(),
                kind: base.kind,
                python: base.python.clone(),
                packages: base.fingerprint.packages.clone(),
                image: base.fingerprint.image.clone(),
                container: record.container.as_ref().map(|place| Container {
                    engine: place.engine,
                    image: place.image.clone(),
                    digest: place.digest.clone(),
                }),
            },
            requests: record.requests.without_secrets(),
            conda: pairs(Manager::Conda),
            pip: pairs(Manager::Pip),
            direct,
        }
    }

    /// The file's text.
    pub(crate) fn text(&self) -> Result<String> {
        let text = toml::to_string(self);
        let text = text.map_err(|cause| Error::new(format!("could not write the env: {cause}")))?;
        Ok(format!("{HEAD}{text}"))
    }

    /// Reads a file's text.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self> {
        #[derive(Deserialize)]
        struct ExportVersion {
            schema: u32,
        }
        let text = String::from_utf8_lossy(bytes);
        let newer =
            toml::from_str::<ExportVersion>(&text).is_ok_and(|version| version.schema > SCHEMA);
        if newer {
            return Err(Error::new("it was written by a newer mlenv").hint("use that version"));
        }
        let export: Self = toml::from_str(&text).map_err(|_| {
            let (what, cure) = instead_of_export(bytes);
            Error::new(what).hint(cure)
        })?;
        export.check().map_err(|error| error.hint("`mlenv export` writes such files"))?;
        Ok(export)
    }

    /// Names and versions become words for tools: what is none is refused before anything is made.
    fn check(&self) -> Result<()> {
        for (name, exact) in &self.conda {
            let (version, build) = exact.split_once('=').unwrap_or((exact, "0"));
            checked::exact(name, version)?;
            checked::exact(name, build.trim_start_matches('_'))?;
        }
        self.pip.iter().try_for_each(|(name, version)| checked::exact(name, version))?;
        let places = self.direct.values().filter(|words| !words.is_empty());
        places.into_iter().try_for_each(|words| checked::request(words))?;
        self.requests.check()
    }

    /// What is to be installed on `base`, which holds `below`. On the base that it was exported from everything is to
    /// be exactly as it was; on another one, builds of conda packages are the client's to choose.
    pub(crate) fn needs(&self, base: &Base, below: &[Installed]) -> Needs {
        let same = base.fingerprint.packages == self.base.packages;
        let of_base = |name: &str| below.iter().find(|package| package.key() == key(name));
        let mut needs = Needs::default();
        for (name, exact) in &self.conda {
            let (version, build) = exact.split_once('=').unwrap_or((exact, ""));
            match of_base(name) {
                Some(there) if there.version == version && !same => {
                    needs.met.push(shown(&format!("{name} {version}")));
                    continue;
                }
                Some(there) if there.by == Manager::Conda => needs.lifted.push(there.name.clone()),
                _ => {}
            }
            needs.conda.push(if same && !build.is_empty() {
                format!("{name}={version}={build}")
            } else {
                format!("{name}=={version}")
            });
        }
        self.pip_needs(&mut needs, |name, version| {
            of_base(name).is_some_and(|there| there.version == version)
        });
        needs
    }

    /// What came from a place of its own is asked for from there again.
    fn pip_needs(&self, needs: &mut Needs, is_met: impl Fn(&str, &str) -> bool) {
        for (name, version) in &self.pip {
            match self.place(name) {
                Some(words) => needs.direct.push(Direct { name: name.clone(), words }),
                None if is_met(name, version) => {
                    needs.met.push(shown(&format!("{name} {version}")));
                }
                None => needs.pip.push(format!("{name}=={version}")),
            }
        }
    }

    /// Where a package came from, if from no index: as it says itself, or as the user said. An address of a repository
    /// that was installed editable is worth more than its copy in the old env.
    fn place(&self, name: &str) -> Option<String> {
        let of = |pairs: &BTreeMap<String, String>| {
            let pair = pairs.iter().find(|(known, _)| key(known) == key(name));
            pair.map(|(_, words)| words.clone())
        };
        let asked = of(&self.requests.pip).filter(|words| {
            words.starts_with("-e ") || name_of(words).is_none() || words.contains(" @ ")
        });
        let asked = asked.map(|words| match words.split_once(" @ ") {
            Some((_, address)) => address.trim().to_owned(),
            None => words,
        });
        let is_copy =
            asked.as_ref().is_some_and(|words| words.starts_with("-e ") && words.contains("://"));
        if is_copy { asked } else { of(&self.direct).or(asked) }
    }

    /// How `base` differs from the one that it was exported from; none where it does not.
    pub(crate) fn base_difference(&self, base: &Base) -> Option<String> {
        let then = &self.base;
        let mut words = Vec::new();
        if then.kind != base.kind {
            words.push(format!("it is {}, and was {}", base.kind.name(), then.kind.name()));
        }
        if then.python != base.python.version {
            let (then, now) = (shown(&then.python), shown(&base.python.version));
            words.push(format!("Python {now}, and was {then}"));
        }
        if then.packages != base.fingerprint.packages {
            words.push("other packages".to_owned());
        }
        (!words.is_empty()).then(|| words.join("; "))
    }

    /// How an env that was made again differs: what is missing, what has another version, what came along.
    pub(crate) fn differences(&self, own: &[Installed], met: &[String]) -> Vec<String> {
        let mut lines = Vec::new();
        let mut known = BTreeSet::new();
        for (name, exact) in self.conda.iter().chain(&self.pip) {
            let version = exact.split('=').next().unwrap_or(exact);
            known.insert(key(name));
            let was = shown(&format!("{name} {version}"));
            match own.iter().find(|package| package.key() == key(name)) {
                None if !met.contains(&was) => lines.push(format!("missing: {was}")),
                Some(now) if now.version != version => {
                    lines.push(format!("{was} is {} now", shown(&now.version)));
                }
                _ => {}
            }
        }
        let more = own.iter().filter(|package| !known.contains(&package.key()));
        lines.extend(more.map(|package| {
            format!("new: {}", shown(&format!("{} {}", package.name, package.version)))
        }));
        lines
    }
}

#[cfg(test)]
mod tests;
