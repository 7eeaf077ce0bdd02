//! What is done with an image again and again: commands by name, for its containers. Pure.

use std::ffi::OsString;

use serde::Deserialize;

use super::Recipe;
use crate::error::{Error, Result};
use crate::text::shown;

/// Names that need not be written down.
pub(crate) const KNOWN: [&str; 3] = ["build", "run", "shell"];

/// A command, as it is written down.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(crate) enum Task {
    /// A line for the image's shell, behind which further words are put.
    Line(String),
    /// A program and its words.
    Words(Vec<String>),
}

impl Task {
    /// The command with these words behind it.
    pub(crate) fn command(&self, more: &[OsString]) -> Vec<OsString> {
        let first: Vec<OsString> = match self {
            Self::Line(line) => {
                let script = with_words(line);
                ["/bin/sh", "-c", &script, "task"].map(OsString::from).into()
            }
            Self::Words(words) => words.iter().map(OsString::from).collect(),
        };
        first.into_iter().chain(more.iter().cloned()).collect()
    }

    /// As it is written, in one line.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Line(line) => shown(line),
            Self::Words(words) => shown(&words.join(" ")),
        }
    }
}

/// A line of a shell with the words that come behind it, where it does not say itself where they go.
pub(super) fn with_words(line: &str) -> String {
    let line = line.trim_end();
    let says = ["$@", "${@", "$*", "${*", "$1", "${1"].iter().any(|word| line.contains(word));
    if says { line.to_owned() } else { format!("{line} \"$@\"") }
}

impl Recipe {
    /// The task of this name; `run` is what the image's containers do by themselves.
    pub(crate) fn task(&self, name: &str) -> Result<Task> {
        let own = || self.runscript.clone().map(Task::Line).filter(|_| name == "run");
        self.tasks.get(name).cloned().or_else(own).ok_or_else(|| {
            if name == "run" {
                return Error::no("the description does not say what its containers do")
                    .hint("`runscript = \"COMMAND\"` says it");
            }
            let known: Vec<String> = self.tasks.keys().map(|name| shown(name)).collect();
            let known = [known.join(", "), KNOWN.join(", ")].join(", ");
            Error::no(format!("the description has no task {}", shown(name)))
                .hint(format!("there are: {}", known.trim_start_matches(", ")))
        })
    }

    /// Refuses names that mean something already, and commands that are none.
    pub(super) fn check_tasks(&self) -> Result<()> {
        let is_word = |name: &str| {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            !name.is_empty() && name.bytes().all(fits) && !name.starts_with(['-', '.'])
        };
        for (name, task) in &self.tasks {
            if KNOWN.contains(&name.as_str()) || !is_word(name) {
                return Err(Error::new(format!("a task cannot be called \"{}\"", shown(name)))
                    .hint("build, run and shell are known without being written down; names have letters, digits and - _ ."));
            }
            let is_empty = match task {
                Task::Line(line) => line.trim().is_empty(),
                Task::Words(words) => words.first().is_none_or(String::is_empty),
            };
            if is_empty {
                return Err(Error::new(format!("the task {name} has no command")));
            }
        }
        Ok(())
    }
}

/// The name in an engine's store of the image that a description of this name makes, or a variant of it.
pub(crate) fn tag(stem: &str, variant: Option<&str>) -> String {
    let plain = |text: &str| {
        let fits = |c: char| {
            if c.is_ascii_alphanumeric() || c == '_' { c.to_ascii_lowercase() } else { '-' }
        };
        text.chars().map(fits).collect::<String>().trim_matches('-').to_owned()
    };
    let variant = variant.map(plain).filter(|name| !name.is_empty());
    format!("localhost/mlenv/{}:{}", plain(stem), variant.as_deref().unwrap_or("latest"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::recipe::read;

    #[test]
    fn tasks_are_lines_or_words_and_further_words_go_behind_them() {
        let text = "base = 'x'\nrunscript = 'serve'\n[tasks]\ntrain = 'python t.py'\ntest = ['pytest', '-q']\n";
        let recipe = read(text, None).unwrap();
        let told = |name: &str| {
            let words = recipe.task(name).unwrap().command(&["a b".into()]);
            words.iter().map(|word| word.to_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(told("train"), ["/bin/sh", "-c", "python t.py \"$@\"", "task", "a b"]);
        assert_eq!(told("test"), ["pytest", "-q", "a b"]);
        assert_eq!(told("run")[2], "serve \"$@\"");
        assert_eq!(
            with_words("exec python t.py \"$@\" --last\n"),
            "exec python t.py \"$@\" --last"
        );
        let error = recipe.task("tune").unwrap_err();
        assert_eq!(error.cure(), Some("there are: test, train, build, run, shell"));
        for bad in ["run = 'x'", "'a b' = 'x'", "a = ' '", "a = []"] {
            let text = format!("base = 'x'\n[tasks]\n{bad}\n");
            assert!(read(&text, None).is_err(), "{bad}");
        }
        assert_eq!(tag("My Lab", Some("gpu")), "localhost/mlenv/my-lab:gpu");
        assert_eq!(tag("lab", None), "localhost/mlenv/lab:latest");
    }
}
