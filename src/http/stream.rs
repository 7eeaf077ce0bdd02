//! What is too large to be held: an answer whose body is read piece by piece.

use std::time::{Duration, Instant};

use ureq::BodyReader;
use ureq::http::{HeaderMap, Uri, header};

use super::address::host;
use super::{Ask, Failure, Http, Method, REDIRECTS, Reply, Response, redirect, trouble};
use crate::error::Error;

/// A server that says nothing for so long will not say anything any more.
const SILENCE: Duration = Duration::from_secs(30);

/// An answer, and its body.
pub(crate) struct Stream {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: BodyReader<'static>,
}

impl Stream {
    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

impl Http {
    /// Asks for `url` once, following redirects. All of it, the body too, has come before `end`, or fails.
    pub(crate) fn stream(
        &self,
        url: &Uri,
        headers: &[(&str, String)],
        end: Instant,
    ) -> Reply<Stream> {
        let ask = Ask {
            method: Method::Get,
            url: url.clone(),
            accept: "*/*",
            authorization: None,
            limit: u64::MAX,
        };
        let mut here = url.clone();
        for _ in 0..=REDIRECTS {
            self.check_plain(&here, url)?;
            let stream = self.open(&here, if here == *url { headers } else { &[] }, end)?;
            let answer = Response {
                status: stream.status,
                headers: stream.headers.clone(),
                body: Vec::new(),
            };
            match redirect::next(&answer, &ask, &here)? {
                Some(next) => here = next,
                None => return Ok(stream),
            }
        }
        Err(Failure::Final(Error::new(format!("{} redirects without end", host(url)))))
    }

    fn open(&self, url: &Uri, headers: &[(&str, String)], end: Instant) -> Reply<Stream> {
        let left = end.saturating_duration_since(Instant::now());
        let proxy = self.proxies.of_url(url);
        let agent = self.behind.as_ref().filter(|_| proxy.is_some()).unwrap_or(&self.direct);
        let request = agent.get(url).config();
        let request = request.timeout_global(Some(left)).timeout_per_read(Some(SILENCE)).build();
        // As it lies there: what is hashed is not to be unpacked on the way.
        let request = request.header(header::ACCEPT_ENCODING, "identity");
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
        let answered = request.call().map_err(|cause| {
            let through = proxy.map(|proxy| format!("{}:{}", proxy.host(), proxy.port()));
            trouble::of(cause, host(url), through.as_deref(), left)
        })?;
        let (parts, body) = answered.into_parts();
        let body = body.into_with_config().limit(u64::MAX).reader();
        Ok(Stream { status: parts.status.as_u16(), headers: parts.headers, body })
    }
}
