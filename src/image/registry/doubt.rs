//! Every reader of a registry's answers on the same bytes, whatever they are: for fuzzers, which have no registry.

use super::challenge::Challenge;
use super::wire::Platform;
use super::{facts, platform, refusal, token};
use crate::error::{Error, Result};
use crate::http::Response;
use crate::image::digest::Digest;
use crate::image::reference::Reference;

/// The sentences that come of `bytes`, read as each of the answers.
pub(crate) fn all(bytes: &[u8], reference: &Reference) -> Vec<Error> {
    let text = String::from_utf8_lossy(bytes);
    let _ = Challenge::best(text.lines());
    let _ = token::read(bytes);
    let answer =
        Response { status: 500, headers: ureq::http::HeaderMap::new(), body: bytes.to_vec() };
    let told = [
        refusal::denied(reference, &answer, "nobody is logged in"),
        refusal::missing(reference, &answer),
        refusal::unexpected(reference.registry(), &answer),
    ];
    let read = [
        manifest(bytes, reference),
        facts::read_config(reference, bytes).map(drop),
        Digest::parse(&text).map(drop),
    ];
    told.into_iter().chain(read.into_iter().filter_map(Result::err)).collect()
}

/// True where they are what stands behind a tag.
pub(crate) fn is_manifest(bytes: &[u8], reference: &Reference) -> bool {
    manifest(bytes, reference).is_ok()
}

fn manifest(bytes: &[u8], reference: &Reference) -> Result<()> {
    let manifest = facts::read_manifest(reference, bytes)?;
    if let Some(index) = &manifest.manifests {
        platform::choose(index, &Platform::here())?;
    }
    facts::parts(reference, &manifest).map(drop)
}
