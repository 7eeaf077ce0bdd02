//! `mlenv container setup`: a new container for this directory.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::{lock, print_calls, remember};
use crate::cli::Setup;
use crate::container::state::ContainerState;
use crate::container::{Mount, Published, mount};
use crate::context::Context;
use crate::engine::entrance::Entrance;
use crate::engine::make::{as_sif, calls, make, planned};
use crate::engine::runner::Runner;
use crate::engine::sweep::sweep;
use crate::engine::{home, image, own_env, port};
use crate::error::{Error, Result};
use crate::foreign::claim;
use crate::process::stop_flag;
use crate::text::{PathText, Shown, shown};

pub(super) fn run(context: &Context, arguments: &Setup) -> Result<()> {
    let dir = context.host.cwd()?;
    let _lock = if arguments.dry_run { None } else { Some(lock(&dir)?) };
    let mut there = there(&dir, arguments.force)?;
    let env = env(context, arguments)?;
    let mut runner = runner(context, arguments)?;
    runner.work = work(context, &runner, arguments.workdir.as_deref())?;
    let image = image::named(context, &runner, &arguments.image)?;
    if let (Some(_), false) = (&arguments.name, runner.has_store()) {
        return Err(Error::new(format!("a sandbox of {} has no name", runner.engine.name()))
            .hint("leave `--name` out: it is known by its directory"));
    }
    let id = there.as_ref().map(|state| state.id.as_str());
    let mut state = planned(&runner, &image, id, arguments.name.as_deref(), &dir);
    if arguments.sif {
        state = as_sif(state, env.clone().map(PathText));
    }
    state.bind = binds(context, &arguments.bind)?;
    mount::check(&home::mounts(context.host, &dir, &state.bind))?;
    state.gpu = arguments.gpu || image.to_string_lossy().contains("gpu");
    state.port = runner.has_store().then(|| arguments.port.unwrap_or_else(port::free_port));
    state.publish = published(&runner, &arguments.publish)?;
    if let Some(name) = &state.name {
        check_name(&runner, name, there.as_ref())?;
    }
    if arguments.dry_run {
        return print_calls(&calls(context, &runner, &dir, &state));
    }
    let stop = stop_flag()?;
    sweep(context, &dir, there.as_mut())?;
    let made = (|| {
        image::bring(context, &runner, &mut state)?;
        make(context, &runner, &dir, state)
    })();
    let made = match made {
        Err(_) if stop.load(std::sync::atomic::Ordering::Relaxed) => {
            return Err(Error::interrupted());
        }
        other => other?,
    };
    let state = made.keep(there.as_ref())?;
    remember(context, &dir);
    report(context, &dir, &state);
    match &env {
        Some(env) => make_env(context, (&runner, &dir, &state), env),
        None => Ok(()),
    }
}

/// Where an env is to be, if one is wanted: what is added to a SIF goes into one.
fn env(context: &Context, arguments: &Setup) -> Result<Option<PathBuf>> {
    let default = arguments.sif.then_some(Path::new(".venv"));
    let Some(env) = arguments.env.as_deref().or(default) else { return Ok(None) };
    let env = context.host.absolute(env)?;
    if arguments.sif {
        own_env::check(&env)?;
    }
    Ok(Some(env))
}

fn runner(context: &Context, arguments: &Setup) -> Result<Runner> {
    let asked = arguments.engine.as_deref();
    if !arguments.sif {
        return Runner::choose(context.host, context.ui, asked);
    }
    let runner = Runner::for_files(context.host, context.ui, asked)?;
    if runner.has_store() {
        let name = runner.engine.name();
        return Err(Error::new(format!("{name} keeps images in its own store, and no SIF files"))
            .hint("leave `--sif` out, or use --engine apptainer"));
    }
    Ok(runner)
}

/// Lets the mlenv that is in there make an env: it stands on the image's prefix, and lives in the container.
fn make_env(
    context: &Context,
    (runner, dir, state): (&Runner, &Path, &ContainerState),
    env: &Path,
) -> Result<()> {
    let entrance = Entrance::new(context, runner, dir, state);
    let base = own_env::settle(&entrance, env).map_err(|error| {
        error.hint("the container is there: `mlenv container` enters it, and what stands above says what it lacks")
    })?;
    context.ui.say(format!("made {} in it, on {}", Shown(env), shown(&base)));
    Ok(())
}

/// The directory for what is unpacked, which has to be there.
fn work(context: &Context, runner: &Runner, named: Option<&Path>) -> Result<Option<PathBuf>> {
    let Some(named) = named else { return Ok(None) };
    if runner.has_store() {
        let name = runner.engine.name();
        return Err(Error::new(format!("{name} unpacks images in its own store"))
            .hint("leave `--workdir` out"));
    }
    let dir = context.host.absolute(named)?;
    if dir.is_dir() {
        return Ok(Some(dir));
    }
    Err(Error::no(format!("there is no directory {}", Shown(&dir))).hint("make it first"))
}

fn published(runner: &Runner, words: &[String]) -> Result<Vec<Published>> {
    if !words.is_empty() && !runner.has_store() {
        return Err(Error::new(format!(
            "{} publishes no ports: what runs in it has this machine's",
            runner.engine.name()
        ))
        .hint("leave `--publish` out"));
    }
    words.iter().map(|words| words.parse()).collect()
}

/// The state that is there, which may be replaced only where that was asked for. One that cannot be read may be
/// replaced too: it names nothing that could be removed.
fn there(dir: &Path, force: bool) -> Result<Option<ContainerState>> {
    match ContainerState::read(dir) {
        Ok(None) => Ok(None),
        Ok(Some(state)) if force => Ok(Some(state)),
        Err(_) if force => Ok(None),
        Ok(Some(state)) => {
            Err(Error::new(format!("{} already has a container, of {}", Shown(dir), Shown(&state.image.0)))
                .hint("`mlenv container` enters it; `setup --force` makes a new one, without what was added to it"))
        }
        Err(error) => Err(error),
    }
}

/// Refuses a name that another container has, or that no container can have, before anything is made.
fn check_name(runner: &Runner, name: &str, there: Option<&ContainerState>) -> Result<()> {
    if !is_name(name) {
        return Err(Error::new(format!("a container cannot be called `{}`", shown(name)))
            .hint("a name has letters, digits, `_`, `.` and `-`, at least two of them, and begins with a letter or digit"));
    }
    let own = there.and_then(|state| state.container.as_ref());
    match runner.id_of(name)? {
        Some(id) if Some(&id) != own => Err(Error::new(format!(
            "{} already has a container called {name}",
            runner.engine.name()
        ))
        .hint("`--name` gives this one another name; nothing was made")),
        _ => Ok(()),
    }
}

fn is_name(name: &str) -> bool {
    name.len() > 1 && claim::is_name(name)
}

/// What `-B` says.
pub(super) fn binds(context: &Context, lists: &[OsString]) -> Result<Vec<Mount>> {
    let mut mounts = Vec::new();
    for list in lists {
        mounts.extend(mount::parse(list, |path| context.host.absolute(path))?);
    }
    match mounts.iter().find(|mount| !mount.source.0.exists()) {
        Some(mount) => {
            Err(Error::no(format!("could not bind {}: it is not there", Shown(&mount.source.0)))
                .hint(r"`:` and `,` in a path are written `\:` and `\,`"))
        }
        None => Ok(mounts),
    }
}

fn report(context: &Context, dir: &Path, state: &ContainerState) {
    let what = match state.sandbox(dir) {
        Some(sandbox) => format!("the {} {}", state.kind(), Shown(&sandbox)),
        None => format!("the container {}", state.name.as_deref().unwrap_or_default()),
    };
    context.ui.say(format!(
        "made {what} of {} with {}",
        Shown(&state.image.0),
        state.engine.name()
    ));
    context.ui.hint("`mlenv container` enters it, now and later");
}
