//! A home of its own for every test, and the ways to run things in it: nothing of the caller's environment but
//! what a fresh login would have.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};

use tempfile::TempDir;

use crate::support::machine;

/// A directory that goes away with the test: `home` in it is `$HOME`.
pub(crate) struct Sandbox {
    root: TempDir,
}

/// The system's own programs; no python of a developer's.
pub(crate) const PATH: &str = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";

impl Sandbox {
    /// Below the build directory: env tests need files that may be executed, which /tmp may forbid.
    pub(crate) fn new() -> Self {
        Self::below(&machine::scratch())
    }

    /// Below a directory of choice.
    pub(crate) fn below(dir: &Path) -> Self {
        let root = tempfile::Builder::new().prefix("t").rand_bytes(5).tempdir_in(dir).unwrap();
        for dir in ["home", "site"] {
            std::fs::create_dir(root.path().join(dir)).unwrap();
        }
        // Tests of mlenv's own installer take this away.
        std::fs::write(root.path().join("site/config.toml"), "client = \"auto\"\n").unwrap();
        Self { root }
    }

    /// The directory that runs start in.
    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    /// A path in it.
    pub(crate) fn path(&self, below: impl AsRef<Path>) -> PathBuf {
        self.root.path().join(below)
    }

    /// Writes a file in it, with its directories.
    pub(crate) fn write(&self, below: impl AsRef<Path>, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(below);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The program that is tested.
    pub(crate) fn mlenv<I: IntoIterator<Item: AsRef<OsStr>>>(&self, arguments: I) -> Run {
        self.run(env!("CARGO_BIN_EXE_mlenv")).args(arguments)
    }

    /// Any program.
    pub(crate) fn run(&self, program: impl AsRef<OsStr>) -> Run {
        let vars = [
            ("HOME", self.path("home").into_os_string()),
            ("PATH", PATH.into()),
            ("LC_ALL", "C.UTF-8".into()),
            ("MLENV_SITE", self.path("site").into_os_string()),
        ];
        Run {
            program: program.as_ref().to_owned(),
            arguments: Vec::new(),
            vars: vars.into_iter().map(|(name, value)| (name.into(), Some(value))).collect(),
            cwd: self.root().to_owned(),
        }
    }

    /// Makes an env on `base` and gives its path.
    pub(crate) fn env(&self, name: impl AsRef<Path>, base: &Path) -> PathBuf {
        let path = self.path(name);
        self.mlenv(["create", "-q", "--no-save", "-p"]).arg(&path).arg("--base").arg(base).ok();
        path
    }
}

/// A program about to run.
#[derive(Clone)]
pub(crate) struct Run {
    program: OsString,
    arguments: Vec<OsString>,
    vars: Vec<(OsString, Option<OsString>)>,
    cwd: PathBuf,
}

impl Run {
    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    pub(crate) fn args<I: IntoIterator<Item: AsRef<OsStr>>>(mut self, arguments: I) -> Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    pub(crate) fn var(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.vars.push((name.into(), Some(value.as_ref().to_owned())));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.vars.push((name.into(), None));
        self
    }

    pub(crate) fn cwd(mut self, dir: impl AsRef<Path>) -> Self {
        dir.as_ref().clone_into(&mut self.cwd);
        self
    }

    /// Puts another program in front, as `nice` or `unshare`.
    pub(crate) fn behind<I: IntoIterator<Item: AsRef<OsStr>>>(mut self, front: I) -> Self {
        let mut words: Vec<OsString> =
            front.into_iter().map(|word| word.as_ref().to_owned()).collect();
        words.push(std::mem::take(&mut self.program));
        words.append(&mut self.arguments);
        self.program = words.remove(0);
        self.arguments = words;
        self
    }

    /// As somebody whom permissions stop. Root keeps its name and files but loses its powers.
    pub(crate) fn by_ordinary_user(self) -> Self {
        if machine::is_root() {
            self.behind(["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--"])
        } else {
            self
        }
    }

    /// What the network needs here: pip's settings and proxies of whoever runs the tests.
    pub(crate) fn with_network(mut self) -> Self {
        let wanted = |name: &str| {
            ["PIP_", "UV_"].iter().any(|start| name.starts_with(start))
                || name.to_lowercase().ends_with("_proxy")
                || name == "SSL_CERT_FILE"
        };
        let vars = std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(wanted));
        self.vars.extend(vars.map(|(name, value)| (name, Some(value))));
        self
    }

    /// The command for tests that start and watch it themselves.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).current_dir(&self.cwd).env_clear().stdin(Stdio::null());
        for (name, value) in &self.vars {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }

    /// Runs it to its end.
    pub(crate) fn end(&self) -> Outcome {
        let output = self.command().output();
        let output =
            output.unwrap_or_else(|cause| panic!("{} did not start: {cause}", self.line()));
        Outcome::new(self.line(), output)
    }

    /// Runs it; it must do what was asked.
    #[track_caller]
    pub(crate) fn ok(&self) -> Outcome {
        let outcome = self.end();
        assert!(outcome.status.success(), "{outcome}");
        outcome
    }

    /// Runs it; it must end with `code`, one sentence that holds `words`, and no panic.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32, words: &str) -> Outcome {
        let outcome = self.end();
        assert_eq!(outcome.status.code(), Some(code), "{outcome}");
        assert!(outcome.err.contains(words), "\"{words}\" is missing: {outcome}");
        assert!(outcome.err.starts_with("mlenv: "), "{outcome}");
        let first = outcome.err.lines().next().unwrap_or_default();
        assert!(!first.contains("os error") && !first.ends_with('.'), "{outcome}");
        assert!(outcome.out.is_empty(), "a failure belongs on stderr: {outcome}");
        outcome
    }

    fn line(&self) -> String {
        let words = self.arguments.iter().map(|word| word.to_string_lossy().into_owned());
        [self.program.to_string_lossy().into_owned()]
            .into_iter()
            .chain(words)
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// What a program did.
pub(crate) struct Outcome {
    line: String,
    pub(crate) status: ExitStatus,
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) raw: Vec<u8>,
}

impl Outcome {
    fn new(line: String, output: Output) -> Self {
        Self {
            line,
            status: output.status,
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
            raw: output.stdout,
        }
    }

    /// stdout as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|cause| panic!("{cause}: {self}"))
    }

    /// Its words must hold `words`.
    #[track_caller]
    pub(crate) fn says(self, words: &str) -> Self {
        assert!(self.err.contains(words), "\"{words}\" is missing: {self}");
        self
    }

    /// Its hint must hold `words`.
    #[track_caller]
    pub(crate) fn hints(self, words: &str) -> Self {
        let hint = self.err.lines().find_map(|line| line.strip_prefix("hint: "));
        assert!(hint.is_some_and(|hint| hint.contains(words)), "no hint with \"{words}\": {self}");
        self
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}\n{}\nstdout: {}\nstderr: {}", self.line, self.status, self.out, self.err)
    }
}
