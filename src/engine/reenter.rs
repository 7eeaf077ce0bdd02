//! From the host into the container that an env lives in, with the env active, in one step. mlenv need not be in the
//! image: the env's own activation files do the work, by its bash or its `/bin/sh`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::entrance::{Entrance, shell};
use super::home::Asked;
use super::outside::{image, mounts};
use super::runner::Runner;
use super::{home, sandbox, wake};
use crate::activation;
use crate::activation::elsewhere::{Where, whereabouts};
use crate::activation::variables;
use crate::config::LAUNCH;
use crate::container::files::{self, ImageForm};
use crate::container::id;
use crate::container::mount::Mode;
use crate::container::program::{ACTIVATED, BY_BASH, INTERACTIVE_SHELL, OWN};
use crate::container::spec::{Inner, Spec, is_visible};
use crate::container::state::ContainerState;
use crate::container::{Family, Mount, Powers, Residence, mount, store};
use crate::context::Context;
use crate::env::record::Record;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::process::Command;
use crate::text::PathText;

/// An env in a container, seen from a host.
pub(crate) struct Way {
    /// By its path here.
    env: PathBuf,
    record: Record,
    lives: Residence,
    asked: Asked,
}

/// What is to run.
pub(crate) enum Purpose<'a> {
    /// These words.
    Words(&'a [OsString]),
    /// The user's shell.
    Shell,
    /// mlenv itself, with these words.
    Errand(&'a [OsString]),
}

/// Where a container that is made for one command has the mlenv of the host.
const PROGRAM: &str = "/run/mlenv/mlenv";

/// The way to what `place` names; `None` where it is used from here like any other.
pub(crate) fn way(context: &Context, place: &activation::Place) -> Result<Option<Way>> {
    let activation::Place::Env(env) = place else { return Ok(None) };
    let Some(record) = Record::read(env)? else { return Ok(None) };
    Ok(match whereabouts(&record, env, context.host) {
        Where::InContainer(lives) => {
            Some(Way { env: env.clone(), record, lives: *lives, asked: Asked::default() })
        }
        _ => None,
    })
}

impl Way {
    /// As above, with variables that were asked for.
    pub(crate) fn with(self, asked: Asked) -> Self {
        Self { asked, ..self }
    }

    /// Makes the call in place of this process; comes back only where that fails.
    pub(crate) fn go(&self, context: &Context, purpose: &Purpose) -> Result<()> {
        let (runner, call) = self.call(context, purpose)?;
        Err(runner.become_call(&call))
    }

    /// Makes the call with a command and gives what that printed.
    pub(crate) fn ask(&self, context: &Context, command: &[OsString]) -> Result<Vec<u8>> {
        let (runner, call) = self.call(context, &Purpose::Words(command))?;
        let told = runner
            .ask(&call)
            .ok_or_else(|| Error::new(format!("a command failed in {}", self.lives.label())))?;
        Ok(told.into_bytes())
    }

    /// What people call the container.
    pub(crate) fn label(&self) -> String {
        self.lives.label()
    }

    /// True where what listens on loopback in there is heard on this machine.
    pub(crate) fn shares_loopback(&self) -> bool {
        self.lives.engine.family() == Family::Files
    }

    /// True where it sees the directory `dir` of this machine, by the same path.
    pub(crate) fn sees(&self, context: &Context, dir: &Path) -> bool {
        let mounts = match self.directory() {
            Some((own, state)) => home::mounts(context.host, &own, &state.bind),
            None => mounts(context, &self.lives, (&self.env, &self.record.prefix.0)),
        };
        is_visible(dir, &mounts)
    }

    /// The call that goes it, with everything that it needs started or fetched.
    pub(crate) fn call(&self, context: &Context, purpose: &Purpose) -> Result<(Runner, Command)> {
        let words = self.words(context, purpose);
        if let Some((dir, state)) = self.directory() {
            let runner = Runner::known(context.host, context.ui, state.engine, state.powers)?;
            let entrance = Entrance::new(context, &runner, &dir, &state);
            let how = self.inner(context, &entrance.mounts);
            wake::wake(&runner, &dir, &state)?;
            entrance.prepare()?;
            let call = entrance.call(how, &words);
            return Ok((runner, call));
        }
        let runner = Runner::for_place(context.host, context.ui, &self.lives)?;
        let mut mounts = mounts(context, &self.lives, (&self.env, &self.record.prefix.0));
        if let Purpose::Errand(_) = purpose {
            let program = context.host.program()?;
            mounts.push(Mount::new(&program, Path::new(PROGRAM), Mode::ReadOnly));
        }
        mount::check(&mounts)?;
        let inner = self.inner(context, &mounts);
        let order = Spec {
            engine: runner.engine,
            image: image(context, &runner, &self.lives)?,
            home: self.home(&runner),
            gpu: home::gpu_words(context, &runner, self.lives.gpu),
            mounts,
            mark: None,
            inner,
        };
        let call = self.run(context, &runner, order, &words)?;
        Ok((runner, call))
    }

    fn run(
        &self,
        context: &Context,
        runner: &Runner,
        mut order: Spec,
        words: &[OsString],
    ) -> Result<Command> {
        let place = Residence {
            bind: order.mounts.clone(),
            seen: Vec::new(),
            container: None,
            ..self.lives.clone()
        };
        let place = Residence {
            image: place.image.or(Some(PathText(order.image.clone().into()))),
            ..place
        };
        order.mark = runner.has_store().then(|| Residence::fresh_mark(&id::fresh(&self.env)));
        let place = Residence { mark: order.mark.clone().map(PathText), ..place };
        order.inner.set.push((LAUNCH.into(), place.launch().into()));
        if runner.has_store() {
            let home =
                self.lives.home.iter().map(|home| ("HOME".to_owned(), home.0.clone().into()));
            order.inner.set.extend(home);
            return Ok(store::run(&order, words));
        }
        let image = if self.lives.writable { ImageForm::Sandbox } else { ImageForm::ReadOnly };
        if image == ImageForm::Sandbox {
            sandbox::make_places(Path::new(&order.image), &order.mounts)?;
        }
        Ok(files::exec(&order, image, context.host.vars(), words))
    }

    /// The container that a directory keeps, if it is still the one that the env was made in, or the only thing that
    /// is left: a sandbox goes with its directory's container.
    fn directory(&self) -> Option<(PathBuf, ContainerState)> {
        let dir = self.lives.directory.as_ref()?.0.clone();
        let state = ContainerState::read(&dir).ok()??;
        let image = self.lives.image.as_ref().map(|image| image.0.as_path());
        let is_gone =
            image.is_some_and(|image| store::is_path(image.as_os_str()) && !image.exists());
        (Some(&state.id) == self.lives.id.as_ref() || is_gone).then_some((dir, state))
    }

    fn home(&self, runner: &Runner) -> Option<PathBuf> {
        let home = self.lives.home.as_ref().map(|home| home.0.clone())?;
        (!runner.has_store() && Some(&home) != Host::listed_home().as_ref()).then_some(home)
    }

    fn inner(&self, context: &Context, mounts: &[Mount]) -> Inner {
        let inside = &self.record.prefix.0;
        let mut inner = home::inner(context, inside.parent().unwrap_or(inside), mounts);
        self.asked.add_to(&mut inner);
        inner
    }

    /// The words for the inside: activate, then become the command.
    fn words(&self, context: &Context, purpose: &Purpose) -> Vec<OsString> {
        let inside = &self.record.prefix.0;
        let given = self.given(context, inside);
        let mut words: Vec<OsString> = vec![ACTIVATED.into(), inside.into()];
        words.push(given.len().to_string().into());
        words.extend(given);
        match purpose {
            Purpose::Words(command) => words.extend(command.iter().cloned()),
            Purpose::Shell if context.host.keyboard => {
                let shells = home::shells(context.host);
                let list: Vec<OsString> = [inside.into()].into_iter().chain(shells).collect();
                words.extend(shell(INTERACTIVE_SHELL, &list));
            }
            Purpose::Errand(own) => {
                let version = concat!("mlenv ", env!("CARGO_PKG_VERSION"));
                let here = context.host.program().unwrap_or_default();
                let first = [version.into(), PROGRAM.into(), here.into_os_string()];
                let list: Vec<OsString> = first.into_iter().chain(own.iter().cloned()).collect();
                words.extend(shell(OWN, &list));
            }
            // A script on stdin.
            Purpose::Shell => words.push("/bin/sh".into()),
        }
        shell(BY_BASH, &words)
    }

    /// What the env sets besides what its activation files know: its own variables, and Jupyter's path.
    fn given(&self, context: &Context, inside: &Path) -> Vec<OsString> {
        let mut warnings = Vec::new();
        let sets = variables::of_layers(&[&self.env], &mut warnings);
        for warning in warnings {
            context.ui.warn(warning);
        }
        let mut given: Vec<OsString> = sets
            .into_iter()
            .filter(|(name, _)| !self.asked.has(name.as_str()))
            .filter_map(|(name, value)| {
                let mut word = OsString::from(format!("{}=", name.as_str()));
                word.push(value?);
                Some(word)
            })
            .collect();
        if self.env.join("share/jupyter").is_dir() {
            let mut word = OsString::from("JUPYTER_PATH=");
            word.push(inside.join("share/jupyter"));
            given.push(word);
        }
        given
    }
}

impl Runner {
    /// The engine that an env's container ran with, or another one of its kind.
    fn for_place(host: &Host, ui: crate::ui::Ui, place: &Residence) -> Result<Self> {
        use crate::container::Engine;
        let family = place.engine.family();
        let others = Engine::ALL.into_iter().filter(|engine| engine.family() == family);
        let mut first: Option<Error> = None;
        for engine in [place.engine].into_iter().chain(others) {
            match Self::known(host, ui, engine, Powers::User) {
                Ok(runner) => return Ok(runner),
                Err(error) => first = first.or(Some(error)),
            }
        }
        Err(first.unwrap_or_else(|| Error::new("no container engine is on PATH")))
    }
}
