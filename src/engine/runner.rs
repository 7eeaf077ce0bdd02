//! One engine at work: which one, where its program lies, and its failures as sentences.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::container::{Engine, Family, Powers, failure, store};
use crate::error::{Error, Result};
use crate::host::Host;
use crate::process::Command;
use crate::process::{Ran, Words};
use crate::ui::Ui;

/// An engine that is there.
#[derive(Clone)]
pub(crate) struct Runner {
    /// Which one.
    pub(crate) engine: Engine,
    /// Whose powers it has.
    pub(crate) powers: Powers,
    /// Where it unpacks layers while it builds files; none leaves that to the user's settings.
    pub(crate) work: Option<PathBuf>,
    program: PathBuf,
    progress: Words,
}

impl Runner {
    /// The engine that is asked for, or else the first that works.
    pub(crate) fn choose(host: &Host, ui: Ui, asked: Option<&OsStr>) -> Result<Self> {
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

    /// The same among those that run images from files.
    pub(crate) fn for_files(host: &Host, ui: Ui, asked: Option<&OsStr>) -> Result<Self> {
        let choose = |engine: Option<&OsStr>| Self::choose(host, ui, engine);
        if asked.is_some() {
            return choose(asked);
        }
        choose(Some("apptainer".as_ref()))
            .or_else(|first| choose(Some("singularity".as_ref())).map_err(|_| first))
    }

    /// This engine, if it works.
    pub(crate) fn new(host: &Host, ui: Ui, engine: Engine) -> Result<Self> {
        let mut runner = Self::named(host, ui, engine)?;
        let probe = Command::new(engine.name()).words(engine.description().probe);
        let answer = runner.run("work", &probe)?;
        runner.powers = Powers::of(engine, &answer);
        Ok(runner)
    }

    /// This engine, whose powers are known, without asking whether it works: what it is then asked for tells.
    pub(crate) fn known(host: &Host, ui: Ui, engine: Engine, powers: Powers) -> Result<Self> {
        Ok(Self { powers, ..Self::named(host, ui, engine)? })
    }

    fn named(host: &Host, ui: Ui, engine: Engine) -> Result<Self> {
        let name = engine.name();
        let program = host.find_program(name).ok_or_else(|| {
            Error::new(format!("the engine {name} is not on PATH"))
                .hint(format!("install {name} or load its module, or choose another engine"))
        })?;
        let progress = if ui.draws() { Words::Shown } else { Words::Kept };
        Ok(Self { engine, powers: Powers::User, work: None, program, progress })
    }

    /// Its program.
    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    /// True for engines that keep images in a store.
    pub(crate) fn has_store(&self) -> bool {
        self.engine.family() == Family::Store
    }

    /// Runs `call`, which is to `do_what`, and gives what it printed.
    pub(crate) fn run(&self, do_what: &str, call: &Command) -> Result<String> {
        let called = self.called(call, Words::Kept, None)?;
        self.finished(do_what, &called)
    }

    /// As `program`, with a file on its stdin.
    pub(crate) fn run_with(&self, do_what: &str, call: &Command, input: &Path) -> Result<String> {
        let called = self.called(call, Words::Kept, Some(input))?;
        self.finished(do_what, &called)
    }

    /// As `run_with`, but for work that takes time: on a terminal the engine shows how far it is.
    pub(crate) fn watch(&self, do_what: &str, call: &Command) -> Result<String> {
        let called = self.called(call, self.progress, None)?;
        self.finished(do_what, &called)
    }

    /// What it printed, if it did what it should; a failure is not an error here.
    pub(crate) fn ask(&self, call: &Command) -> Option<String> {
        let called = self.called(call, Words::Kept, None).ok()?;
        called.status.success().then(|| String::from_utf8_lossy(&called.out).into_owned())
    }

    /// What it knows of the container with this id or name; nothing where there is none. That it works is seen by that.
    pub(crate) fn look(&self, container: &str) -> Result<Option<Value>> {
        let called = self.called(&store::inspect(self.engine, container), Words::Kept, None)?;
        if !called.status.success() && failure::is_gone(&called.words) {
            return Ok(None);
        }
        let facts = self.finished("look for the container", &called)?;
        let facts: Value = serde_json::from_str(&facts).unwrap_or_default();
        Ok(facts.get(0).cloned())
    }

    /// The id of the container that is called exactly so: engines take the beginning of an id for a name, too.
    pub(crate) fn id_of(&self, name: &str) -> Result<Option<String>> {
        let facts = self.look(name)?.filter(|facts| name_in(facts).as_deref() == Some(name));
        let id = facts.as_ref().and_then(|facts| facts.get("Id")).and_then(Value::as_str);
        Ok(id.map(str::to_owned))
    }

    /// What a container is called, today.
    pub(crate) fn name_of(&self, container: &str) -> Option<String> {
        name_in(&self.look(container).ok()??)
    }

    /// Removes a container; one that is gone already is as good.
    pub(crate) fn remove(&self, container: &str) -> Result<()> {
        let called = self.called(&store::remove(self.engine, container), Words::Kept, None)?;
        if !called.status.success() && failure::is_gone(&called.words) {
            return Ok(());
        }
        self.finished("remove the container", &called).map(|_| ())
    }

    /// Takes this process's place; comes back only where that fails.
    pub(crate) fn become_call(&self, call: &Command) -> Error {
        self.resolved(call).replace(Vec::new())
    }

    /// The call by the program's path.
    fn resolved(&self, call: &Command) -> Command {
        Command { program: self.program.clone().into(), ..call.clone() }
    }

    fn called(&self, call: &Command, words: Words, input: Option<&Path>) -> Result<Ran> {
        let command = self.resolved(call);
        match input {
            Some(input) => command.run_with(words, input),
            None => command.run(words),
        }
    }

    fn finished(&self, do_what: &str, called: &Ran) -> Result<String> {
        if called.status.success() {
            return Ok(String::from_utf8_lossy(&called.out).into_owned());
        }
        let name = self.engine.name();
        if called.words.is_empty() && self.progress == Words::Shown {
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

/// docker writes a `/` before the name.
fn name_in(facts: &Value) -> Option<String> {
    let name = facts.get("Name")?.as_str()?;
    Some(name.strip_prefix('/').unwrap_or(name).to_owned())
}
