//! What the sources of a project import, and which packages bring that: asked of the env's own Python, which parses them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::run::surroundings;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::process::{Command, Words};
use crate::specs::{key, name_of};
use crate::text::Shown;

const SCRIPT: &str = include_str!("../../shell/python/imports.py");

/// What was found.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Imports {
    /// Packages that are imported, and where first: `src/fit.py:3`.
    pub(crate) needed: BTreeMap<String, String>,
    /// Modules that nothing here brings, and where they are imported.
    pub(crate) unknown: BTreeMap<String, String>,
    /// Files that could not be parsed, with the reason.
    pub(crate) unread: Vec<String>,
    /// Names and versions of all that Python sees.
    #[serde(skip_serializing)]
    installed: Vec<(String, String)>,
}

/// Looks through the sources below `dir` with the Python of the env at `env`.
pub(crate) fn of(context: &Context, env: &Path, dir: &Path) -> Result<Imports> {
    let vars = surroundings(env, context.host, &context.dirs)?;
    let command = Command::new(env.join("bin/python")).words(["-I", "-c", SCRIPT]).word(dir);
    let bar = context.ui.waiting("reading sources");
    let out = command.with(vars).output(Words::Kept);
    drop(bar);
    serde_json::from_slice(&out?).map_err(|cause| {
        Error::new(format!("could not understand what Python says of {}: {cause}", Shown(dir)))
    })
}

impl Imports {
    /// The version that is there.
    fn version(&self, name: &str) -> Option<&str> {
        let found = self.installed.iter().find(|(other, _)| key(other) == key(name));
        found.map(|(_, version)| version.as_str())
    }

    /// A line for each package, in the version that is there.
    pub(crate) fn lines(&self) -> Vec<String> {
        let line = |name: &String| match self.version(name) {
            Some(version) => format!("{name}=={version}"),
            None => name.clone(),
        };
        sorted(self.needed.keys().map(line).collect())
    }

    /// The lines of a `pip freeze` about what is imported, with a version in place of a place on a disk; what it does not have comes in
    /// the version that is there.
    pub(crate) fn kept(&self, frozen: &[String]) -> Vec<String> {
        let of = |name: &str| frozen.iter().find(|line| name_of(line).map(key) == Some(key(name)));
        let line = |name: &String| match (of(name), self.version(name)) {
            (Some(line), None) => line.clone(),
            (Some(line), _) if !line.contains("file:") => line.clone(),
            (_, Some(version)) => format!("{name}=={version}"),
            (None, None) => name.clone(),
        };
        sorted(self.needed.keys().map(line).collect())
    }

    /// What a file that names these packages lacks, and what it names that is not imported.
    pub(crate) fn differences(&self, named: &BTreeSet<String>) -> (Vec<String>, Vec<String>) {
        let needed: BTreeSet<String> = self.needed.keys().map(|name| key(name)).collect();
        let lacking = needed.difference(named).cloned().collect();
        (lacking, named.difference(&needed).cloned().collect())
    }
}

fn sorted(mut lines: Vec<String>) -> Vec<String> {
    lines.sort_by_key(|line| line.to_lowercase());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found() -> Imports {
        serde_json::from_str(
            r#"{"needed": {"numpy": "a.py:1", "Pillow": "b.py:2"}, "unknown": {}, "unread": [],
                "installed": [["NumPy", "1.26.4"], ["pillow", "10.2"], ["six", "1.16"]]}"#,
        )
        .unwrap()
    }

    #[test]
    fn lines_have_the_versions_that_are_there_and_a_freeze_its_own() {
        assert_eq!(found().lines(), ["numpy==1.26.4", "Pillow==10.2"]);
        let frozen = ["numpy @ file:///croot/x", "pillow==10.1", "six==1.16"].map(str::to_owned);
        assert_eq!(found().kept(&frozen), ["numpy==1.26.4", "pillow==10.1"]);
        assert_eq!(found().kept(&[]), ["numpy==1.26.4", "Pillow==10.2"]);
    }

    #[test]
    fn differences_go_both_ways() {
        let named = ["numpy", "six"].map(str::to_owned).into();
        assert_eq!(
            found().differences(&named),
            (vec!["pillow".to_owned()], vec!["six".to_owned()])
        );
    }
}
