//! An upload in chunks, which goes on where it was cut.

use std::io::Read;

use ureq::http::Uri;

use super::Registry;
use super::upload::{BYTES, TRIES, closing};
use crate::error::Error;
use crate::http::{Failure, Reply, Response};
use crate::image::digest::Digest;

/// As much of a blob is sent at once where it may not be all of it: some registries take no more.
const CHUNK: u64 = 4 << 20;

/// An upload in chunks: where the next one goes, and how many bytes the registry has.
struct Session {
    place: Uri,
    at: u64,
}

impl Registry<'_> {
    /// Each chunk goes where the answer to the one before says.
    pub(super) fn send_chunks(
        &mut self,
        place: Uri,
        digest: &Digest,
        size: u64,
        from: &mut dyn Read,
    ) -> Reply<Response> {
        let mut session = Session { place, at: 0 };
        while session.at < size {
            let mut chunk = Vec::new();
            let read = from.take(CHUNK.min(size - session.at)).read_to_end(&mut chunk);
            if read.is_err() || chunk.is_empty() {
                return Err(Failure::Passing(Error::new(format!(
                    "could not read all of {digest}: it ends after {} of {size} bytes",
                    session.at
                ))));
            }
            if let Some(refused) = self.send_chunk(&mut session, &chunk)? {
                return Ok(refused);
            }
        }
        self.persist("PUT", &closing(&session.place, digest)?, &BYTES, &[], None)
    }

    /// Sends a chunk until the registry has all of it. After a cut line, or where the registry expects other bytes (416), it is
    /// asked where it stands. The answer where it refuses.
    fn send_chunk(&mut self, session: &mut Session, chunk: &[u8]) -> Reply<Option<Response>> {
        let (begin, end) = (session.at, session.at + chunk.len() as u64);
        let mut left = TRIES;
        while session.at < end {
            let rest = usize::try_from(session.at - begin).map_or(&[][..], |done| &chunk[done..]);
            let range = format!("{}-{}", session.at, end - 1);
            let headers = [BYTES[0], ("content-range", range.as_str())];
            let failure = match self.persist("PATCH", &session.place, &headers, rest, None) {
                Ok(answer) if answer.status == 202 => {
                    let Some(place) = self.place_in(&answer) else { return Ok(Some(answer)) };
                    *session = Session { place, at: end };
                    return Ok(None);
                }
                Ok(answer) if answer.status != 416 && answer.status != 404 => {
                    return Ok(Some(answer));
                }
                Ok(answer) => Failure::Passing(self.unexpected(&answer)),
                Err(failure @ Failure::Passing(_)) => failure,
                Err(failure) => return Err(failure),
            };
            // What came before this chunk is not at hand any more: then the whole upload begins anew.
            let stands = self.stands(&session.place)?;
            let stands = stands.filter(|now| left > 0 && (begin..=end).contains(&now.at));
            let Some(stands) = stands else { return Err(failure) };
            left -= 1;
            *session = stands;
        }
        Ok(None)
    }

    /// How much of an upload the registry has; none where it knows nothing of it any more.
    fn stands(&mut self, place: &Uri) -> Reply<Option<Session>> {
        let answer = self.persist("GET", place, &[], &[], None)?;
        let last = answer.header("range").and_then(|range| range.rsplit_once('-'));
        let last: Option<u64> = last.and_then(|(_, last)| last.trim().parse().ok());
        let (200..=204, Some(last)) = (answer.status, last) else { return Ok(None) };
        // An upload that has nothing yet is told as `0-0`.
        let at = if last == 0 { 0 } else { last + 1 };
        Ok(Some(Session { place: self.place_in(&answer).unwrap_or_else(|| place.clone()), at }))
    }
}
