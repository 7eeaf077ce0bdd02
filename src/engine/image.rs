//! The image of a new container: which one a word means, that it is there, and which one exactly it is.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::remote;
use super::runner::Runner;
use crate::container::state::ContainerState;
use crate::container::store;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::foreign::claim;
use crate::image::Catalogue;
use crate::text::Shown;

/// What the user's word for an image means to an engine: a path, a name of the catalogue, or a reference. Where the
/// catalogue knows a directory of this machine, sandboxes are built from that.
pub(crate) fn named(context: &Context, runner: &Runner, word: &OsStr) -> Result<OsString> {
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

/// Sees to it that the image is in the engine's store, if it has one, and learns which one it is: from the registry,
/// or, for an image that is there already or whose registry only the engine can ask, from the engine.
pub(crate) fn bring(context: &Context, runner: &Runner, state: &mut ContainerState) -> Result<()> {
    let image = state.image.0.as_os_str().to_owned();
    let inspect = store::inspect_image(runner.engine, &image);
    let is_there = runner.has_store() && runner.ask(&inspect).is_some();
    if let Some(reference) = remote::reference(state)
        .filter(|reference| !is_there && !remote::is_local(runner, reference))
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
pub(crate) fn learn(state: &mut ContainerState, facts: &str) {
    let Ok(facts) = serde_json::from_str::<serde_json::Value>(facts) else { return };
    let facts = facts.get(0).unwrap_or(&facts);
    let digests = facts.get("RepoDigests").and_then(|list| list.as_array());
    let by_repository = digests.and_then(|list| list.first()?.as_str()?.split_once('@'));
    let digest =
        facts.get("Digest").and_then(|digest| digest.as_str()).filter(|text| !text.is_empty());
    let digest = digest.or(by_repository.map(|(_, digest)| digest));
    state.digest = digest.filter(|digest| claim::is_digest(digest)).map(str::to_owned);
    state.built = facts.get("Created").and_then(|date| date.as_str()).map(str::to_owned);
}
