//! What is sent: to the place that was named and to no other, once.

use std::io::Read;
use std::time::{Duration, Instant};

use ureq::SendBody;
use ureq::http::{Request, Uri, header};

use super::address::host;
use super::{Failure, Http, Reply, Response, Secret, read, trouble};
use crate::error::Error;

/// A server that says nothing for so long will not say anything any more.
const SILENCE: Duration = Duration::from_secs(120);

/// Most bytes of an answer to what was sent.
const LIMIT: u64 = 1 << 20;

/// What is sent, but for its body.
pub(crate) struct Send<'a> {
    pub(crate) method: &'a str,
    pub(crate) url: &'a Uri,
    pub(crate) headers: &'a [(&'a str, &'a str)],
    pub(crate) authorization: Option<&'a Secret>,
}

/// A body.
pub(crate) enum Payload<'a> {
    Bytes(&'a [u8]),
    /// So many bytes, read once.
    From(&'a mut dyn Read, u64),
}

impl Http {
    /// Sends, and waits for an answer until `end`.
    pub(crate) fn give(&self, send: &Send, body: Payload, end: Instant) -> Reply<Response> {
        let Send { method, url, headers, authorization } = send;
        self.check_plain(url, url)?;
        let left = end.saturating_duration_since(Instant::now());
        let proxy = self.proxies.of_url(url);
        let agent = self.behind.as_ref().filter(|_| proxy.is_some()).unwrap_or(&self.direct);
        let mut request = Request::builder().method(*method).uri((*url).clone());
        for (name, value) in *headers {
            request = request.header(*name, *value);
        }
        if let Some(secret) = authorization {
            request = request.header(header::AUTHORIZATION, secret.reveal());
        }
        let told = |cause| {
            let through = proxy.map(|proxy| format!("{}:{}", proxy.host(), proxy.port()));
            trouble::of(cause, host(url), through.as_deref(), left)
        };
        let length = match &body {
            Payload::Bytes(bytes) => bytes.len() as u64,
            Payload::From(_, size) => *size,
        };
        let has_body = *method != "HEAD" && *method != "DELETE";
        if has_body {
            request = request.header(header::CONTENT_LENGTH, length);
        }
        let wrong = |cause: ureq::http::Error| {
            Failure::Final(Error::new(format!("could not ask {}: {cause}", host(url))))
        };
        let mut bytes: &[u8];
        let from: &mut dyn Read = match body {
            Payload::Bytes(all) => {
                bytes = all;
                &mut bytes
            }
            Payload::From(from, _) => from,
        };
        if has_body {
            let request = request.body(SendBody::from_reader(from)).map_err(wrong)?;
            let request = agent.configure_request(request).timeout_global(Some(left));
            let request = request.timeout_recv_response(Some(SILENCE)).build();
            return agent.run(request).and_then(|answer| read(answer, LIMIT)).map_err(told);
        }
        let request = request.body(()).map_err(wrong)?;
        let request = agent.configure_request(request).timeout_global(Some(SILENCE)).build();
        agent.run(request).and_then(|answer| read(answer, LIMIT)).map_err(told)
    }
}
