//! What is to be installed: rattler's solver asked about the packages of an env and of channels. The only file that knows
//! rattler's types.

pub(crate) mod order;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use rattler_conda_types::package::{BuildString, DistArchiveIdentifier};
use rattler_conda_types::{
    Channel, ChannelConfig, GenericVirtualPackage, MatchSpec, PackageRecord, ParseMatchSpecOptions,
    RepoDataRecord, RepodataRevision,
};
use rattler_solve::{ChannelPriority, SolveError, SolverImpl, SolverTask, resolvo};

use super::machine::Virtual;
use super::offer::{Facts, Offer};
use crate::error::{Error, Result};
use crate::text::shown;

/// A package that is asked for, and perhaps the address of the channel that it is to come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spec {
    pub(crate) words: String,
    pub(crate) channel: Option<String>,
}

/// Whether a channel that stands first keeps the packages of those behind it away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Priority {
    /// A package comes from the first channel that has it.
    Strict,
    /// From a later one where those of the first do not fit.
    #[default]
    Flexible,
    /// The newest counts, wherever it is.
    Disabled,
}

/// What is asked.
pub(crate) struct Question<'a> {
    /// What is there.
    pub(crate) installed: &'a [Offer],
    /// Of which of it the newest is wanted, by name; the offers have what is there too.
    pub(crate) moving: &'a HashSet<String>,
    /// Which of it stays as it is, by name.
    pub(crate) pinned: &'a HashSet<String>,
    /// What there could be, by channel, the first before the others.
    pub(crate) offers: &'a [Vec<Offer>],
    /// What is to be there.
    pub(crate) specs: &'a [Spec],
    /// What must hold of packages that are there.
    pub(crate) constraints: &'a [String],
    pub(crate) machine: &'a [Virtual],
    pub(crate) priority: Priority,
}

/// One package of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pick {
    /// Of what is there.
    Installed(usize),
    /// Of a channel: which, and which of its packages.
    Offered(usize, usize),
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// What is asked for does not go together, in the solver's words.
    Conflict(String),
    /// The question cannot be understood.
    Question(Error),
}

/// Chooses packages. All that is installed stays in some version; where that cannot be because the installed ones do
/// not fit each other even alone, only what is asked for has to fit.
pub(crate) fn solve(question: &Question) -> std::result::Result<Vec<Pick>, Trouble> {
    let records = Records::of(question);
    let all: Vec<&str> = names(question.installed).collect();
    match records.solve(question, &all) {
        Err(Trouble::Conflict(_)) if !is_consistent(&records, question, &all) => {
            let free = names(question.installed).filter(|name| !question.pinned.contains(*name));
            let free: Vec<&str> = free.collect();
            records.solve(question, &free)
        }
        other => other,
    }
}

/// For each of these specs, whether the question has an answer with it.
pub(crate) fn fitting(question: &Question, specs: &[Spec]) -> Vec<bool> {
    let records = Records::of(question);
    let all: Vec<&str> = names(question.installed).collect();
    let none = Question { specs: &[], ..*question };
    // What does not even fit itself is no obstacle, as in `solve`.
    let required = if records.solve(&none, &all).is_ok() { all } else { Vec::new() };
    let fits = |spec| {
        let asked = Question { specs: std::slice::from_ref(spec), ..*question };
        records.solve(&asked, &required).is_ok()
    };
    specs.iter().map(fits).collect()
}

fn names(offers: &[Offer]) -> impl Iterator<Item = &str> {
    offers.iter().map(|offer| offer.facts.name.as_str())
}

/// True where the installed packages fit each other and this machine.
fn is_consistent(records: &Records, question: &Question, all: &[&str]) -> bool {
    let alone = Question { offers: &[], specs: &[], constraints: &[], ..*question };
    records.solve(&alone, all).is_ok()
}

/// The same packages as rattler has them. Each has an address that says where it stands in the question.
struct Records {
    installed: Vec<RepoDataRecord>,
    offers: Vec<Vec<RepoDataRecord>>,
}

impl Records {
    fn of(question: &Question) -> Self {
        let installed = numbered(question.installed, "installed");
        let channels = question.offers.iter().enumerate();
        let offers = channels.map(|(at, offers)| numbered(offers, &at.to_string())).collect();
        Self { installed, offers }
    }

    fn solve(
        &self,
        question: &Question,
        required: &[&str],
    ) -> std::result::Result<Vec<Pick>, Trouble> {
        let asked = question.specs.iter().map(spec);
        let required = required.iter().map(|name| match_spec(name));
        let specs = asked.chain(required).collect::<Result<_>>().map_err(Trouble::Question)?;
        let constraints = question.constraints.iter().filter_map(|line| match_spec(line).ok());
        let is_pinned = |record: &&RepoDataRecord| {
            question.pinned.contains(record.package_record.name.as_normalized())
        };
        let stays = |record: &&RepoDataRecord| {
            !question.moving.contains(record.package_record.name.as_normalized())
        };
        let offers = if question.offers.is_empty() { &[][..] } else { &self.offers };
        let task = SolverTask {
            specs,
            constraints: constraints.collect(),
            locked_packages: self.installed.iter().filter(stays).collect(),
            pinned_packages: self.installed.iter().filter(is_pinned).collect(),
            virtual_packages: question.machine.iter().filter_map(virtual_package).collect(),
            channel_priority: match question.priority {
                Priority::Strict => ChannelPriority::Strict,
                Priority::Flexible => ChannelPriority::Flexible,
                Priority::Disabled => ChannelPriority::Disabled,
            },
            ..offers.iter().map(|records| records.iter()).collect()
        };
        let solved = resolvo::Solver.solve(task).map_err(|error| match error {
            SolveError::Unsolvable(why) => Trouble::Conflict(why.join("\n")),
            other => Trouble::Question(Error::new(format!(
                "could not find out what is to be installed: {}",
                shown(&other.to_string())
            ))),
        })?;
        Ok(solved.records.iter().filter_map(pick).collect())
    }
}

/// Where records of the question stand, as addresses that nobody else has.
const PLACE: &str = "mlenv:";

/// What rattler asks of a record and mlenv does not: old records of bases lack some of it.
fn bare(offer: &Offer) -> String {
    let Facts { name, version, build, depends, .. } = &offer.facts;
    let told = serde_json::json!({
        "name": name, "version": version, "build": build, "build_number": 0, "depends": depends,
    });
    told.to_string()
}

/// What rattler does not understand is left out, as it leaves it out of channels.
fn numbered(offers: &[Offer], of: &str) -> Vec<RepoDataRecord> {
    let mut channels: HashMap<&str, String> = HashMap::new();
    for offer in offers {
        let name = || channel(&offer.channel).map_or(String::new(), |it| it.canonical_name());
        channels.entry(&offer.channel).or_insert_with(name);
    }
    let record = |(at, offer): (usize, &Offer)| {
        let mut record: PackageRecord = serde_json::from_str(offer.raw.get())
            .or_else(|_| serde_json::from_str(&bare(offer)))
            .ok()?;
        if record.subdir.is_empty() {
            record.subdir.clone_from(&offer.subdir);
        }
        Some(RepoDataRecord {
            package_record: record,
            identifier: DistArchiveIdentifier::try_from_filename(&offer.file)?,
            url: format!("{PLACE}{of}/{at}").parse().ok()?,
            channel: channels.get(offer.channel.as_str()).cloned(),
        })
    };
    offers.iter().enumerate().filter_map(record).collect()
}

fn pick(record: &RepoDataRecord) -> Option<Pick> {
    let (of, at) = record.url.as_str().strip_prefix(PLACE)?.split_once('/')?;
    let at = at.parse().ok()?;
    Some(match of {
        "installed" => Pick::Installed(at),
        channel => Pick::Offered(channel.parse().ok()?, at),
    })
}

fn channel(address: &str) -> Option<Channel> {
    Channel::from_str(address, &ChannelConfig::default_with_root_dir("/".into())).ok()
}

fn spec(spec: &Spec) -> Result<MatchSpec> {
    let mut found = match_spec(&spec.words)?;
    if let Some(address) = &spec.channel {
        found.channel = channel(address).map(Arc::new);
    }
    Ok(found)
}

fn match_spec(words: &str) -> Result<MatchSpec> {
    // With extras and conditions (CEP 43, 44).
    let options = ParseMatchSpecOptions::lenient().with_repodata_revision(RepodataRevision::V3);
    MatchSpec::from_str(words, options).map_err(|cause| {
        Error::new(format!("could not understand \"{}\": {cause}", shown(words)))
            .hint("write versions as conda does: `numpy=2`, `'numpy>=2,<3'`")
    })
}

fn virtual_package(machine: &Virtual) -> Option<GenericVirtualPackage> {
    Some(GenericVirtualPackage {
        name: machine.name.parse().ok()?,
        version: machine.version.parse().ok()?,
        build_string: BuildString::new_unchecked(machine.build.clone()),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;

    fn offer(name: &str, version: &str, more: &str) -> Offer {
        let raw = format!(r#"{{"name": "{name}", "version": "{version}", "build": "0"{more}}}"#);
        Offer {
            facts: serde_json::from_str(&raw).unwrap(),
            file: format!("{name}-{version}-0.conda"),
            url: String::new(),
            channel: "https://x/c".into(),
            subdir: "noarch".into(),
            raw: RawValue::from_string(raw).unwrap(),
        }
    }

    /// What the question says of a base with `python` pinned, and a record in it that fits nothing.
    fn ask(
        base: &[Offer],
        offers: &[Vec<Offer>],
        spec: &str,
    ) -> std::result::Result<usize, Trouble> {
        let specs = [Spec { words: spec.to_owned(), channel: None }];
        let pinned: HashSet<String> = base.iter().map(Offer::key).collect();
        let (installed, pinned, specs) = (base, &pinned, &specs[..]);
        let (constraints, machine, priority) = (&[][..], &[][..], Priority::default());
        let moving = &HashSet::new();
        let question =
            Question { installed, moving, pinned, offers, specs, constraints, machine, priority };
        let picks = solve(&question)?;
        Ok(picks.iter().filter(|pick| matches!(pick, Pick::Offered(..))).count())
    }

    #[test]
    fn old_records_count_and_a_base_that_fits_not_even_itself_is_no_obstacle() {
        let needs = |what: &str| format!(r#", "build_number": 0, "depends": ["{what}"]"#);
        let base = [offer("python", "3.11.7", ""), offer("odd", "1", &needs("nothing-has-this"))];
        let offers = [vec![
            offer("app", "1", &needs("python >=3.8")),
            offer("app", "2", &needs("python >=3.12")),
            offer("late", "1", &needs("python >=3.12")),
        ]];
        assert_eq!(ask(&base, &offers, "app").unwrap(), 1);
        match ask(&base, &offers, "late") {
            Err(Trouble::Conflict(why)) => {
                assert!(why.contains("late") && !why.contains("odd"), "{why}");
            }
            other => panic!("{other:?}"),
        }
    }
}
