//! What an env has: the records of its own packages and of the base's, and what `conda-meta/pinned` says of them.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use super::offer::Offer;
use super::recorded::{of_base, of_env};
use crate::env::pinned;
use crate::error::{Attempt, Result};
use crate::foreign::{self, FileKind};
use crate::parallel;

/// The packages of an env.
#[derive(Clone, Debug, Default)]
pub(crate) struct Here {
    pub(crate) offers: Vec<Offer>,
    /// Those of the base, by name.
    pub(crate) of_base: HashSet<String>,
    /// Those of the base that stay as they are, by name.
    pub(crate) pinned: HashSet<String>,
    /// What the user wants of others, in conda's words.
    pub(crate) constraints: Vec<String>,
}

impl Here {
    /// Reads the records of the env at `env`. Those of the base's packages are without their files.
    pub(crate) fn read(env: &Path) -> Result<Self> {
        let records = records(env)?;
        let read = parallel::map(parallel::for_cpu(), records.len(), |at| {
            let (path, is_link) = &records[at];
            of_env(path, *is_link)
        })?;
        let mut by_name: BTreeMap<String, (Offer, bool)> = BTreeMap::new();
        for (offer, is_base) in read {
            let key = offer.key();
            // Beside one of the env's own the base's does not count.
            if !is_base || !by_name.contains_key(&key) {
                by_name.insert(key, (offer, is_base));
            }
        }
        let mut here = Self::default();
        for (name, (offer, is_base)) in by_name {
            if is_base {
                here.of_base.insert(name);
            }
            here.offers.push(offer);
        }
        let file = env.join("conda-meta/pinned");
        match foreign::read_if_there(&file, FileKind::PackageData)? {
            Some(text) => here.pin(&String::from_utf8_lossy(&text)),
            None => here.pinned.clone_from(&here.of_base),
        }
        Ok(here)
    }

    /// A base as an env on it would have it: all of it pinned.
    pub(crate) fn of_base(prefix: &Path) -> Result<Self> {
        let records = records(prefix)?;
        let read = parallel::map(parallel::for_cpu(), records.len(), |at| of_base(&records[at].0))?;
        let by_name: BTreeMap<String, Offer> =
            read.into_iter().map(|offer| (offer.key(), offer)).collect();
        let names: HashSet<String> = by_name.keys().cloned().collect();
        let offers = by_name.into_values().collect();
        Ok(Self { offers, pinned: names.clone(), of_base: names, constraints: Vec::new() })
    }

    /// The user's constraints, and that everything stands on the Python that is there: another minor version would be
    /// another env.
    pub(crate) fn all_constraints(&self) -> Vec<String> {
        let python = self.find("python").and_then(|python| {
            let mut parts = python.facts.version.split('.');
            Some(format!("python {}.{}.*", parts.next()?, parts.next()?))
        });
        self.constraints.iter().cloned().chain(python).collect()
    }

    /// A line of mlenv's own about a package of the base as it is pins it; any other is a constraint.
    fn pin(&mut self, text: &str) {
        let is_comment = |line: &&str| line.is_empty() || line.starts_with('#');
        for line in text.lines().map(str::trim).filter(|line| !is_comment(line)) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let found = self.find(words[0]).filter(|offer| {
                let facts = &offer.facts;
                words.len() == 3
                    && words[1].strip_prefix("==") == Some(&facts.version)
                    && words[2] == facts.build
            });
            match found.map(Offer::key).filter(|key| self.of_base.contains(key)) {
                Some(key) => {
                    self.pinned.insert(key);
                }
                None => self.constraints.push(line.to_owned()),
            }
        }
        // A pin of the base's on what the env has of its own by now says nothing of it.
        let own: HashSet<String> = self.own().map(Offer::key).collect();
        self.constraints.retain(|line| {
            let is_ours = line.split_whitespace().nth(1).is_some_and(|word| word.starts_with("=="));
            let names = pinned::names(line);
            !(is_ours && names.iter().any(|name| own.contains(name)))
        });
    }

    /// The package of this name.
    pub(crate) fn find(&self, name: &str) -> Option<&Offer> {
        self.offers.iter().find(|offer| offer.facts.name.eq_ignore_ascii_case(name))
    }

    /// The env's own packages.
    pub(crate) fn own(&self) -> impl Iterator<Item = &Offer> {
        self.offers.iter().filter(|offer| !self.of_base.contains(&offer.key()))
    }
}

/// Every record, and whether it is a link.
fn records(env: &Path) -> Result<Vec<(PathBuf, bool)>> {
    let dir = env.join("conda-meta");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&dir).attempt("read", &dir)? {
        let entry = entry.attempt("read", &dir)?;
        let path = entry.path();
        if path.extension().is_some_and(|end| end == "json") {
            found.push((path, entry.file_type().is_ok_and(|kind| kind.is_symlink())));
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(records: &[(&str, &str)], pins: &str) -> (tempfile::TempDir, Here) {
        let dir = tempfile::tempdir().unwrap();
        let meta = dir.path().join("conda-meta");
        crate::fs::make_dirs(&meta, 0o755).unwrap();
        for (stem, mark) in records {
            let mut parts = stem.rsplitn(3, '-');
            let (build, version) = (parts.next().unwrap(), parts.next().unwrap());
            let text = format!(
                r#"{{{mark}"name": "{}", "version": "{version}", "build": "{build}", "build_number": 0, "channel": "https://x/c/noarch", "subdir": "noarch"}}"#,
                parts.next().unwrap()
            );
            crate::fs::write_new(&meta.join(format!("{stem}.json")), text.as_bytes()).unwrap();
        }
        crate::fs::write_new(&meta.join("pinned"), pins.as_bytes()).unwrap();
        let here = Here::read(dir.path()).unwrap();
        (dir, here)
    }

    const BASE: &str = r#""mlenv": "base", "#;

    #[test]
    fn the_bases_packages_are_pinned_by_mlenvs_own_lines_and_the_users_are_constraints() {
        let records =
            [("numpy-1.26-0", BASE), ("six-1.16-0", BASE), ("own-2-0", ""), ("own-1-0", BASE)];
        let pins = "# mine\nnumpy ==1.26 0\nown ==1 0\nscipy <2\nsix ==1.15 0\n";
        let (_dir, here) = env(&records, pins);
        assert_eq!(here.pinned, HashSet::from(["numpy".to_owned()]));
        assert_eq!(here.constraints, ["scipy <2", "six ==1.15 0"]);
        let own: Vec<String> = here.own().map(Offer::stem).collect();
        assert_eq!(own, ["own-2-0"]);
        assert_eq!(here.find("own").unwrap().channel, "https://x/c");
    }
}
