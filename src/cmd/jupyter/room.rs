//! A place in which kernels are to run: on this machine, or in the container that an env lives in.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::super::activate::session;
use super::super::run::{place, told};
use crate::activation::applied::{self, Inside};
use crate::activation::{Place, unchanged};
use crate::cli::{At, Which};
use crate::context::Context;
use crate::engine::reenter::{self, Way};
use crate::env::create::refuse_inside_base;
use crate::env::record::Record;
use crate::error::{Error, Result};
use crate::kernel::{self, Kernelspecs, Module, Wanted};
use crate::plan::Vars;
use crate::plan::session::Owner;

use crate::process::{Command, Words};
use crate::text::Shown;

/// What a kernel is started by.
const KERNEL: Module = Module { name: "ipykernel_launcher", package: "ipykernel" };

/// Names for a pair of kernels.
#[derive(Default)]
pub(super) struct Asked<'a> {
    /// As Jupyter has it.
    pub(super) name: Option<&'a OsStr>,
    /// For people.
    pub(super) display: Option<&'a str>,
}

/// A place, and the way to run something in it.
pub(super) struct Room {
    /// What kernels start in.
    pub(super) place: Place,
    /// The variables there; those of a container are its own.
    pub(super) vars: Vars,
    /// The way into the container, if it lives in one.
    pub(super) way: Option<Way>,
}

impl Room {
    /// What `env` names, else what is active or what the marker here says.
    pub(super) fn enter(context: &Context, env: Option<&OsStr>) -> Result<Self> {
        let session = session(context.host, context.ui)?;
        let which = Which { env: env.map(OsStr::to_owned), name: None };
        let (place, _) = place(context, &which, session.as_ref())?;
        if let Some(way) = reenter::way(context, &place)? {
            return if way.shares_loopback() {
                Ok(Self { place, vars: Vars::new(), way: Some(way) })
            } else {
                Err(unreachable(&place))
            };
        }
        let place = settled(place)?;
        let vars = context.host.vars_with_path();
        let wanted = (place.clone(), Owner::Hand);
        let inside: Inside =
            applied::inside(wanted, &vars, session.as_ref(), (context.host, &context.dirs))?;
        let mut vars = told(context, inside);
        vars.remove(OsStr::new("PYTHONPATH")); // as the kernel will be without it
        Ok(Self { place, vars, way: None })
    }

    /// Runs a command there and gives what it printed.
    fn ask(&self, context: &Context, words: &[OsString]) -> Result<Vec<u8>> {
        if let Some(way) = &self.way {
            return way.ask(context, words);
        }
        Command::found(words, self.vars.clone())?.output(Words::Dropped)
    }

    /// The file of a module of its Python.
    pub(super) fn probe(&self, context: &Context, module: Module) -> Result<PathBuf> {
        kernel::probe(module, self.place.path(), |words| self.ask(context, words))
    }

    /// Where its kernels are to be registered.
    pub(super) fn shelf(&self, context: &Context, at: &At) -> Result<Kernelspecs> {
        let prefix = match (&at.prefix, at.sys_prefix) {
            (None, false) => return Ok(Kernelspecs::of_user(&context.dirs)),
            (Some(prefix), _) => context.host.absolute(prefix)?,
            (None, true) => self.place.path().to_owned(),
        };
        let base = match &self.place {
            Place::Env(env) => Record::read(env)?.map(|record| record.base.prefix.0),
            Place::Image(path) | Place::Base(path) => path.canonicalize().ok(),
        };
        if let Some(base) = base.filter(|_| prefix.exists()) {
            refuse_inside_base(&prefix, &base).map_err(|_| inside_base(&prefix))?;
        }
        Ok(Kernelspecs::below(&prefix))
    }

    /// Registers a pair of kernels there; `false` where nothing had to be written.
    pub(super) fn put(
        &self,
        context: &Context,
        at: &Kernelspecs,
        asked: &Asked,
    ) -> Result<([String; 2], bool)> {
        let launcher = self.probe(context, KERNEL)?;
        let logos = launcher.with_file_name("ipykernel").join("resources");
        at.put(&Wanted {
            prefix: self.place.path(),
            program: &context.host.program()?,
            name: asked.name,
            display: asked.display,
            logos: &logos,
        })
    }
}

/// An env by the path that its own files name.
pub(super) fn settled(place: Place) -> Result<Place> {
    let Place::Env(env) = &place else { return Ok(place) };
    let record = unchanged::record(env)?;
    Ok(Place::Env(record.prefix.0))
}

/// Kernels listen on loopback.
fn unreachable(place: &Place) -> Error {
    let env = Shown(place.path());
    Error::new(format!("{env} lives in a container with a network of its own, in which Jupyter could not reach a kernel"))
        .hint("`mlenv container jupyter` starts JupyterLab in the container")
}

fn inside_base(prefix: &Path) -> Error {
    Error::new(format!("could not put kernels into {}: that is a base", Shown(prefix)))
        .hint("bases are never written to: register them for you, without --prefix or --sys-prefix")
}
