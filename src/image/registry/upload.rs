//! What is sent to a registry: blobs, mounted or uploaded, and the manifest that makes an image of them.

use std::io::Read;
use std::time::{Duration, Instant};

use ureq::http::Uri;

use super::{Registry, credentials, refusal, who};
use crate::error::{Error, Result};
use crate::http::{Failure, Payload, Reply, Response, Send};
use crate::image::digest::Digest;

/// As long one upload may take. A server that says nothing is given up much sooner.
const LONGEST: Duration = Duration::from_secs(12 * 60 * 60);

/// So often more is tried.
pub(super) const TRIES: u32 = 2;

/// The wait before the next request where a registry wants one and does not say how long, and the most it can ask for.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

pub(super) const BYTES: [(&str, &str); 1] = [("content-type", "application/octet-stream")];

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
        let answer = self.give("HEAD", &path, &[], &[], None)?;
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
        let asked = self.give("POST", &path, &[], &[], Some(&scope));
        let Ok(answer) = asked else { return Mounted::No };
        if answer.status == 202
            && let Some(place) = self.place_in(&answer)
        {
            // An upload was opened in its place, and is not needed.
            let _ = self.reply("DELETE", &place, &[], Payload::Bytes(&[]));
        }
        if answer.status == 201 { Mounted::Yes } else { Mounted::No }
    }

    /// Uploads a blob of `size` bytes, opened anew for each attempt: in one piece, as every registry takes it, and in chunks
    /// where that is too much for one, or for the line to it. What a failed attempt sent in one piece counts for nothing; of
    /// chunks the registry is asked how much it has.
    pub(crate) fn upload<R: Read>(
        &mut self,
        digest: &Digest,
        size: u64,
        mut open: impl FnMut() -> Result<R>,
    ) -> Result<()> {
        let (mut left, mut in_chunks, mut is_renewed) = (TRIES, false, false);
        loop {
            let place = self.open_upload()?;
            let mut from = open()?;
            let reply = if in_chunks {
                self.send_chunks(place.clone(), digest, size, &mut from)
            } else {
                let body = Payload::From(&mut from, size);
                closing(&place, digest).and_then(|end| self.reply("PUT", &end, &BYTES, body))
            };
            match reply {
                Ok(answer) if answer.status == 201 => return Ok(()),
                Ok(answer) if answer.status == 401 && !is_renewed && self.is_own(&place) => {
                    is_renewed = true;
                    self.renew(&answer, None)?;
                }
                Ok(answer) if answer.status == 413 && !in_chunks => in_chunks = true,
                Ok(answer) if answer.status == 429 && left > 0 => {
                    left -= 1;
                    wait(&answer);
                }
                Ok(answer) => return Err(self.unexpected(&answer)),
                Err(Failure::Passing(_)) if left > 0 => {
                    left -= 1;
                    if left == 0 && !in_chunks {
                        (left, in_chunks) = (TRIES, true);
                    }
                }
                Err(failure) => return Err(failure.told()),
            }
        }
    }

    fn open_upload(&mut self) -> Result<Uri> {
        let path = format!("{}/blobs/uploads/", self.reference.repository());
        let answer = self.give("POST", &path, &[], &[], None)?;
        let place = self.place_in(&answer);
        place.filter(|_| answer.status == 202).ok_or_else(|| self.unexpected(&answer))
    }

    /// The place that an answer names.
    pub(super) fn place_in(&self, answer: &Response) -> Option<Uri> {
        answer.header("location").and_then(|place| self.absolute(place))
    }

    /// Lets the reference mean this manifest.
    pub(crate) fn put_manifest(&mut self, manifest: &[u8], media_type: &str) -> Result<()> {
        let path = self.manifest_path(None);
        let headers = [("content-type", media_type)];
        let answer = self.give("PUT", &path, &headers, manifest, None)?;
        match answer.status {
            200..=204 => Ok(()),
            _ => Err(self.unexpected(&answer)),
        }
    }

    pub(super) fn unexpected(&self, answer: &Response) -> Error {
        match answer.status {
            401 | 403 => refusal::denied(self.reference, answer, "not everybody may write there"),
            _ => refusal::unexpected(self.reference.registry(), answer),
        }
    }

    fn give(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
        scope: Option<&str>,
    ) -> Result<Response> {
        if self.authorization.is_none() {
            self.find_scheme()?;
        }
        let url = self.url(path)?;
        self.persist(method, &url, headers, body, scope).map_err(Failure::told)
    }

    /// Sends, proves who sends where that is wanted, and waits as long as the registry asks for.
    pub(super) fn persist(
        &mut self,
        method: &str,
        url: &Uri,
        headers: &[(&str, &str)],
        body: &[u8],
        scope: Option<&str>,
    ) -> Reply<Response> {
        let (mut left, mut is_renewed) = (TRIES, false);
        loop {
            let answer = self.reply(method, url, headers, Payload::Bytes(body))?;
            match answer.status {
                401 if !is_renewed && self.is_own(url) => {
                    is_renewed = true;
                    self.renew(&answer, scope).map_err(Failure::Final)?;
                }
                429 if left > 0 => {
                    left -= 1;
                    wait(&answer);
                }
                _ => return Ok(answer),
            }
        }
    }

    /// Gets a right by what the registry says to a request without it.
    fn renew(&mut self, answer: &Response, scope: Option<&str>) -> Result<()> {
        let found = credentials::find(self.host, self.reference)?;
        let (header, refused) = self.authorize_for(answer, &found, scope)?;
        let header = header.ok_or_else(|| {
            refusal::denied(self.reference, refused.as_ref().unwrap_or(answer), &who(&found))
        })?;
        self.authorization = Some(header);
        Ok(())
    }

    /// A registry may name a place elsewhere, as a store of blobs: who sends is told to the registry alone.
    fn is_own(&self, url: &Uri) -> bool {
        self.url("")
            .is_ok_and(|own| own.scheme() == url.scheme() && own.authority() == url.authority())
    }

    fn reply(
        &self,
        method: &str,
        url: &Uri,
        headers: &[(&str, &str)],
        body: Payload,
    ) -> Reply<Response> {
        let authorization = self.authorization.as_ref().filter(|_| self.is_own(url));
        let send = Send { method, url, headers, authorization };
        self.http.give(&send, body, Instant::now() + LONGEST)
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

/// Where an upload ends, and what it has to be.
pub(super) fn closing(place: &Uri, digest: &Digest) -> Reply<Uri> {
    let joint = if place.query().is_some() { '&' } else { '?' };
    format!("{place}{joint}digest={digest}").parse().map_err(|cause| {
        Failure::Final(Error::new(format!("could not end an upload at {place}: {cause}")))
    })
}

/// Waits as a registry asks for, within reason.
fn wait(answer: &Response) {
    let asked = answer.header("retry-after").and_then(|value| value.trim().parse().ok());
    std::thread::sleep(asked.map_or(PAUSE, Duration::from_secs).min(LONGEST_PAUSE));
}
