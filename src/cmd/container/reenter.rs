//! From the host into the container that an env lives in, with the env active, in one step. mlenv need not be in the
//! image: the env's own activation files do the work, by its bash or its `/bin/sh`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::super::Context;
use super::entrance::{Entrance, shell};
use super::outside::{image, mounts};
use super::runner::Runner;
use super::{enter, home, sandbox};
use crate::activation;
use crate::activation::elsewhere::{Where, whereabouts};
use crate::activation::variables;
use crate::config::LAUNCH;
use crate::container::files::{self, Image};
use crate::container::order::{Inner, Order};
use crate::container::program::{ACTIVATED, BY_BASH, INTERACTIVE_SHELL};
use crate::container::state::State;
use crate::container::{Family, Invocation, Mount, Place, Powers, mount, store};
use crate::error::{Error, Result};
use crate::host::Host;
use crate::overlay::record::Record;
use crate::text::PathText;

/// An env in a container, seen from a host.
pub(in crate::cmd) struct Way {
    /// By its path here.
    env: PathBuf,
    record: Record,
    lives: Place,
}

/// What is to run.
pub(in crate::cmd) enum Command<'a> {
    /// These words.
    Words(&'a [OsString]),
    /// The user's shell.
    Shell,
}

/// The way to what `place` names; `None` where it is used from here like any other.
pub(in crate::cmd) fn way(context: &Context, place: &activation::Place) -> Result<Option<Way>> {
    let activation::Place::Env(env) = place else { return Ok(None) };
    let Some(record) = Record::read(env)? else { return Ok(None) };
    Ok(match whereabouts(&record, env, context.host) {
        Where::InContainer(lives) => Some(Way { env: env.clone(), record, lives: *lives }),
        _ => None,
    })
}

impl Way {
    /// Goes it; comes back only where that fails.
    pub(in crate::cmd) fn go(&self, context: &Context, command: &Command) -> Result<()> {
        let (runner, call) = self.call(context, command)?;
        Err(runner.become_call(&call))
    }

    /// Goes it with a command and gives what that printed.
    pub(in crate::cmd) fn ask(&self, context: &Context, command: &[OsString]) -> Result<Vec<u8>> {
        let (runner, call) = self.call(context, &Command::Words(command))?;
        let told = runner
            .ask(&call)
            .ok_or_else(|| Error::new(format!("a command failed in {}", self.lives.label())))?;
        Ok(told.into_bytes())
    }

    /// True where what listens on loopback in there is heard on this machine.
    pub(in crate::cmd) fn shares_loopback(&self) -> bool {
        self.lives.engine.family() == Family::Files
    }

    /// The call that goes it, with everything that it needs started or fetched.
    fn call(&self, context: &Context, command: &Command) -> Result<(Runner, Invocation)> {
        let words = self.words(context, command);
        if let Some((dir, state)) = self.directory() {
            let runner = Runner::known(context.host, context.ui, state.engine, state.powers)?;
            let entrance = Entrance::new(context, &runner, &dir, &state);
            let how = self.inner(context, &entrance.mounts);
            enter::wake(&runner, &dir, &state)?;
            entrance.prepare()?;
            let call = entrance.call(how, &words);
            return Ok((runner, call));
        }
        let runner = Runner::for_place(context.host, context.ui, &self.lives)?;
        let mounts = mounts(context, &self.lives, (&self.env, &self.record.prefix.0));
        mount::check(&mounts)?;
        let inner = self.inner(context, &mounts);
        let order = Order {
            engine: runner.engine,
            image: image(context, &runner, &self.lives)?,
            home: self.home(&runner),
            gpu: home::gpu_words(context, &runner, self.lives.gpu),
            mounts,
            inner,
        };
        let call = self.run(context, &runner, order, &words)?;
        Ok((runner, call))
    }

    fn run(
        &self,
        context: &Context,
        runner: &Runner,
        mut order: Order,
        words: &[OsString],
    ) -> Result<Invocation> {
        let place = Place {
            bind: order.mounts.clone(),
            seen: Vec::new(),
            container: None,
            ..self.lives.clone()
        };
        let place =
            Place { image: place.image.or(Some(PathText(order.image.clone().into()))), ..place };
        order.inner.set.push((LAUNCH.into(), place.launch().into()));
        if runner.has_store() {
            let home =
                self.lives.home.iter().map(|home| ("HOME".to_owned(), home.0.clone().into()));
            order.inner.set.extend(home);
            return Ok(store::run(&order, words));
        }
        let image = if self.lives.writable { Image::Sandbox } else { Image::ReadOnly };
        if image == Image::Sandbox {
            sandbox::make_places(Path::new(&order.image), &order.mounts)?;
        }
        let names = context.host.vars().keys().map(OsString::as_os_str);
        Ok(files::exec(&order, image, names, words))
    }

    /// The container that a directory keeps, if it is still the one that the env was made in, or the only thing that
    /// is left: a sandbox goes with its directory's container.
    fn directory(&self) -> Option<(PathBuf, State)> {
        let dir = self.lives.directory.as_ref()?.0.clone();
        let state = State::read(&dir).ok()??;
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
        home::inner(context, inside.parent().unwrap_or(inside), mounts)
    }

    /// The words for the inside: activate, then become the command.
    fn words(&self, context: &Context, command: &Command) -> Vec<OsString> {
        let inside = &self.record.prefix.0;
        let given = self.given(context, inside);
        let mut words: Vec<OsString> = vec![ACTIVATED.into(), inside.into()];
        words.push(given.len().to_string().into());
        words.extend(given);
        match command {
            Command::Words(command) => words.extend(command.iter().cloned()),
            Command::Shell if context.host.keyboard => {
                let shells = home::shells(context.host);
                let list: Vec<OsString> = [inside.into()].into_iter().chain(shells).collect();
                words.extend(shell(INTERACTIVE_SHELL, &list));
            }
            // A script on stdin.
            Command::Shell => words.push("/bin/sh".into()),
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
    fn for_place(host: &Host, ui: crate::ui::Ui, place: &Place) -> Result<Self> {
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
