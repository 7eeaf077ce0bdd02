//! What the registry tells about a container's image, and whether that is another one by now.

use super::super::Context;
use super::runner::Runner;
use crate::container::state::State;
use crate::container::store;
use crate::error::Result;
use crate::image::Reference;
use crate::image::digest::Digest;
use crate::image::registry::{Facts, Freshness, PATIENCE, Platform, Registry};

/// The reference of a state's image; none for one that is a path.
pub(super) fn reference(state: &State) -> Option<Reference> {
    let text = state.image.0.to_str().filter(|_| !store::is_path(state.image.0.as_os_str()))?;
    Reference::parse(text).ok()
}

/// Asks the registry about a state's image, as its reference is today.
pub(super) fn facts(context: &Context, reference: &Reference) -> Result<Facts> {
    let waiting = context.ui.spinner("asking the registry");
    let facts = Registry::new(context.host, reference, PATIENCE)?.facts(&Platform::here());
    waiting.finish_and_clear();
    facts
}

/// Whether the registry has another image by this reference than the container's. By what no registry counts as a
/// pull.
pub(super) fn is_newer(
    context: &Context,
    runner: &Runner,
    state: &State,
    reference: &Reference,
) -> Result<bool> {
    let waiting = context.ui.spinner("asking the registry");
    let mut registry = Registry::new(context.host, reference, PATIENCE)?;
    let recorded = state.digest.as_deref().and_then(|text| Digest::parse(text).ok());
    let now = match recorded {
        Some(recorded) => match registry.compare(&recorded)? {
            Freshness::Same => return Ok(false),
            Freshness::Newer(now) => now,
        },
        None => registry.digest()?,
    };
    waiting.finish_and_clear();
    Ok(!is_of(runner, state, &now.to_string()))
}

/// Writes down what the registry told.
pub(super) fn note(state: &mut State, facts: &Facts) {
    state.digest = Some(facts.digest.to_string());
    state.size = Some(facts.size);
    state.built.clone_from(&facts.created);
}

/// True where the container is of the image with this digest. An image for several platforms has one for the whole
/// and one for each; engines with a store know both.
pub(super) fn is_of(runner: &Runner, state: &State, digest: &str) -> bool {
    let is_known = || {
        let id = image_id(runner, state)?;
        runner.ask(&store::inspect_image(runner.engine, id.as_ref()))
    };
    state.digest.as_deref() == Some(digest)
        || (runner.has_store() && is_known().is_some_and(|facts| facts.contains(digest)))
}

/// The id of the image that the container was made of.
pub(super) fn image_id(runner: &Runner, state: &State) -> Option<String> {
    let facts = runner.ask(&store::inspect(runner.engine, state.container.as_deref()?))?;
    let facts: serde_json::Value = serde_json::from_str(&facts).ok()?;
    Some(bare(facts.pointer("/0/Image")?.as_str()?))
}

/// The id of an image in the store, by what the engine tells of it.
pub(super) fn id_in(facts: &str) -> Option<String> {
    let facts: serde_json::Value = serde_json::from_str(facts).ok()?;
    Some(bare(facts.pointer("/0/Id")?.as_str()?))
}

fn bare(id: &str) -> String {
    id.strip_prefix("sha256:").unwrap_or(id).to_owned()
}
