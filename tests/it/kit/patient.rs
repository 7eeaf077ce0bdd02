//! What the tests of `doctor` and its neighbours share: envs to be damaged, and questions to ask them.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::sandbox::{Outcome, Sandbox};
use crate::support::testbase::base;
use crate::support::wheel;

/// An env on a base of its own, which may be changed.
pub(crate) struct Patient {
    pub(crate) sandbox: Sandbox,
    pub(crate) base: PathBuf,
    pub(crate) env: PathBuf,
}

impl Patient {
    pub(crate) fn new() -> Self {
        Self::with_layout("standard")
    }

    pub(crate) fn with_layout(layout: &str) -> Self {
        Self::prepared(layout, |_| ())
    }

    /// With something added to the base before the env is made.
    pub(crate) fn prepared(layout: &str, prepare: impl FnOnce(&Path)) -> Self {
        let sandbox = Sandbox::new();
        let twin = base().twin(&sandbox.path("base"));
        prepare(&twin);
        let env = sandbox.path("env");
        sandbox.mlenv(["create", "-q", "--layout", layout, "-p", "env", "--base"]).arg(&twin).ok();
        for (name, version) in [("greet", "2.0"), ("fresh", "1.0")] {
            wheel::build(&sandbox.path("wheels"), name, version);
        }
        Self { sandbox, base: twin, env }
    }

    /// The sorts of findings, in order of appearance.
    #[track_caller]
    pub(crate) fn findings(&self) -> Vec<String> {
        self.findings_at(&self.env)
    }

    #[track_caller]
    pub(crate) fn findings_at(&self, env: &Path) -> Vec<String> {
        kinds(&self.told(env)["findings"])
    }

    /// What doctor says as JSON; its exit code must fit.
    #[track_caller]
    pub(crate) fn told(&self, env: &Path) -> Value {
        let outcome = self.sandbox.mlenv(["doctor", "--json"]).arg(env).end();
        checked(&outcome)
    }

    /// Mends, and gives the sorts of what is left.
    #[track_caller]
    pub(crate) fn fix(&self, env: &Path) -> Vec<String> {
        let outcome = self.sandbox.mlenv(["doctor", "--fix", "--json"]).arg(env).end();
        kinds(&checked(&outcome)["findings"])
    }

    /// Finds exactly this, mends it, and finds nothing any more.
    #[track_caller]
    pub(crate) fn finds_and_mends(&self, expected: &[&str]) {
        assert_eq!(self.findings(), expected);
        assert_eq!(self.fix(&self.env), [""; 0]);
        assert_eq!(self.findings(), [""; 0]);
    }

    /// What a line of Python prints in an env.
    #[track_caller]
    pub(crate) fn python(&self, env: &Path, code: &str) -> String {
        let told = self.sandbox.run(env.join("bin/python")).args(["-c", code]).ok();
        told.out.trim_end().to_owned()
    }

    /// `python -m pip`, without the network.
    #[track_caller]
    pub(crate) fn pip(&self, words: &[&str]) -> Outcome {
        let run = self.sandbox.run(self.env.join("bin/python")).args(["-m", "pip", "--no-input"]);
        let run = run.args(words).var("PIP_NO_INDEX", "1");
        run.var("PIP_FIND_LINKS", self.sandbox.path("wheels")).ok()
    }

    /// A path in the env.
    pub(crate) fn at(&self, path: impl AsRef<Path>) -> PathBuf {
        self.env.join(path)
    }

    /// Takes a file of the base away, or puts one there; the test base shares its files and is not written into.
    pub(crate) fn change_base(&self, path: &str, text: Option<&str>) {
        let path = self.base.join(path);
        let _ = std::fs::remove_file(&path);
        if let Some(text) = text {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
    }
}

#[track_caller]
fn checked(outcome: &Outcome) -> Value {
    let told = outcome.json();
    let left = told["findings"].as_array().unwrap().len();
    assert_eq!(outcome.status.code(), Some(i32::from(left > 0)), "{outcome}");
    told
}

fn kinds(findings: &Value) -> Vec<String> {
    let findings = findings.as_array().unwrap().iter();
    findings.map(|finding| finding["kind"].as_str().unwrap().to_owned()).collect()
}
