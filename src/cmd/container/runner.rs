//! One engine at work: which one, where its program lies, and its failures as sentences.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::container::{Engine, Family, Invocation, Powers, failure};
use crate::error::{Error, Result};
use crate::exec::{self, Called, Progress};
use crate::host::Host;
use crate::ui::Ui;

/// An engine that is there.
#[derive(Clone)]
pub(in crate::cmd) struct Runner {
    /// Which one.
    pub(in crate::cmd) engine: Engine,
    /// Whose powers it has.
    pub(in crate::cmd) powers: Powers,
    program: PathBuf,
    progress: Progress,
}

impl Runner {
    /// The engine that is asked for, or else the first that works.
    pub(super) fn choose(host: &Host, ui: Ui, asked: Option<&OsStr>) -> Result<Self> {
        if let Some(word) = asked {
            return Self::new(host, ui, Engine::from_word(word)?);
        }
        let mut failures = Vec::new();
        for engine in Engine::ALL {
            match Self::new(host, ui, engine) {
                Ok(runner) => return Ok(runner),
                Err(error) if host.find_program(engine.name()).is_some() => {
                    failures.push(error);
                }
                Err(_) => {}
            }
        }
        Err(match failures.into_iter().next() {
            Some(first) => first,
            None => Error::new("no container engine is on PATH").hint(
                "install one: podman or apptainer need no daemon; on clusters try `module load apptainer`",
            ),
        })
    }

    /// This engine, if it works.
    pub(in crate::cmd) fn new(host: &Host, ui: Ui, engine: Engine) -> Result<Self> {
        let mut runner = Self::named(host, ui, engine)?;
        let probe = Invocation::new(engine.name()).words(engine.description().probe);
        let answer = runner.run("work", &probe)?;
        runner.powers = Powers::of(engine, &answer);
        Ok(runner)
    }

    /// This engine, whose powers are known, without asking whether it works: what it is then asked for tells.
    pub(in crate::cmd) fn known(
        host: &Host,
        ui: Ui,
        engine: Engine,
        powers: Powers,
    ) -> Result<Self> {
        Ok(Self { powers, ..Self::named(host, ui, engine)? })
    }

    fn named(host: &Host, ui: Ui, engine: Engine) -> Result<Self> {
        let name = engine.name();
        let program = host.find_program(name).ok_or_else(|| {
            Error::new(format!("the engine {name} is not on PATH"))
                .hint(format!("install {name} or load its module, or choose another engine"))
        })?;
        let progress = if ui.draws() { Progress::Shown } else { Progress::Kept };
        Ok(Self { engine, powers: Powers::User, program, progress })
    }

    /// Its program.
    pub(super) fn program(&self) -> &Path {
        &self.program
    }

    /// True for engines that keep images in a store.
    pub(in crate::cmd) fn has_store(&self) -> bool {
        self.engine.family() == Family::Store
    }

    /// Runs `call`, which is to `do_what`, and gives what it printed.
    pub(in crate::cmd) fn run(&self, do_what: &str, call: &Invocation) -> Result<String> {
        let called = self.called(call, Progress::Kept, None)?;
        self.finished(do_what, &called)
    }

    /// The same with a file on its stdin.
    pub(super) fn run_with(
        &self,
        do_what: &str,
        call: &Invocation,
        input: &Path,
    ) -> Result<String> {
        let called = self.called(call, Progress::Kept, Some(input))?;
        self.finished(do_what, &called)
    }

    /// The same for work that takes time: on a terminal the engine shows how far it is.
    pub(super) fn watch(&self, do_what: &str, call: &Invocation) -> Result<String> {
        let called = self.called(call, self.progress, None)?;
        self.finished(do_what, &called)
    }

    /// What it printed, if it did what it should; a failure is no error here.
    pub(in crate::cmd) fn ask(&self, call: &Invocation) -> Option<String> {
        let called = self.called(call, Progress::Kept, None).ok()?;
        called.status.success().then(|| String::from_utf8_lossy(&called.out).into_owned())
    }

    /// Takes this process's place; comes back only where that fails.
    pub(in crate::cmd) fn become_call(&self, call: &Invocation) -> Error {
        exec::become_called(&self.resolved(call))
    }

    /// The call by the program's path.
    fn resolved(&self, call: &Invocation) -> Invocation {
        Invocation { program: self.program.clone().into(), ..call.clone() }
    }

    fn called(
        &self,
        call: &Invocation,
        progress: Progress,
        input: Option<&Path>,
    ) -> Result<Called> {
        exec::call(&self.resolved(call), progress, input)
    }

    fn finished(&self, do_what: &str, called: &Called) -> Result<String> {
        if called.status.success() {
            return Ok(String::from_utf8_lossy(&called.out).into_owned());
        }
        let name = self.engine.name();
        if called.words.is_empty() && self.progress == Progress::Shown {
            return Err(Error::new(format!("{name} could not {do_what}; its words are above")));
        }
        let words = if called.words.trim().is_empty() {
            String::from_utf8_lossy(&called.out).into_owned()
        } else {
            called.words.clone()
        };
        let error = Error::new(format!("{name} could not {do_what}: {}", failure::reason(&words)));
        Err(match failure::cure(&words) {
            Some(cure) => error.hint(cure),
            None => error,
        })
    }
}
