//! `mlenv container setup`: a new container for this directory.

use std::ffi::{OsStr, OsString};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use super::super::Context;
use super::super::create::stop_flag;
use super::make::{calls, discard, give_name, make, planned};
use super::runner::Runner;
use super::sweep::sweep;
use super::{home, lock, print_calls, remote};
use crate::cli::Setup;
use crate::container::state::State;
use crate::container::{Mount, mount, store};
use crate::error::{Error, Result};
use crate::image::Catalogue;
use crate::text::Shown;

/// Where ports for Jupyter begin: its own first choice.
const FIRST_PORT: u16 = 8888;

pub(super) fn run(context: &Context, arguments: &Setup) -> Result<()> {
    let dir = context.host.cwd()?;
    let _lock = if arguments.dry_run { None } else { Some(lock(&dir)?) };
    let there = there(&dir, arguments.force)?;
    let runner = Runner::choose(context.host, context.ui, arguments.engine.as_deref())?;
    let image = image(context, &runner, &arguments.image)?;
    let id = there.as_ref().map(|state| state.id.as_str());
    let mut state = planned(&runner, &image, id, arguments.name.as_deref(), &dir);
    state.bind = binds(context, arguments)?;
    mount::check(&home::mounts(context.host, &dir, &state.bind))?;
    state.gpu = arguments.gpu || image.to_string_lossy().contains("gpu");
    state.port = runner.has_store().then(|| arguments.port.unwrap_or_else(free_port));
    if arguments.dry_run {
        return print_calls(&calls(context, &runner, &dir, &state));
    }
    let stop = stop_flag()?;
    sweep(&dir, &runner, there.as_ref().filter(|state| state.engine == runner.engine));
    let made = (|| {
        bring(context, &runner, &mut state)?;
        make(context, &runner, &dir, state)
    })();
    let made = match made {
        Err(_) if stop.load(std::sync::atomic::Ordering::Relaxed) => {
            return Err(Error::interrupted());
        }
        other => other?,
    };
    let state = made.keep()?;
    if let Some(old) = there {
        let old_runner = Runner::known(context.host, context.ui, old.engine, old.powers);
        if let Ok(runner) = old_runner {
            discard(&runner, &dir, &old);
        }
    }
    give_name(context, &runner, &state);
    report(context, &dir, &state);
    Ok(())
}

/// The state that is there, which may be replaced only where that was asked for. One that cannot be read may be
/// replaced too: it names nothing that could be removed.
fn there(dir: &Path, force: bool) -> Result<Option<State>> {
    match State::read(dir) {
        Ok(None) => Ok(None),
        Ok(Some(state)) if force => Ok(Some(state)),
        Err(_) if force => Ok(None),
        Ok(Some(state)) => {
            Err(Error::new(format!("{} has a container already, of {}", Shown(dir), Shown(&state.image.0)))
                .hint("`mlenv container` enters it; `setup --force` makes a new one, without what was added to it"))
        }
        Err(error) => Err(error),
    }
}

/// What the user's word for an image means to an engine: a path, a name of the catalogue, or a reference. Where the
/// catalogue knows a directory of this machine, sandboxes are built from that.
fn image(context: &Context, runner: &Runner, word: &OsStr) -> Result<OsString> {
    let text = word.to_str().unwrap_or_default();
    if store::is_path(word) {
        return by_path(context, runner, word);
    }
    if text.contains("://") && !text.starts_with("docker://") && !runner.has_store() {
        return Ok(word.to_owned()); // a transport of apptainer's
    }
    let found = Catalogue::load(&context.dirs)?.find(text)?;
    match (found.here().filter(|_| !runner.has_store()), &found.reference) {
        (Some(dir), _) => Ok(dir.into()),
        (None, Some(reference)) => Ok(reference.to_pull().to_string().into()),
        (None, None) => Err(Error::no(format!("{} is in no registry", found.title()))
            .hint("use --engine apptainer where its directory is seen")),
    }
}

fn by_path(context: &Context, runner: &Runner, word: &OsStr) -> Result<OsString> {
    let path = context.host.absolute(Path::new(word))?;
    if runner.has_store() {
        let name = runner.engine.name();
        return Err(Error::new(format!(
            "{name} runs images from registries, not {}",
            Shown(&path)
        ))
        .hint("name the image by its reference, or use --engine apptainer"));
    }
    if !path.exists() {
        return Err(Error::no(format!("there is no image {}", Shown(&path))));
    }
    Ok(path.into())
}

fn binds(context: &Context, arguments: &Setup) -> Result<Vec<Mount>> {
    let mut mounts = Vec::new();
    for list in &arguments.bind {
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

/// The first port from 8888 on that nobody listens on. Somebody may take it before the container does; then the
/// engine says so.
pub(super) fn free_port() -> u16 {
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    (FIRST_PORT..FIRST_PORT + 1000).find(is_free).unwrap_or(FIRST_PORT)
}

/// Sees to it that the image is in the engine's store, if it has one, and learns which one it is: from the registry,
/// or, for an image that is there already or whose registry only the engine can ask, from the engine.
fn bring(context: &Context, runner: &Runner, state: &mut State) -> Result<()> {
    let image = state.image.0.as_os_str().to_owned();
    let inspect = store::inspect_image(runner.engine, &image);
    let is_there = runner.has_store() && runner.ask(&inspect).is_some();
    if let Some(reference) = remote::reference(state).filter(|_| !is_there)
        && let Ok(facts) = remote::facts(context, &reference)
    {
        remote::note(state, &facts);
    }
    if !runner.has_store() {
        return Ok(());
    }
    if !is_there {
        let shown = Shown(&state.image.0).to_string();
        context.ui.say(format!("pulling {shown}"));
        runner.watch(&format!("pull {shown}"), &store::pull(runner.engine, &image))?;
    }
    let facts = runner.run("look at the image", &inspect)?;
    if state.digest.is_none() {
        learn(state, &facts);
    }
    Ok(())
}

/// What the engine knows of an image: docker and podman name it alike.
pub(super) fn learn(state: &mut State, facts: &str) {
    let Ok(facts) = serde_json::from_str::<serde_json::Value>(facts) else { return };
    let facts = facts.get(0).unwrap_or(&facts);
    let digests = facts.get("RepoDigests").and_then(|list| list.as_array());
    let by_repository = digests.and_then(|list| list.first()?.as_str()?.split_once('@'));
    let digest =
        facts.get("Digest").and_then(|digest| digest.as_str()).filter(|text| !text.is_empty());
    state.digest = digest.or(by_repository.map(|(_, digest)| digest)).map(str::to_owned);
    state.built = facts.get("Created").and_then(|date| date.as_str()).map(str::to_owned);
}

fn report(context: &Context, dir: &Path, state: &State) {
    let what = match state.sandbox(dir) {
        Some(sandbox) => format!("the sandbox {}", Shown(&sandbox)),
        None => format!("the container {}", state.name.as_deref().unwrap_or_default()),
    };
    context.ui.say(format!(
        "made {what} of {} with {}",
        Shown(&state.image.0),
        state.engine.name()
    ));
    context.ui.hint("`mlenv container` enters it, now and later");
}
