//! The two files that keep conda clients from wiping or replacing the base's packages: `history` and `pinned`.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::Path;

use super::change::Change;
use super::conda::{self, Own};
use super::facts::Facts;
use super::finding::{EnvFault, Finding};
use super::snapshot::Snapshot;
use crate::base::conda::Package;
use crate::env::content::Content;
use crate::foreign;
use crate::text::count;

const HISTORY: &str = "conda-meta/history";
const PINNED: &str = "conda-meta/pinned";

/// Findings on both; none where the env shows no conda packages.
pub(crate) fn findings(facts: &Facts) -> Vec<Finding> {
    let packages = conda::planned(&facts.plan);
    if packages.is_empty() {
        return Vec::new();
    }
    [history(facts, &packages), pins(facts, &packages)].into_iter().flatten().collect()
}

/// Every package of the base must count as asked for, and none that is not there.
fn history(facts: &Facts, packages: &[Package]) -> Option<Finding> {
    let text = read(facts, HISTORY)?;
    let (missing, gone) = unasked(&text, packages, &facts.own);
    if missing.is_empty() && gone.is_empty() {
        return None;
    }
    let text = renewed_history(text, &missing, &gone)?;
    let what = format!(
        "conda's history does not ask for {} of the base, and asks for {} that exist nowhere",
        count(missing.len(), "package", "packages"),
        gone.len()
    );
    let breaks = "`conda remove` of any package takes the first out of the env too; `conda install` brings the others";
    let names = missing.iter().chain(&gone).map(|name| crate::text::shown(name)).collect();
    let changes = vec![Change::rewrite(HISTORY, text.into_bytes())];
    Some(Finding::mended(EnvFault::CondaHistory, what, breaks, changes).about(names))
}

/// Pins that name what the base no longer has, and packages that are new in it. A pin that the user took away stays
/// away.
fn pins(facts: &Facts, packages: &[Package]) -> Option<Finding> {
    let text = read(facts, PINNED)?;
    let (wanted, stale) = renewed_pins(&text, packages, &facts.own, &facts.snapshot);
    if wanted == text {
        return None;
    }
    let what = format!(
        "conda-meta/pinned holds {} on what the base does not have, or lacks what is new in it",
        count(stale.len(), "pin", "pins")
    );
    let breaks = "conda clients refuse to install, as what is pinned cannot be found, or replace packages of the base";
    let changes = vec![Change::rewrite(PINNED, wanted.into_bytes())];
    Some(Finding::mended(EnvFault::CondaPins, what, breaks, changes).about(stale))
}

/// Both files for another base: what the clients and the user wrote stays.
pub(crate) fn carried_over(
    env: &Path,
    plan: &Content,
    own: &BTreeMap<String, Own>,
    snapshot: &Snapshot,
) -> Vec<Change> {
    let packages = conda::planned(plan);
    let text = |path: &str| {
        foreign::read_text(env.join(path), foreign::FileKind::PackageData)
            .ok()
            .filter(|_| !packages.is_empty())
    };
    let history = text(HISTORY).and_then(|text| {
        let (missing, gone) = unasked(&text, &packages, own);
        renewed_history(text, &missing, &gone)
    });
    let pins = text(PINNED).map(|text| renewed_pins(&text, &packages, own, snapshot).0);
    let files = [(HISTORY, history), (PINNED, pins)];
    files
        .into_iter()
        .filter_map(|(path, text)| Some(Change::rewrite(path, text?.into_bytes())))
        .collect()
}

/// Packages of the base that a history does not ask for, and what it asks for and nobody has.
fn unasked(
    history: &str,
    packages: &[Package],
    own: &BTreeMap<String, Own>,
) -> (Vec<String>, Vec<String>) {
    let asked = asked_for(history);
    let there: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    let missing =
        there.iter().filter(|name| !asked.contains(**name)).map(|name| (*name).to_owned());
    let is_gone = |name: &&String| !there.contains(name.as_str()) && !own.contains_key(*name);
    (missing.collect(), asked.iter().filter(is_gone).cloned().collect())
}

fn renewed_history(text: String, missing: &[String], gone: &[String]) -> Option<String> {
    let mut text = ended(text) + "==> 1970-01-01 00:00:00 <==\n# cmd: mlenv doctor --fix\n";
    for (what, names) in [("remove", gone), ("update", missing)] {
        if !names.is_empty() {
            let _ = writeln!(text, "# {what} specs: {}", serde_json::to_string(names).ok()?);
        }
    }
    Some(text)
}

/// The file's text; `None` where it is missing, which is another finding.
fn read(facts: &Facts, path: &str) -> Option<String> {
    let name = Path::new(path).file_name().and_then(OsStr::to_str)?;
    facts.snapshot.thing(OsStr::new("conda-meta"), OsStr::new(name))?;
    let text = foreign::read(facts.env.join(path), foreign::FileKind::PackageData).ok()?;
    Some(String::from_utf8_lossy(&text).into_owned())
}

/// The names that a history asks for in the end: what was removed later is not asked for any more.
fn asked_for(history: &str) -> BTreeSet<String> {
    let mut asked = BTreeSet::new();
    for line in history.lines() {
        if let Some(specs) =
            line.strip_prefix("# update specs:").or_else(|| line.strip_prefix("# install specs:"))
        {
            asked.extend(names(specs));
        } else if let Some(specs) =
            line.strip_prefix("# remove specs:").or_else(|| line.strip_prefix("# uninstall specs:"))
        {
            for name in names(specs) {
                asked.remove(&name);
            }
        }
    }
    asked
}

/// The names in a list of specs, `["numpy=1.26", 'conda-forge::six']`.
fn names(specs: &str) -> impl Iterator<Item = String> {
    let quoted = specs.split(['"', '\'']).skip(1).step_by(2);
    quoted.filter_map(|spec| {
        let spec = spec.rsplit("::").next()?.trim();
        let end = spec.find(|byte: char| !(byte.is_ascii_alphanumeric() || "-_.".contains(byte)));
        Some(spec[..end.unwrap_or(spec.len())].to_lowercase())
    })
}

/// The pins with those of ours brought up to date and those of new packages added, and the ones that were stale. A
/// pin of ours is a line of three words, `name ==version build`, for a package that the env has from its base.
fn renewed_pins(
    text: &str,
    packages: &[Package],
    own: &BTreeMap<String, Own>,
    snapshot: &Snapshot,
) -> (String, Vec<String>) {
    let (mut out, stale) = renewed(text, packages, own);
    let shown: BTreeSet<String> = snapshot
        .things("conda-meta")
        .filter_map(|(file, _)| Some(Package::from_record_name(file.to_str()?)?.name))
        .collect();
    let pinned: BTreeSet<String> =
        out.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect();
    for Package { name, version, build } in packages {
        if !shown.contains(name) && !pinned.contains(name) {
            let _ = writeln!(out, "{name} =={version} {build}");
        }
    }
    (out, stale)
}

/// As `renewed_pins`, but without new packages.
fn renewed(text: &str, packages: &[Package], own: &BTreeMap<String, Own>) -> (String, Vec<String>) {
    let mut now: BTreeMap<&str, Vec<&Package>> = BTreeMap::new();
    for package in packages {
        now.entry(&package.name).or_default().push(package);
    }
    let (mut out, mut stale) = (String::new(), Vec::new());
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let ours = of_ours(&words).filter(|(name, ..)| !own.contains_key(*name));
        let fits = ours.is_none_or(|(name, version, build)| {
            let same = |package: &&Package| package.version == version && package.build == build;
            now.get(name).is_some_and(|packages| packages.iter().any(same))
        });
        if fits {
            out = out + line + "\n";
            continue;
        }
        stale.push(crate::text::shown(line));
        for package in ours.and_then(|(name, ..)| now.get(name)).into_iter().flatten() {
            let _ = writeln!(out, "{} =={} {}", package.name, package.version, package.build);
        }
    }
    (out, stale)
}

fn of_ours<'a>(words: &[&'a str]) -> Option<(&'a str, &'a str, &'a str)> {
    match words {
        [name, version, build] => Some((name, version.strip_prefix("==")?, build)),
        _ => None,
    }
}

fn ended(mut text: String) -> String {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_is_read_to_its_end() {
        let history = "==> 1 <==\n# update specs: [\"numpy\",\"toolz\", 'conda-forge::six=1']\n\
                       ==> 2 <==\n# remove specs: ['toolz']\n# update specs: [\"cowsay[version='>=6']\"]\n";
        let asked: Vec<String> = asked_for(history).into_iter().collect();
        assert!(
            ["cowsay", "numpy", "six"].iter().all(|name| asked.contains(&(*name).to_owned())),
            "{asked:?}"
        );
        assert!(!asked.contains(&"toolz".to_owned()));
    }

    #[test]
    fn only_pins_of_ours_on_packages_of_the_base_are_renewed() {
        let package = |text: &str| Package::from_record_name(text).unwrap();
        let now = [package("numpy-2.0-0.json"), package("six-1-0.json"), package("own-3-0.json")];
        let own = Own { package: package("own-4-0.json"), record: "x".into() };
        let own = BTreeMap::from([("own".to_owned(), own)]);
        let text = "numpy ==1.0 0\nsix ==1 0\ngone ==1 0\nown ==3 9\n# mine\npython 3.11.*\n";
        let (wanted, stale) = renewed(text, &now, &own);
        assert_eq!(wanted, "numpy ==2.0 0\nsix ==1 0\nown ==3 9\n# mine\npython 3.11.*\n");
        assert_eq!(stale, ["numpy ==1.0 0", "gone ==1 0"]);
    }
}
