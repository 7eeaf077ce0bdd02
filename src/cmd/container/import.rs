//! `mlenv import`: what older scripts made, taken over. Their files stay as they are.

use std::path::{Path, PathBuf};

use super::super::print_words;
use super::{lock, remember};
use crate::cli::Import;
use crate::container::legacy::LegacyScript;
use crate::container::state::ContainerState;
use crate::container::{Family, store};
use crate::context::Context;
use crate::engine::entrance::Entrance;
use crate::engine::legacy_env;
use crate::engine::make::planned;
use crate::engine::runner::Runner;
use crate::engine::wake::wake;
use crate::error::{Error, Result};
use crate::foreign::claim;
use crate::shell::activators::IN_CONTAINER_FILE;
use crate::text::{PathText, Shown, shown};

/// The files that are understood, the first that is there.
const FILES: [&str; 3] = ["runML-here.sh", "runMe-here.sh", IN_CONTAINER_FILE];

pub(super) fn run(context: &Context, arguments: &Import) -> Result<()> {
    let file = file(context, arguments)?;
    let old = LegacyScript::read(&file)?;
    let dir = file.parent().unwrap_or(Path::new("/")).to_owned();
    let taken = if file.ends_with(IN_CONTAINER_FILE) {
        env(context, &dir, &old, arguments.dry_run)
    } else {
        container(context, &dir, &old, arguments.dry_run)
    };
    taken.map_err(|cause| cause.during(Shown(&file)))
}

fn file(context: &Context, arguments: &Import) -> Result<PathBuf> {
    let named = arguments.file.as_deref().unwrap_or(Path::new("."));
    let path = context.host.absolute(named)?;
    if path.is_file() {
        return Ok(path);
    }
    let found = FILES.iter().map(|name| path.join(name)).find(|file| file.is_file());
    found.ok_or_else(|| {
        Error::no(format!("there is nothing to take over in {}", Shown(&path)))
            .hint("name a runML-here.sh, runMe-here.sh or setup-UserEnv-in-container.sh")
    })
}

/// An env in a container.
fn env(context: &Context, dir: &Path, old: &LegacyScript, dry_run: bool) -> Result<()> {
    let record = legacy_env::record(context, dir, old)?;
    if dry_run {
        return print_words(record.text()?);
    }
    legacy_env::take_over(context, dir, &record)
}

/// The container of a directory.
fn container(context: &Context, dir: &Path, old: &LegacyScript, dry_run: bool) -> Result<()> {
    let runner = Runner::new(context.host, context.ui, old.engine()?)?;
    let image = old.image()?;
    let absolute = |path: &Path| Ok(dir.join(path));
    let mut state = planned(&runner, image.as_ref(), None, old.get("contName").as_deref(), dir);
    state.bind = old.binds(absolute)?;
    state.bind.retain(|mount| mount.source.0 != dir && mount.source.0.exists());
    state.digest = old.get("imageDigest").filter(|digest| claim::is_digest(digest));
    state.built = old.get("imageLastUpdate");
    state.text()?; // before anything of it is said to an engine
    match runner.engine.family() {
        Family::Store => find_container(&runner, &mut state)?,
        Family::Files => find_sandbox(&mut state, dir, old)?,
    }
    if ContainerState::read(dir)?.is_some() {
        return Err(Error::new(format!("{} already has a container of mlenv's", Shown(dir)))
            .hint("`mlenv container info` shows it"));
    }
    if dry_run {
        return print_words(state.text()?);
    }
    let _lock = lock(dir)?;
    mark(context, &runner, dir, &mut state, old);
    state.write(dir)?;
    remember(context, dir);
    context
        .ui
        .say(format!("{} has its container from now on: `mlenv container` enters it", Shown(dir)));
    Ok(())
}

fn find_container(runner: &Runner, state: &mut ContainerState) -> Result<()> {
    let name = state.name.clone().unwrap_or_default();
    let facts = runner.run("find the container", &store::inspect(runner.engine, &name))?;
    let facts: serde_json::Value = serde_json::from_str(&facts).unwrap_or_default();
    let id = facts.pointer("/0/Id").and_then(serde_json::Value::as_str);
    state.container = Some(
        id.ok_or_else(|| Error::no(format!("there is no container {}", shown(&name))))?.to_owned(),
    );
    Ok(())
}

fn find_sandbox(state: &mut ContainerState, dir: &Path, old: &LegacyScript) -> Result<()> {
    let path = old.get("sandboxPath").ok_or_else(|| Error::no("the file names no sandbox"))?;
    if !dir.join(&path).is_dir() {
        return Err(Error::no(format!("the sandbox {} is gone", Shown(&dir.join(path)))));
    }
    let below = Path::new(&path).strip_prefix(dir).unwrap_or(Path::new(&path)).to_owned();
    state.sandbox = Some(PathText(below.components().collect()));
    Ok(())
}

/// What was there at first: of conda's packages the file tells; of pip's nobody knows, so those of today are not
/// told as added.
fn mark(
    context: &Context,
    runner: &Runner,
    dir: &Path,
    state: &mut ContainerState,
    old: &LegacyScript,
) {
    let lines = old.history_lines();
    let entrance = Entrance::new(context, runner, dir, state);
    let woken = wake(runner, dir, state).and_then(|()| entrance.prepare());
    match woken.and_then(|()| entrance.listing()) {
        Ok(listing) => state.start = listing.mark_at(lines),
        Err(cause) => context.ui.warn(format!("what you added so far is not known: {cause}")),
    }
}
