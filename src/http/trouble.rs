//! Why a server did not answer as hoped, as sentences. None of them holds a secret.

use std::io::ErrorKind;
use std::time::Duration;

use super::message::Failure;
use crate::error::{Error, reason};
use crate::text::shown;

/// No answer at all. `through` is the proxy that was asked first.
pub(crate) fn of(
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
    let error = Error::new(format!("could not ask {host}: {}", shown(&reason(cause))));
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
pub(crate) fn busy(host: &str, status: u16, wait: Option<Duration>) -> Error {
    let host = shown(host);
    let when =
        wait.map_or(String::new(), |wait| format!(", and asks to come back in {}", duration(wait)));
    if status == 429 {
        return Error::new(format!("{host} takes no more requests from here for now (429){when}"))
            .hint("log in there (`podman login`, `docker login`), or use an image that is here as a directory");
    }
    Error::new(format!("{host} has trouble ({status}){when}")).hint("try again later")
}

fn duration(time: Duration) -> String {
    match time.as_secs() {
        seconds @ ..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds.div_ceil(60)),
        seconds => format!("{} h", seconds.div_ceil(3600)),
    }
}
