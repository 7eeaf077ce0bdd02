//! What the registry tells about a container's image, and whether that is another one by now.

use super::runner::Runner;
use crate::container::state::ContainerState;
use crate::container::store;
use crate::context::Context;
use crate::error::Result;
use crate::image::Reference;
use crate::image::digest::Digest;
use crate::image::registry::{Freshness, ImageFacts, PATIENCE, Platform, Registry};

/// The reference of a state's image; none for one that is a path.
pub(crate) fn reference(state: &ContainerState) -> Option<Reference> {
    let text = state.image.0.to_str().filter(|_| !store::is_path(state.image.0.as_os_str()))?;
    Reference::parse(text).ok()
}

/// Asks the registry about a state's image, as its reference is today.
pub(crate) fn facts(context: &Context, reference: &Reference) -> Result<ImageFacts> {
    let waiting = context.ui.waiting("asking the registry");
    let facts = Registry::new(context.host, reference, PATIENCE)?.facts(&Platform::here());
    drop(waiting);
    facts
}

/// Whether the registry has another image by this reference than the container's. By what no registry counts as a
/// pull.
pub(crate) fn is_newer(
    context: &Context,
    runner: &Runner,
    state: &ContainerState,
    reference: &Reference,
) -> Result<bool> {
    let waiting = context.ui.waiting("asking the registry");
    let mut registry = Registry::new(context.host, reference, PATIENCE)?;
    let recorded = state.digest.as_deref().and_then(|text| Digest::parse(text).ok());
    let id = image_id(runner, state).and_then(|id| Digest::parse(&format!("sha256:{id}")).ok());
    let compared = registry.compare(recorded.as_ref(), id.as_ref())?;
    drop(waiting);
    Ok(match compared {
        Freshness::Same => false,
        Freshness::Newer(now) => !is_of(runner, state, &now.to_string()),
    })
}

/// True for podman's way to name what it built itself: `localhost` without a port is not a registry.
pub(crate) fn is_local(runner: &Runner, reference: &Reference) -> bool {
    runner.has_store() && reference.registry() == "localhost"
}

/// Whether the engine's own store has another image by that name than the container's; nothing where it has none.
pub(crate) fn is_newer_in_store(runner: &Runner, state: &ContainerState) -> Option<bool> {
    let by_name = store::inspect_image(runner.engine, state.image.0.as_os_str());
    Some(id_in(&runner.ask(&by_name)?)? != image_id(runner, state)?)
}

/// Writes down what the registry told.
pub(crate) fn note(state: &mut ContainerState, facts: &ImageFacts) {
    state.digest = Some(facts.digest.to_string());
    state.size = Some(facts.size);
    state.built.clone_from(&facts.created);
}

/// True where the container is of the image with this digest. An image for several platforms has one for the whole
/// and one for each; engines with a store know both.
pub(crate) fn is_of(runner: &Runner, state: &ContainerState, digest: &str) -> bool {
    let is_known = || {
        let id = image_id(runner, state)?;
        runner.ask(&store::inspect_image(runner.engine, id.as_ref()))
    };
    state.digest.as_deref() == Some(digest)
        || (runner.has_store() && is_known().is_some_and(|facts| has_digest(&facts, digest)))
}

/// True where the engine says that an image has this digest. Labels may name digests of others.
pub(crate) fn has_digest(facts: &str, digest: &str) -> bool {
    let facts: serde_json::Value = serde_json::from_str(facts).unwrap_or_default();
    let own = facts.pointer("/0/Digest").and_then(serde_json::Value::as_str);
    let named = facts.pointer("/0/RepoDigests").and_then(serde_json::Value::as_array);
    let mut named = named.into_iter().flatten().filter_map(serde_json::Value::as_str);
    own == Some(digest)
        || named.any(|name| name.split_once('@').is_some_and(|(_, of)| of == digest))
}

/// The id of the image that the container was made of.
pub(crate) fn image_id(runner: &Runner, state: &ContainerState) -> Option<String> {
    if !runner.has_store() {
        return None;
    }
    let facts = runner.ask(&store::inspect(runner.engine, state.container.as_deref()?))?;
    let facts: serde_json::Value = serde_json::from_str(&facts).ok()?;
    Some(bare(facts.pointer("/0/Image")?.as_str()?))
}

/// The id of an image in the store, by what the engine tells of it.
pub(crate) fn id_in(facts: &str) -> Option<String> {
    let facts: serde_json::Value = serde_json::from_str(facts).ok()?;
    Some(bare(facts.pointer("/0/Id")?.as_str()?))
}

fn bare(id: &str) -> String {
    id.strip_prefix("sha256:").unwrap_or(id).to_owned()
}
