//! Where answers send us on to, and whether that is still the one who was asked.

use ureq::http::Uri;

use super::http::{Answer, Ask, Failure, Method, Reply};
use crate::error::Error;
use crate::text::shown;

/// Where an answer sends us on to. A form is not sent on.
pub(super) fn next(answer: &Answer, ask: &Ask, from: &Uri) -> Reply<Option<Uri>> {
    let is_redirect = matches!(answer.status, 301 | 302 | 303 | 307 | 308);
    let Some(to) = answer.header("location").filter(|_| is_redirect) else { return Ok(None) };
    match join(from, to).filter(|_| !matches!(ask.method, Method::Post(_))) {
        Some(next) => Ok(Some(next)),
        None => Err(Failure::Final(Error::new(format!(
            "{} redirects to \"{}\", which cannot be followed",
            host(from),
            shown(to.split('?').next().unwrap_or_default()) // what comes after may be a signature
        )))),
    }
}

/// `to` as seen from `from`: an address, another host's, or a path.
fn join(from: &Uri, to: &str) -> Option<Uri> {
    let (scheme, authority) = (from.scheme_str()?, from.authority()?);
    let whole = if to.contains("://") {
        to.to_owned()
    } else if to.starts_with("//") {
        format!("{scheme}:{to}")
    } else if to.starts_with('/') {
        format!("{scheme}://{authority}{to}")
    } else {
        let dir = from.path().rsplit_once('/').map_or("", |(dir, _)| dir);
        format!("{scheme}://{authority}{dir}/{to}")
    };
    whole.parse().ok().filter(|next: &Uri| next.host().is_some())
}

/// Who is asked: only to the same is it told again who asks.
pub(super) fn origin(url: &Uri) -> (Option<&str>, Option<String>, Option<u16>) {
    let port = url.port_u16().or(match url.scheme_str() {
        Some("https") => Some(443),
        _ => Some(80),
    });
    (url.scheme_str(), url.host().map(str::to_ascii_lowercase), port)
}

/// The host as people write it, with its port where it has one; never a name and password before it.
pub(super) fn host(url: &Uri) -> &str {
    let authority = url.authority().map_or("", |authority| authority.as_str());
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        text.parse().unwrap()
    }

    #[test]
    fn redirects_lead_where_a_browser_would_go() {
        let from = uri("https://a.org:5/v2/x/blobs/y?z=1");
        for (to, expected) in [
            ("https://b.org/c?d", "https://b.org/c?d"),
            ("//b.org/c", "https://b.org/c"),
            ("/c", "https://a.org:5/c"),
            ("c", "https://a.org:5/v2/x/blobs/c"),
        ] {
            assert_eq!(join(&from, to), Some(uri(expected)), "{to}");
        }
        assert_eq!(join(&from, "https:///nowhere"), None);
    }

    #[test]
    fn another_scheme_host_or_port_is_somebody_else() {
        let here = uri("https://A.org/x");
        assert_eq!(origin(&here), origin(&uri("https://a.org:443/y")));
        for other in
            ["http://a.org/x", "https://a.org:444/x", "https://b.org/x", "https://a.org.b.org/"]
        {
            assert_ne!(origin(&here), origin(&uri(other)), "{other}");
        }
        assert_eq!(host(&uri("https://me:secret@a.org:5/x")), "a.org:5");
    }
}
