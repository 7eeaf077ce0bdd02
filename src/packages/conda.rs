//! The words of conda clients: arguments for them, and what their `--json` says. Pure.
//!
//! micromamba 2, mamba and conda take the same arguments for what is needed here, and print the same `actions`.

use std::ffi::OsString;
use std::path::Path;

use serde::Deserialize;

use super::transaction::{Item, Transaction};
use crate::error::{Error, FailureKind, Result};
use crate::specs::checked;
use crate::text::shown;

/// What a client is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Errand {
    /// Put packages there.
    Install {
        /// Channels besides those of the user's settings.
        channels: Vec<String>,
        /// Specs.
        specs: Vec<String>,
    },
    /// Put packages that are there in place again.
    Again {
        /// Channels besides those of the user's settings.
        channels: Vec<String>,
        /// Exact specs.
        specs: Vec<String>,
    },
    /// Put just these archives there, whatever they need.
    Exactly {
        /// The same as exact specs.
        specs: Vec<String>,
        /// Addresses and hashes (sha256).
        archives: Vec<(String, String)>,
    },
    /// Put the newest that fits in the place of what was added.
    Update {
        /// Channels besides those of the user's settings.
        channels: Vec<String>,
        /// What was asked for, which still holds.
        specs: Vec<String>,
        /// The packages that are meant.
        names: Vec<String>,
    },
    /// Take packages away, and what needs them.
    Remove(Vec<String>),
    /// Take away just these.
    RemoveOnly(Vec<String>),
}

impl Errand {
    /// Refuses words that a client would take for something else than packages and channels.
    pub(crate) fn check(&self) -> Result<()> {
        match self {
            Self::Install { channels, specs } | Self::Again { channels, specs } => {
                channels.iter().try_for_each(|channel| checked::channel(channel))?;
                specs.iter().try_for_each(|spec| checked::match_spec(spec))
            }
            Self::Exactly { specs, .. } => {
                specs.iter().try_for_each(|spec| checked::match_spec(spec))
            }
            Self::Update { channels, specs, names } => {
                channels.iter().try_for_each(|channel| checked::channel(channel))?;
                specs.iter().chain(names).try_for_each(|spec| checked::match_spec(spec))
            }
            Self::Remove(names) | Self::RemoveOnly(names) => {
                names.iter().try_for_each(|name| checked::match_spec(name))
            }
        }
    }
}

/// Whether it is only to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// It tells what it would do, as JSON.
    Tell,
    /// It does it.
    Act,
}

/// The arguments for a client.
pub(crate) fn arguments(env: &Path, errand: &Errand, mode: Mode) -> Vec<OsString> {
    let (verb, names) = match errand {
        Errand::Install { specs, .. }
        | Errand::Again { specs, .. }
        | Errand::Exactly { specs, .. } => ("install", specs),
        Errand::Update { names, .. } => ("update", names),
        Errand::Remove(names) | Errand::RemoveOnly(names) => ("remove", names),
    };
    let mut words: Vec<OsString> = [verb, "-y", "-p"].map(OsString::from).into();
    words.push(env.as_os_str().to_owned());
    match errand {
        Errand::Install { channels, .. }
        | Errand::Again { channels, .. }
        | Errand::Update { channels, .. } => {
            words.extend(channels.iter().flat_map(|channel| ["-c".into(), channel.into()]));
        }
        Errand::RemoveOnly(_) => words.push("--force".into()),
        Errand::Remove(_) | Errand::Exactly { .. } => {}
    }
    if matches!(errand, Errand::Again { .. }) {
        words.push("--force-reinstall".into());
    }
    if mode == Mode::Tell {
        words.extend(["--dry-run", "--json"].map(OsString::from));
    }
    words.extend(names.iter().map(OsString::from));
    words
}

/// What a client answers.
#[derive(Deserialize)]
struct ClientAnswer {
    #[serde(default)]
    success: bool,
    #[serde(default)]
    actions: Option<Actions>,
    #[serde(default)]
    solver_problems: Vec<String>,
    /// micromamba's own log: the reason of most refusals stands there alone.
    #[serde(default)]
    log_history: Vec<Logged>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    message: Option<String>,
}

/// A line of that log: libmamba's `LogRecord` as JSON, which also has `source` and perhaps `location`.
#[derive(Deserialize)]
struct Logged {
    /// trace, debug, info, warning, error or critical.
    #[serde(default)]
    level: String,
    #[serde(default)]
    message: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct Actions {
    #[serde(default)]
    link: Vec<Item>,
    #[serde(default)]
    unlink: Vec<Item>,
}

/// Reads a client's answer to `Mode::Tell`; its refusal is an error in its own words.
pub(crate) fn transaction(answer: &[u8]) -> Result<Transaction> {
    let documents = serde_json::Deserializer::from_slice(answer).into_iter::<ClientAnswer>();
    let answer = documents.filter_map(std::result::Result::ok).last();
    let answer = answer.ok_or_else(|| Error::new("it gave no answer that can be understood"))?;
    if !answer.success {
        let reason = answer.reason();
        let pins = pins_in(&reason).into_iter().map(str::to_owned).collect();
        return Err(Error::new(cut(&reason)).of_kind(FailureKind::Pinned(pins)));
    }
    let actions = answer.actions.unwrap_or_default();
    Ok(Transaction { come: actions.link, go: actions.unlink, fetch: None })
}

/// What micromamba's solver says of every request that it cannot fulfil: no reason at all.
const NO_REASON: &str = "unsupported request";

impl ClientAnswer {
    /// Why it cannot, in the client's words; what names a pin stands first, as long explanations are cut.
    fn reason(self) -> String {
        let failures = self.log_history.into_iter().filter(Logged::is_failure);
        let logged = failures.map(|line| line.message);
        let problems = self.solver_problems.into_iter().filter(|problem| problem != NO_REASON);
        let problems = std::iter::once(problems.collect::<Vec<_>>().join("; "));
        let told = [self.error, self.message].into_iter().flatten();
        let mut words: Vec<String> = logged.chain(problems).chain(told).collect();
        for words in &mut words {
            *words = one_line(words);
        }
        words.retain(|words| !words.is_empty());
        words.sort_by_key(|words| pins_in(words).is_empty());
        let first = words.into_iter().next();
        first.unwrap_or_else(|| "it cannot, and does not say why".to_owned())
    }
}

impl Logged {
    fn is_failure(&self) -> bool {
        matches!(self.level.as_str(), "error" | "critical")
    }
}

/// The packages whose pins a client's words name as the reason, each client in its own way:
/// `pin on NAME ==V` and `pin-RANDOM-1 has constraint NAME ==V` micromamba, `pinned specs: - NAME==V` conda's classic
/// solver, `the constraint NAME ==V BUILD cannot be fulfilled` its rattler solver.
fn pins_in(words: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (at, mark) in words.match_indices("pin on ") {
        found.extend(name_at(&words[at + mark.len()..]));
    }
    for (at, mark) in words.match_indices(" has constraint ") {
        let subject = words[..at].split_whitespace().next_back().unwrap_or_default();
        if subject.starts_with("pin-") {
            found.extend(name_at(&words[at + mark.len()..]));
        }
    }
    for (at, mark) in words.match_indices("the constraint ") {
        let rest = &words[at + mark.len()..];
        if rest.split_once(" cannot be fulfilled").is_some_and(|(spec, _)| spec.len() < ENOUGH / 4)
        {
            found.extend(name_at(rest));
        }
    }
    if let Some((_, list)) = words.split_once("pinned specs:") {
        found.extend(list.split_whitespace().filter(|word| *word != "-").filter_map(name_at));
    }
    found
}

/// The name with which a spec begins, behind a quote.
fn name_at(spec: &str) -> Option<&str> {
    let spec = spec.trim_start_matches(['"', '\'', '`', ' ']);
    let end = spec.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)));
    Some(&spec[..end.unwrap_or(spec.len())]).filter(|name| !name.is_empty())
}

/// Much of a client's explanation is advice for its own users.
const ENOUGH: usize = 400;

fn one_line(words: &str) -> String {
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn cut(line: &str) -> String {
    let cut: String = line.chars().take(ENOUGH).collect();
    shown(&if cut.len() < line.len() { cut + " ..." } else { cut })
}

/// Who understands a spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// Pip does, and perhaps a conda client too.
    Pips,
    /// Only a conda client; pip would say it in these words.
    Condas(String),
    /// Only a conda client, and pip has no words for it.
    CondasAlone,
}

impl Spelling {
    fn condas(pips: Option<String>) -> Self {
        pips.map_or(Self::CondasAlone, Self::Condas)
    }
}

/// Who understands `spec`.
pub(crate) fn spelling(spec: &str) -> Spelling {
    let spec = spec.split(';').next().unwrap_or(spec).trim();
    if spec.contains(" @ ") || spec.contains("://") {
        return Spelling::Pips;
    }
    if spec.contains("::") || spec.contains('|') {
        return Spelling::CondasAlone;
    }
    let name = name_at(spec).filter(|name| name.starts_with(|c: char| c.is_ascii_alphanumeric()));
    let Some(name) = name else { return Spelling::Pips };
    let rest = spec[name.len()..].trim_start();
    if rest.starts_with(|c: char| c.is_ascii_digit()) {
        let pips = (!rest.contains([' ', '='])).then(|| format!("{name}=={rest}"));
        return Spelling::condas(pips);
    }
    let is_single = |at: usize| {
        let around = [at.checked_sub(1), Some(at + 1)];
        let around = around.into_iter().flatten().filter_map(|at| rest.as_bytes().get(at));
        !around.copied().any(|byte| b"=<>!~".contains(&byte))
    };
    let single = rest.match_indices('=').find(|(at, _)| is_single(*at));
    let Some((single, _)) = single else { return Spelling::Pips };
    let version = rest[single + 1..].trim_end_matches(['*', '.']);
    let is_plain = single == 0 && !version.is_empty() && !version.contains(['=', ',', ']', ' ']);
    Spelling::condas(is_plain.then(|| format!("{name}=={version}.*")))
}

#[cfg(test)]
mod tests;
