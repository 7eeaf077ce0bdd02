//! Requests with an end: time limits, retries, redirects, and what must never travel.
//!
//! Redirects are followed here, not in the library: who asks is told to the host that was asked and to no other, and
//! nothing goes without TLS but between a registry of this machine and us.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ureq::http::{HeaderMap, Uri, header};
use ureq::tls::TlsConfig;
use ureq::{Agent, Body, RequestBuilder, http};

use super::proxy::Proxies;
use super::redirect::{self, host, origin};
use super::secret::Secret;
use super::{roots, trouble};
use crate::error::{Error, Result};
use crate::host::Host;
use crate::image::reference::is_loopback;

/// How often something is asked for that may go better the next time.
const TRIES: u32 = 3;
/// The first pause between two tries; each later one is twice as long.
const PAUSE: Duration = Duration::from_millis(400);
/// Docker Hub's blobs take one redirect; more than a few is a loop.
const REDIRECTS: u32 = 5;

/// What is asked.
pub(super) struct Ask<'a> {
    pub(super) method: Method<'a>,
    pub(super) url: Uri,
    pub(super) accept: &'a str,
    pub(super) authorization: Option<&'a Secret>,
    /// The most bytes that an answer may have.
    pub(super) limit: u64,
}

/// How it is asked.
#[derive(Clone, Copy)]
pub(super) enum Method<'a> {
    Get,
    Head,
    /// A form; one of its values may be a secret, so it is never sent on to another place.
    Post(&'a [(&'a str, &'a str)]),
}

/// What came back, whatever its status.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// A header as text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Why nothing came back.
pub(super) enum Failure {
    /// What is there does not speak TLS.
    NoTls(Error),
    /// It may go better the next time.
    Passing(Error),
    /// It will not.
    Final(Error),
}

impl Failure {
    /// The sentence, for whoever does not care which it is.
    pub(super) fn told(self) -> Error {
        match self {
            Self::NoTls(error) | Self::Passing(error) | Self::Final(error) => error,
        }
    }
}

pub(super) type Reply<T> = std::result::Result<T, Failure>;

/// Whether anything may be asked without TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plain {
    /// The registry is elsewhere.
    Never,
    /// The registry is on this machine; so must be whatever else is asked without TLS.
    ThisMachine,
}

/// Sends requests.
pub(super) struct Http {
    direct: Agent,
    behind: Option<Agent>,
    proxies: Proxies,
    patience: Duration,
    plain: Plain,
}

impl Http {
    /// `patience` is how long one thing may take, retries and pauses included.
    pub(super) fn new(host: &Host, patience: Duration, plain: Plain) -> Result<Self> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = TlsConfig::builder().root_certs(roots::all(host)?);
        let tls = tls.unversioned_rustls_crypto_provider(provider).build();
        let proxies = Proxies::of(host)?;
        let agent = |proxy| {
            let config = Agent::config_builder()
                .tls_config(tls.clone())
                .proxy(proxy)
                .http_status_as_error(false)
                .max_redirects(0)
                .user_agent(concat!("mlenv/", env!("CARGO_PKG_VERSION")));
            Agent::new_with_config(config.build())
        };
        let behind = proxies.proxy.clone().map(|proxy| agent(Some(proxy)));
        Ok(Self { direct: agent(None), behind, proxies, patience, plain })
    }

    /// Asks until there is an answer that stays, or patience or tries are used up.
    pub(super) fn send(&self, ask: &Ask) -> Reply<Answer> {
        let end = Instant::now() + self.patience;
        let mut pause = PAUSE;
        for attempt in 1.. {
            let last = attempt == TRIES;
            let wait = match self.follow(ask, end) {
                Ok(answer) if is_passing(answer.status) => {
                    let asked = retry_after(&answer);
                    let wait = asked.unwrap_or(pause);
                    if last || Instant::now() + wait >= end {
                        return Err(Failure::Final(trouble::busy(
                            host(&ask.url),
                            answer.status,
                            asked,
                        )));
                    }
                    wait
                }
                Err(Failure::Passing(_)) if !last && Instant::now() + pause < end => pause,
                other => return other,
            };
            std::thread::sleep(wait);
            pause *= 2;
        }
        unreachable!("the last attempt returns")
    }

    fn follow(&self, ask: &Ask, end: Instant) -> Reply<Answer> {
        let mut url = ask.url.clone();
        let mut authorization = ask.authorization;
        for _ in 0..=REDIRECTS {
            self.check_plain(&url)?;
            let answer = self.once(ask, &url, authorization, end)?;
            let Some(next) = redirect::next(&answer, ask, &url)? else { return Ok(answer) };
            if origin(&next) != origin(&ask.url) {
                authorization = None; // once elsewhere, it does not come back
            }
            url = next;
        }
        Err(Failure::Final(Error::new(format!("{} redirects without end", host(&ask.url)))))
    }

    fn once(
        &self,
        ask: &Ask,
        url: &Uri,
        authorization: Option<&Secret>,
        end: Instant,
    ) -> Reply<Answer> {
        let left = end.saturating_duration_since(Instant::now());
        let proxy = self.proxies.of_url(url);
        let agent = self.behind.as_ref().filter(|_| proxy.is_some()).unwrap_or(&self.direct);
        let answered = match ask.method {
            Method::Get => prepare(agent.get(url), ask, authorization, left).call(),
            Method::Head => prepare(agent.head(url), ask, authorization, left).call(),
            Method::Post(form) => {
                prepare(agent.post(url), ask, authorization, left).send_form(form.iter().copied())
            }
        };
        answered.and_then(|answer| read(answer, ask.limit)).map_err(|cause| {
            let through = proxy.map(|proxy| format!("{}:{}", proxy.host(), proxy.port()));
            trouble::of(cause, host(url), through.as_deref(), self.patience)
        })
    }

    fn check_plain(&self, url: &Uri) -> Reply<()> {
        let here = url.host().is_some_and(is_loopback);
        match url.scheme_str() {
            Some("https") => Ok(()),
            Some("http") if here && self.plain == Plain::ThisMachine => Ok(()),
            _ => Err(Failure::Final(
                Error::new(format!(
                    "{} was to be asked without TLS, which mlenv does not do",
                    host(url)
                ))
                .hint("the registry sends its clients there: tell who keeps it"),
            )),
        }
    }
}

fn prepare<Any>(
    request: RequestBuilder<Any>,
    ask: &Ask,
    authorization: Option<&Secret>,
    left: Duration,
) -> RequestBuilder<Any> {
    let request =
        request.config().timeout_global(Some(left)).build().header(header::ACCEPT, ask.accept);
    match authorization {
        Some(secret) => request.header(header::AUTHORIZATION, secret.reveal()),
        None => request,
    }
}

fn read(answer: http::Response<Body>, limit: u64) -> std::result::Result<Answer, ureq::Error> {
    let (parts, body) = answer.into_parts();
    let body = body.into_with_config().limit(limit).read_to_vec()?;
    Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
}

fn is_passing(status: u16) -> bool {
    matches!(status, 429 | 500 | 502 | 503 | 504)
}

/// How long the registry asks to wait, where it says so in seconds, as registries do.
fn retry_after(answer: &Answer) -> Option<Duration> {
    answer.header("retry-after")?.trim().parse().ok().map(Duration::from_secs)
}
