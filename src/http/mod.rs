//! Requests with an end: time limits, retries, redirects, and what must never travel.
//!
//! Redirects are followed here, not in the library: who asks is told to the host that was asked and to no other, and
//! nothing goes without TLS but between a server of this machine and us.

mod address;
mod give;
mod message;
mod proxy;
mod redirect;
pub(crate) mod roots;
mod secret;
mod trouble;

mod stream;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ureq::http::{Uri, header};
use ureq::tls::TlsConfig;
use ureq::{Agent, Body, RequestBuilder, http};

pub(crate) use self::address::is_loopback;
pub(crate) use self::give::{Payload, Send};
pub(crate) use self::message::{Ask, Failure, Method, Plain, Reply, Response};
pub(crate) use self::secret::Secret;
pub(crate) use self::stream::Stream;

use self::address::{host, origin};
use self::proxy::Proxies;
use crate::error::{Error, Result};
use crate::host::Host;

/// How often something is asked for that may go better the next time.
const TRIES: u32 = 3;
/// The first pause between two tries; each later one is twice as long.
const PAUSE: Duration = Duration::from_millis(400);
/// So many connections to one host are kept for the next request: as many as ask side by side.
const CONNECTIONS: usize = 16;
/// Docker Hub's blobs take one redirect; more than a few is a loop.
const REDIRECTS: u32 = 5;

/// What counts beside the variables of the environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extra {
    /// A file of certificate authorities.
    pub(crate) authorities: Option<PathBuf>,
    /// A proxy, where no variable names one.
    pub(crate) proxy: Option<String>,
}

/// Sends requests.
pub(crate) struct Http {
    direct: Agent,
    behind: Option<Agent>,
    proxies: Proxies,
    patience: Duration,
    plain: Plain,
}

impl Http {
    /// `patience` is how long one thing may take, retries and pauses included.
    pub(crate) fn new(host: &Host, patience: Duration, plain: Plain) -> Result<Self> {
        Self::with(host, patience, plain, &Extra::default())
    }

    /// The same with what other settings say.
    pub(crate) fn with(
        host: &Host,
        patience: Duration,
        plain: Plain,
        extra: &Extra,
    ) -> Result<Self> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = TlsConfig::builder().root_certs(roots::all(host, extra.authorities.as_deref())?);
        let tls = tls.unversioned_rustls_crypto_provider(provider).build();
        let proxies = Proxies::of(host, extra.proxy.as_deref())?;
        let agent = |proxy| {
            let config = Agent::config_builder()
                .tls_config(tls.clone())
                .proxy(proxy)
                .http_status_as_error(false)
                .max_redirects(0)
                .max_idle_connections(2 * CONNECTIONS)
                .max_idle_connections_per_host(CONNECTIONS)
                .user_agent(concat!("mlenv/", env!("CARGO_PKG_VERSION")));
            Agent::new_with_config(config.build())
        };
        let behind = proxies.proxy.clone().map(|proxy| agent(Some(proxy)));
        Ok(Self { direct: agent(None), behind, proxies, patience, plain })
    }

    /// Asks until there is an answer that stays, or patience or tries are used up.
    pub(crate) fn send(&self, ask: &Ask) -> Reply<Response> {
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

    fn follow(&self, ask: &Ask, end: Instant) -> Reply<Response> {
        let mut url = ask.url.clone();
        let mut authorization = ask.authorization;
        for _ in 0..=REDIRECTS {
            self.check_plain(&url, &ask.url)?;
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
    ) -> Reply<Response> {
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

    fn check_plain(&self, url: &Uri, asked: &Uri) -> Reply<()> {
        let here = url.host().is_some_and(is_loopback);
        // What was asked for with TLS is not had without.
        let as_asked = asked.scheme_str() == Some("http") && (here || origin(url) == origin(asked));
        match url.scheme_str() {
            Some("https") => Ok(()),
            Some("http") if here && self.plain == Plain::ThisMachine => Ok(()),
            Some("http") if as_asked && self.is_as_asked() => Ok(()),
            _ => Err(Failure::Final(
                Error::new(format!(
                    "{} was to be contacted without TLS, which mlenv does not do",
                    host(url)
                ))
                .hint("the registry sends its clients there: tell whoever keeps it"),
            )),
        }
    }
}

impl Http {
    #[cfg(feature = "conda")]
    fn is_as_asked(&self) -> bool {
        self.plain == Plain::AsAsked
    }

    #[cfg(not(feature = "conda"))]
    #[expect(clippy::unused_self, reason = "with the feature it looks")]
    fn is_as_asked(&self) -> bool {
        false
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

fn read(answer: http::Response<Body>, limit: u64) -> std::result::Result<Response, ureq::Error> {
    let (parts, body) = answer.into_parts();
    let body = body.into_with_config().limit(limit).read_to_vec()?;
    Ok(Response { status: parts.status.as_u16(), headers: parts.headers, body })
}

fn is_passing(status: u16) -> bool {
    matches!(status, 429 | 500 | 502 | 503 | 504)
}

/// How long the registry asks to wait, where it says so in seconds, as registries do.
fn retry_after(answer: &Response) -> Option<Duration> {
    answer.header("retry-after")?.trim().parse().ok().map(Duration::from_secs)
}
