//! Why a registry did not answer as hoped, as sentences. None of them holds a secret.

use std::io::ErrorKind;
use std::time::Duration;

use serde::Deserialize;

use super::http::{Answer, Failure};
use crate::error::Error;
use crate::image::reference::Reference;
use crate::text::shown;

/// No answer at all. `through` is the proxy that was asked first.
pub(super) fn of(
    cause: ureq::Error,
    host: &str,
    through: Option<&str>,
    patience: Duration,
) -> Failure {
    let host = match through {
        Some(proxy) => format!("{} through the proxy {}", shown(host), shown(proxy)),
        None => shown(host),
    };
    match cause {
        ureq::Error::Io(cause) => of_io(&cause, &host),
        ureq::Error::Rustls(cause) => of_tls(&cause, &host),
        ureq::Error::Timeout(_) => Failure::Final(
            Error::new(format!("{host} gave no answer within {} s", patience.as_secs()))
                .hint("try again later, or give it more time with --timeout"),
        ),
        ureq::Error::HostNotFound => no_such_host(&host),
        ureq::Error::BodyExceedsLimit(limit) => Failure::Final(Error::new(format!(
            "{host} answers with more than {} MB, which no such answer should have",
            limit / 1_000_000
        ))),
        // Its text is the proxy's own and may repeat what it was sent.
        ureq::Error::ConnectProxyFailed(_) => Failure::Final(
            Error::new(format!("could not reach {host}: the proxy refuses"))
                .hint("is https_proxy right, with the name and password that the proxy wants?"),
        ),
        ureq::Error::Protocol(_) | ureq::Error::Http(_) | ureq::Error::LargeResponseHeader(..) => {
            Failure::Final(Error::new(format!("{host} answers with something that is not HTTP")))
        }
        other => Failure::Final(Error::new(format!(
            "could not ask {host}: {}",
            shown(&other.to_string())
        ))),
    }
}

fn of_io(cause: &std::io::Error, host: &str) -> Failure {
    if let Some(cause) = cause.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return of_tls(cause, host);
    }
    let text = cause.to_string();
    // The standard library has no kind for it.
    if text.starts_with("failed to lookup address") {
        return no_such_host(host);
    }
    let reason = text.split(" (os error").next().unwrap_or_default();
    let error = Error::new(format!("could not ask {host}: {}", shown(reason)));
    match cause.kind() {
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::UnexpectedEof => Failure::Passing(error),
        ErrorKind::ConnectionRefused => {
            Failure::Final(error.hint("is the registry running, and is the port right?"))
        }
        _ => Failure::Final(error.hint("is there a network? behind a proxy set https_proxy")),
    }
}

fn no_such_host(host: &str) -> Failure {
    Failure::Final(
        Error::new(format!("could not find the host {host}"))
            .hint("is the name right, and is there a network? behind a proxy set https_proxy"),
    )
}

fn of_tls(cause: &rustls::Error, host: &str) -> Failure {
    let error = Error::new(format!("could not trust {host}: {}", shown(&cause.to_string())));
    match cause {
        rustls::Error::InvalidMessage(_) => Failure::NoTls(
            Error::new(format!("{host} does not speak TLS"))
                .hint("only a registry on this machine may do without"),
        ),
        rustls::Error::InvalidCertificate(_) => Failure::Final(error.hint(
            "where a site's proxy opens TLS, let SSL_CERT_FILE name the site's CA file; mlenv never goes on without",
        )),
        _ => Failure::Final(error),
    }
}

/// It answers, but that it has no time for us, and perhaps when it will.
pub(super) fn busy(host: &str, status: u16, wait: Option<Duration>) -> Error {
    let host = shown(host);
    let when =
        wait.map_or(String::new(), |wait| format!(", and asks to come back in {}", duration(wait)));
    if status == 429 {
        return Error::new(format!("{host} takes no more requests from here for now (429){when}"))
            .hint("log in there (`podman login`, `docker login`), or use an image that is here as a directory");
    }
    Error::new(format!("{host} has trouble ({status}){when}")).hint("try again later")
}

/// It does not let us see the image. `note` tells what was or was not said about who asks.
pub(super) fn denied(reference: &Reference, answer: &Answer, note: &str) -> Error {
    let host = reference.registry();
    let code = first_error(answer)
        .and_then(|error| plain_code(&error.code).map(|code| format!(", {code}")));
    Error::no(format!(
        "{host} does not show {reference} ({}{}): {note}",
        answer.status,
        code.unwrap_or_default()
    ))
    .hint(format!(
        "is the name right? a private image needs a login: `podman login {host}` or `docker login {host}`"
    ))
}

/// It has no such thing.
pub(super) fn missing(reference: &Reference, answer: &Answer) -> Error {
    let known = first_error(answer).map_or(String::new(), |error| error.code);
    let what = match (known.as_str(), reference.digest()) {
        ("NAME_UNKNOWN", _) => format!("has no repository {}", reference.repository()),
        (_, Some(digest)) => format!("has no {digest} in {}", reference.repository()),
        (_, None) => format!(
            "has no {} with the tag {}",
            reference.repository(),
            reference.tag().unwrap_or("latest")
        ),
    };
    Error::no(format!("{} {what}", reference.registry())).hint("check the name and the tag")
}

/// It says something that a registry should not.
pub(super) fn unexpected(host: &str, answer: &Answer) -> Error {
    let said = first_error(answer).map_or(String::new(), |error| {
        let words: String = error.message.chars().take(200).collect();
        format!(": {}", shown(&words))
    });
    Error::new(format!("{} answers with {}{said}", shown(host), answer.status))
        .hint("is it a registry?")
}

/// What registries put into the body of a failure.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    code: String,
    message: String,
}

fn first_error(answer: &Answer) -> Option<Said> {
    #[derive(Deserialize)]
    struct Errors {
        errors: Vec<Said>,
    }
    let errors: Errors = serde_json::from_slice(&answer.body).ok()?;
    errors.errors.into_iter().next()
}

/// A code such as `UNAUTHORIZED`; anything else could repeat what it was sent.
fn plain_code(code: &str) -> Option<&str> {
    let plain = |byte: u8| byte.is_ascii_uppercase() || byte == b'_';
    Some(code).filter(|code| !code.is_empty() && code.len() < 40 && code.bytes().all(plain))
}

fn duration(time: Duration) -> String {
    match time.as_secs() {
        seconds @ ..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds.div_ceil(60)),
        seconds => format!("{} h", seconds.div_ceil(3600)),
    }
}
