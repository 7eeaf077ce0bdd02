//! What is sent to a registry: blobs, mounted or uploaded, and the manifest that makes an image of them.

use std::io::Read;
use std::time::{Duration, Instant};

use ureq::http::Uri;

use super::{Registry, credentials, refusal, who};
use crate::error::{Error, Result};
use crate::http::{Failure, Payload, Response, Send};
use crate::image::digest::Digest;

/// As long one upload may take. A server that says nothing is given up much sooner.
const LONGEST: Duration = Duration::from_secs(12 * 60 * 60);

/// What came of asking a registry to take a blob from another of its repositories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mounted {
    /// It did.
    Yes,
    /// It has to be uploaded.
    No,
}

impl Registry<'_> {
    /// True where the repository has the blob.
    pub(crate) fn has_blob(&mut self, digest: &Digest) -> Result<bool> {
        let path = format!("{}/blobs/{digest}", self.reference.repository());
        let answer = self.give("HEAD", &path, &[], Payload::Nothing, None)?;
        match answer.status {
            200 => Ok(true),
            404 => Ok(false),
            _ => Err(self.unexpected(&answer)),
        }
    }

    /// Asks for a blob of another repository of this registry.
    pub(crate) fn mount(&mut self, digest: &Digest, from: &str) -> Mounted {
        let repository = self.reference.repository();
        let path = format!("{repository}/blobs/uploads/?mount={digest}&from={from}");
        let scope = format!("repository:{from}:pull");
        // Whatever is wrong with it, the layer can still be uploaded; some registries refuse the right to the other repository.
        let asked = self.give("POST", &path, &[], Payload::Nothing, Some(&scope));
        let Ok(answer) = asked else { return Mounted::No };
        if answer.status == 202
            && let Some(place) = answer.header("location").and_then(|place| self.absolute(place))
        {
            // An upload was opened in its place, and is not needed.
            let _ = self.give_to("DELETE", &place, &[], Payload::Nothing);
        }
        if answer.status == 201 { Mounted::Yes } else { Mounted::No }
    }

    /// Uploads a blob of `size` bytes: in one piece, as every registry takes it.
    pub(crate) fn upload(&mut self, digest: &Digest, size: u64, from: &mut dyn Read) -> Result<()> {
        let path = format!("{}/blobs/uploads/", self.reference.repository());
        let answer = self.give("POST", &path, &[], Payload::Nothing, None)?;
        if answer.status != 202 {
            return Err(self.unexpected(&answer));
        }
        let place = answer.header("location").and_then(|place| self.absolute(place));
        let place = place.ok_or_else(|| self.unexpected(&answer))?;
        let joint = if place.query().is_some() { '&' } else { '?' };
        let place: Uri = format!("{place}{joint}digest={digest}")
            .parse()
            .map_err(|_| self.unexpected(&answer))?;
        let headers = [("content-type", "application/octet-stream")];
        let answer = self.give_to("PUT", &place, &headers, Payload::From(from, size))?;
        match answer.status {
            201 => Ok(()),
            _ => Err(self.unexpected(&answer)),
        }
    }

    /// Lets the reference mean this manifest.
    pub(crate) fn put_manifest(&mut self, manifest: &[u8], media_type: &str) -> Result<()> {
        let path = self.manifest_path(None);
        let headers = [("content-type", media_type)];
        let answer = self.give("PUT", &path, &headers, Payload::Bytes(manifest), None)?;
        match answer.status {
            200..=204 => Ok(()),
            _ => Err(self.unexpected(&answer)),
        }
    }

    fn unexpected(&self, answer: &Response) -> Error {
        match answer.status {
            401 | 403 => refusal::denied(self.reference, answer, "not everybody may write there"),
            _ => refusal::unexpected(self.reference.registry(), answer),
        }
    }

    /// Sends, and proves who sends where that is wanted. Only what can be sent twice is.
    fn give(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Payload,
        scope: Option<&str>,
    ) -> Result<Response> {
        let again = body.again();
        if self.authorization.is_none() {
            self.find_scheme()?;
        }
        let url = self.url(path)?;
        let answer = self.give_to(method, &url, headers, body)?;
        let Some(body) = again.filter(|_| answer.status == 401) else { return Ok(answer) };
        let found = credentials::find(self.host, self.reference)?;
        let (header, refused) = self.authorize_for(&answer, &found, scope)?;
        let Some(header) = header else {
            let refused = refused.as_ref().unwrap_or(&answer);
            return Err(refusal::denied(self.reference, refused, &who(&found)));
        };
        self.authorization = Some(header);
        self.give_to(method, &url, headers, body)
    }

    fn give_to(
        &self,
        method: &str,
        url: &Uri,
        headers: &[(&str, &str)],
        body: Payload,
    ) -> Result<Response> {
        // A registry may name a place elsewhere, as a store of blobs: who sends is told to the registry alone.
        let own = self.url("")?;
        let is_own = own.scheme() == url.scheme() && own.authority() == url.authority();
        let authorization = self.authorization.as_ref().filter(|_| is_own);
        let send = Send { method, url, headers, authorization };
        self.http.give(&send, body, Instant::now() + LONGEST).map_err(Failure::told)
    }

    /// A place that the registry names, which may be a path alone.
    fn absolute(&self, place: &str) -> Option<Uri> {
        if place.starts_with('/') {
            let base = self.url("").ok()?;
            return format!("{}://{}{place}", base.scheme_str()?, base.authority()?).parse().ok();
        }
        place.parse().ok()
    }
}
