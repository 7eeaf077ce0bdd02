//! Whether what packages need is there: of all that the env's Python sees, env over base.
//!
//! pip looks at that after each of its installations, uv and conda clients do not. Only what the env brought about is
//! told: a base that does not fit by itself is its keeper's.

mod meta;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use self::meta::Distribution;
use super::facts::Facts;
use super::finding::{EnvFault, Finding};
use crate::base::Base;
use crate::base::installed;
use crate::env::pyvenv;
use crate::foreign;
use crate::hint::command;
use crate::specs::condition::World;
use crate::specs::key;
use crate::specs::need::Need;
use crate::text::count;
use crate::text::shown;

/// Of many only so many are said in the sentence.
const FEW: usize = 3;

/// Distributions by the name that packagers compare.
type View = BTreeMap<String, Distribution>;

/// Requirements that do not hold.
pub(super) fn findings(facts: &Facts, base: &Base) -> Option<Finding> {
    let world = World::new(&base.python.version);
    let (own, below) = views(facts, base, &world);
    if own.is_empty() {
        return None; // the base as it is
    }
    let is_there = |need: &Need, seen: &[&View]| {
        let found = seen.iter().find_map(|view| view.get(&need.key));
        found.is_some_and(|found| need.is_met_by(&found.version))
    };
    let mut items = BTreeSet::new();
    let mut cures = Cures::default();
    let hidden = |name: &String| own.contains_key(name);
    let seen = own.iter().chain(below.iter().filter(|(name, _)| !hidden(name)));
    for (name, package) in seen {
        let of_base = !hidden(name);
        for need in package.needs.iter().filter(|need| !is_there(need, &[&own, &below])) {
            if of_base && !is_there(need, &[&below]) {
                continue; // so it was without the env
            }
            let has = own.get(&need.key).or_else(|| below.get(&need.key));
            items.insert(sentence(package, need, has));
            cures.add(need, of_base);
        }
    }
    if items.is_empty() {
        return None;
    }
    let first: Vec<&str> = items.iter().take(FEW).map(String::as_str).collect();
    let what = format!(
        "{} not hold: {}{}",
        count(items.len(), "requirement of a package does", "requirements of packages do"),
        first.join("; "),
        if items.len() > FEW { "; and more" } else { "" }
    );
    let breaks = "packages fail when they are imported or used";
    let told = Finding::told(EnvFault::RequirementsUnmet, what, breaks, cures.text(facts));
    Some(told.about(items.into_iter().collect()))
}

/// What is in the env, and what of the base is seen behind it.
fn views(facts: &Facts, base: &Base, world: &World) -> (View, View) {
    let by_key = |sites: Vec<std::path::PathBuf>| {
        let mut view = View::new();
        for package in sites.iter().flat_map(|site| meta::all(site, world)) {
            view.entry(package.key()).or_insert(package); // the first on Python's path
        }
        view
    };
    let own = by_key(installed::sites(facts.env, &base.python.lib, crate::base::BaseKind::Python));
    let config =
        foreign::read(facts.env.join(pyvenv::FILE), foreign::FileKind::Note).unwrap_or_default();
    if own.is_empty() || !pyvenv::shows_base(&config) {
        return (own, View::new());
    }
    (own, by_key(installed::sites(&base.prefix, &base.python.lib, base.kind)))
}

/// What the Python packages that an env shows need, in their own words, by name; the env's own before its base's.
pub(crate) fn of_all(env: &Path, base: &Base) -> BTreeMap<String, Vec<String>> {
    let world = World::new(&base.python.version);
    let own = installed::sites(env, &base.python.lib, crate::base::BaseKind::Python);
    let below = installed::sites(&base.prefix, &base.python.lib, base.kind);
    let mut found = BTreeMap::new();
    for package in own.iter().chain(&below).flat_map(|site| meta::all(site, &world)) {
        let needs = package.needs.iter().map(|need| need.text.clone()).collect();
        found.entry(package.key()).or_insert(needs);
    }
    found
}

/// A package of the base that would not fit any more.
pub(crate) struct Broken {
    /// Its name.
    pub(crate) name: String,
    /// What it needs, and what would be there.
    pub(crate) sentence: String,
}

/// Packages of the base whose requirements do not hold once these versions, by name, are in the env at `env`. What did
/// not hold before, and what the env has itself, is not told.
pub(crate) fn broken_by(env: &Path, base: &Base, coming: &[(&str, &str)]) -> Vec<Broken> {
    let world = World::new(&base.python.version);
    let view = |prefix: &Path, kind| -> View {
        let sites = installed::sites(prefix, &base.python.lib, kind);
        let all = sites.iter().flat_map(|site| meta::all(site, &world));
        all.map(|package| (package.key(), package)).collect()
    };
    let below = view(&base.prefix, base.kind);
    let own = view(env, crate::base::BaseKind::Python);
    let coming: BTreeMap<String, &str> =
        coming.iter().map(|(name, version)| (key(name), *version)).collect();
    let mut broken = Vec::new();
    let stays = |name: &&String| !own.contains_key(*name) && !coming.contains_key(*name);
    for name in below.keys().filter(stays) {
        let package = &below[name];
        let unmet = package.needs.iter().find_map(|need| {
            let version = coming.get(&need.key).filter(|version| !need.is_met_by(version))?;
            let was_met = below.get(&need.key).is_some_and(|found| need.is_met_by(&found.version));
            was_met.then_some((need, version))
        });
        broken.extend(unmet.map(|(need, version)| Broken {
            name: package.name.clone(),
            sentence: shown(&format!(
                "{} {} of the base needs {}, and {} {version} would come",
                package.name, package.version, need.text, need.key
            )),
        }));
    }
    broken
}

fn sentence(package: &Distribution, need: &Need, has: Option<&Distribution>) -> String {
    let there = has.map_or("it is not there".to_owned(), |has| format!("{} is there", has.version));
    shown(&format!("{} {} needs {}: {there}", package.name, package.version, need.text))
}

/// What a user can do: another version of what packages of the env need, the base's own for its packages.
#[derive(Default)]
struct Cures {
    install: BTreeSet<String>,
    uninstall: BTreeSet<String>,
}

impl Cures {
    fn add(&mut self, need: &Need, of_base: bool) {
        if of_base {
            self.uninstall.insert(need.key.clone());
        } else {
            self.install.insert(need.text.clone());
        }
    }

    fn text(&self, facts: &Facts) -> String {
        let filled = |template: &str, words: &BTreeSet<String>| {
            let words: Vec<String> = words.iter().cloned().collect();
            (!words.is_empty()).then(|| command(template, &[&facts.place, &words]))
        };
        let back = filled("mlenv uninstall -p {} {}", &self.uninstall)
            .map(|command| format!("{command} brings the base's back, which fits"));
        let new = filled("mlenv install --pip -p {} {}", &self.install)
            .map(|command| format!("{command} brings what is needed"));
        [back, new].into_iter().flatten().collect::<Vec<_>>().join("; ")
    }
}
