//! An env as one small file: what it stands on, what was asked for, and what exactly was there. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::pip::Ask;
use super::requests::{Requests, name_of};
use crate::base::{Base, Kind};
use crate::care::installed::{Installed, Manager, key};
use crate::error::{Error, Result};
use crate::overlay::layout::Layout;
use crate::overlay::record::Record;
use crate::text::{PathText, shown};

/// The version of the format that is written; a later one is refused.
const SCHEMA: u32 = 1;

/// The file's first line, for whoever opens it.
const HEAD: &str = "# An env of mlenv. `mlenv create -n NAME --from FILE` makes it again.\n";

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
    pub(crate) base: Ground,
    /// What was asked for.
    #[serde(default, skip_serializing_if = "Requests::is_empty")]
    pub(crate) requests: Requests,
    /// What was there: conda packages as `version=build`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    conda: BTreeMap<String, String>,
    /// What was there: versions of Python packages.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pip: BTreeMap<String, String>,
}

/// A base's identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Ground {
    /// The name by which it was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// Its path.
    pub(crate) path: PathText,
    kind: Kind,
    python: String,
    /// A hash of its content.
    packages: String,
    /// Its image's digest, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    image: Option<String>,
}

/// What has to be installed to make the env again.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    /// Specs for a conda client.
    pub(crate) conda: Vec<String>,
    /// Names among them that the base has in another version.
    pub(crate) lifted: Vec<String>,
    /// What pip is to install.
    pub(crate) pip: Ask,
    /// What the base has now, in the version that was there.
    pub(crate) met: Vec<String>,
}

impl Export {
    /// Describes an env with its own packages.
    pub(crate) fn new(record: &Record, own: &[Installed]) -> Self {
        let base = &record.base;
        let of = |by: Manager| own.iter().filter(move |package| package.by == by);
        let exact = |package: &Installed| match &package.build {
            Some(build) => format!("{}={build}", package.version),
            None => package.version.clone(),
        };
        let pairs = |by| of(by).map(|package| (package.name.clone(), exact(package))).collect();
        Self {
            schema: SCHEMA,
            mlenv: record.mlenv.clone(),
            layout: record.layout,
            user_site: record.user_site,
            base: Ground {
                name: base.name.clone(),
                path: base.path.clone(),
                kind: base.kind,
                python: base.python.clone(),
                packages: base.fingerprint.packages.clone(),
                image: base.fingerprint.image.clone(),
            },
            requests: record.requests.clone(),
            conda: pairs(Manager::Conda),
            pip: pairs(Manager::Pip),
        }
    }

    /// The file's text.
    pub(crate) fn text(&self) -> Result<String> {
        let text = toml::to_string(self);
        let text = text.map_err(|cause| Error::new(format!("could not write the env: {cause}")))?;
        Ok(format!("{HEAD}{text}"))
    }

    /// Reads a file's text.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        #[derive(Deserialize)]
        struct Version {
            schema: u32,
        }
        let newer = toml::from_str::<Version>(text).is_ok_and(|version| version.schema > SCHEMA);
        if newer {
            return Err(Error::new("it was written by a newer mlenv").hint("use that version"));
        }
        toml::from_str(text).map_err(|cause| {
            Error::new(cause.to_string().trim_end().to_owned())
                .hint("`mlenv export` writes such files")
        })
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
            let asked = self.requests.pip.iter().find(|(asked, _)| key(asked) == key(name));
            match asked.map(|(_, spec)| spec) {
                Some(spec) if spec.starts_with("-e ") => {
                    needs.pip.editables.push(spec[3..].into());
                }
                Some(spec) if name_of(spec).is_none() || spec.contains(" @ ") => {
                    needs.pip.specs.push(spec.clone());
                }
                _ if is_met(name, version) => needs.met.push(shown(&format!("{name} {version}"))),
                _ => needs.pip.specs.push(format!("{name}=={version}")),
            }
        }
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
mod tests {
    use super::*;
    use crate::overlay::record::tests::SAMPLE;

    fn package(name: &str, version: &str, build: Option<&str>) -> Installed {
        let by = if build.is_some() { Manager::Conda } else { Manager::Pip };
        Installed { name: name.into(), version: version.into(), build: build.map(Into::into), by }
    }

    fn export() -> Export {
        let mut record: Record = toml::from_str(SAMPLE).unwrap();
        record.requests.pip.insert("demo".into(), "-e /a b".into());
        let own = [
            package("numpy", "2.0", Some("py_0")),
            package("demo", "1", None),
            package("six", "1.17", None),
        ];
        Export::new(&record, &own)
    }

    fn base(packages: &str) -> Base {
        let record: Record = toml::from_str(SAMPLE).unwrap();
        let mut fingerprint = record.base.fingerprint.clone();
        fingerprint.packages = packages.into();
        let python = crate::base::Python {
            version: "3.11.7".into(),
            lib: "python3.11".into(),
            executable: "python3.11".into(),
            lib64: false,
        };
        Base { named: "/b".into(), prefix: "/b".into(), kind: Kind::Conda, python, fingerprint }
    }

    #[test]
    fn an_export_comes_back_as_it_was_and_a_newer_one_is_refused() {
        let export = export();
        assert_eq!(Export::parse(&export.text().unwrap()).unwrap(), export);
        let newer = Export::parse("schema = 2\nother = 1").unwrap_err().to_string();
        assert!(newer.contains("newer mlenv"), "{newer}");
    }

    #[test]
    fn the_same_base_gets_the_same_builds_and_another_one_what_it_lacks() {
        let export = export();
        let below = [package("numpy", "1.26", Some("py_9")), package("six", "1.17", None)];
        let needs = export.needs(&base("x"), &below);
        assert_eq!(
            (needs.conda, needs.lifted),
            (vec!["numpy=2.0=py_0".into()], vec!["numpy".into()])
        );
        assert_eq!(export.base_difference(&base("x")), None);
        let needs = export.needs(&base("y"), &below);
        assert_eq!(needs.conda, ["numpy==2.0"]);
        assert_eq!(needs.met, ["six 1.17"]);
        assert_eq!((needs.pip.specs.len(), needs.pip.editables), (0, vec!["/a b".into()]));
        assert_eq!(export.base_difference(&base("y")).as_deref(), Some("other packages"));
        let needs = export.needs(&base("y"), &[package("numpy", "2.0", Some("py_9"))]);
        assert_eq!((needs.conda.len(), needs.met), (0, vec!["numpy 2.0".to_owned()]));
    }

    #[test]
    fn differences_name_what_is_missing_other_and_new() {
        let own = [package("numpy", "2.1", Some("py_0")), package("more", "1", None)];
        let lines = export().differences(&own, &["six 1.17".into()]);
        assert_eq!(lines, ["numpy 2.0 is 2.1 now", "missing: demo 1", "new: more 1"]);
    }
}
