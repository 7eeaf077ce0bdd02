//! The words of conda clients: arguments for them, and what their `--json` says. Pure.
//!
//! micromamba 2, mamba and conda take the same arguments for what is needed here, and print the same `actions`.

use std::ffi::OsString;
use std::path::Path;

use serde::Deserialize;

use super::forecast::{Forecast, Item};
use crate::error::{Error, Result};
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
    /// Take packages away, and what needs them.
    Remove(Vec<String>),
    /// Take away just these.
    RemoveOnly(Vec<String>),
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
        Errand::Install { specs, .. } => ("install", specs),
        Errand::Remove(names) | Errand::RemoveOnly(names) => ("remove", names),
    };
    let mut words: Vec<OsString> = [verb, "-y", "-p"].map(OsString::from).into();
    words.push(env.as_os_str().to_owned());
    match errand {
        Errand::Install { channels, .. } => {
            words.extend(channels.iter().flat_map(|channel| ["-c".into(), channel.into()]));
        }
        Errand::RemoveOnly(_) => words.push("--force".into()),
        Errand::Remove(_) => {}
    }
    if mode == Mode::Tell {
        words.extend(["--dry-run", "--json"].map(OsString::from));
    }
    words.extend(names.iter().map(OsString::from));
    words
}

/// What a client answers.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    success: bool,
    #[serde(default)]
    actions: Option<Actions>,
    #[serde(default)]
    solver_problems: Vec<String>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    message: Option<String>,
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
pub(crate) fn forecast(answer: &[u8]) -> Result<Forecast> {
    let documents = serde_json::Deserializer::from_slice(answer).into_iter::<Answer>();
    let answer = documents.filter_map(std::result::Result::ok).last();
    let answer = answer.ok_or_else(|| Error::new("it gave no answer that can be understood"))?;
    if !answer.success {
        let problems = answer.solver_problems.join("; ");
        let words = [Some(problems), answer.error, answer.message].into_iter().flatten();
        let words = words.map(|words| condensed(&words)).find(|words| !words.is_empty());
        return Err(Error::new(words.unwrap_or_else(|| "it cannot, and does not say why".into())));
    }
    let actions = answer.actions.unwrap_or_default();
    Ok(Forecast { come: actions.link, go: actions.unlink })
}

/// Much of a client's explanation is advice for its own users.
const ENOUGH: usize = 400;

/// Many lines as one.
fn condensed(words: &str) -> String {
    let line: Vec<&str> = words.split_whitespace().collect();
    let line = line.join(" ");
    let cut: String = line.chars().take(ENOUGH).collect();
    shown(&if cut.len() < line.len() { cut + " ..." } else { cut })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_would_do_is_read() {
        let text = br#"{"success": true, "actions": {"PREFIX": "/e", "FETCH": [],
            "UNLINK": [{"name": "toolz", "version": "0.12.1", "channel": "x"}],
            "LINK": [{"name": "toolz", "version": "1.0", "build_string": "0"}]}}"#;
        let found = forecast(text).unwrap();
        assert_eq!(
            (found.come[0].version.as_str(), found.go[0].version.as_str()),
            ("1.0", "0.12.1")
        );
        let nothing =
            br#"{"success": true, "message": "All requested packages already installed."}"#;
        assert_eq!(forecast(nothing).unwrap(), Forecast::default());
    }

    #[test]
    fn refusals_come_in_the_clients_words() {
        for (text, words) in [
            (
                &br#"{"success": false, "solver_problems": ["nothing provides x", "y"]}"#[..],
                "nothing provides x; y",
            ),
            (
                br#"{"error": "PackagesNotFound: none\n\n  - x\n", "exception_name": "P"}"#,
                "PackagesNotFound: none - x",
            ),
            (b"Traceback", "no answer that can be understood"),
        ] {
            let message = forecast(text).unwrap_err().to_string();
            assert!(message.contains(words), "{message}");
        }
    }

    #[test]
    fn arguments_are_words_and_never_text() {
        let errand =
            Errand::Install { channels: vec!["a b".into()], specs: vec!["x>=1,<2".into()] };
        let words = arguments(Path::new("/e $x"), &errand, Mode::Tell);
        assert_eq!(
            words,
            ["install", "-y", "-p", "/e $x", "-c", "a b", "--dry-run", "--json", "x>=1,<2"]
        );
        let words = arguments(Path::new("/e"), &Errand::RemoveOnly(vec!["x".into()]), Mode::Act);
        assert_eq!(words, ["remove", "-y", "-p", "/e", "--force", "x"]);
    }
}
