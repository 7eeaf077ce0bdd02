//! Where answers send us on to.

use ureq::http::Uri;

use super::address::host;
use super::message::{Ask, Failure, Method, Reply, Response};
use crate::error::Error;
use crate::text::shown;

/// Where an answer sends us on to. A form is not sent on.
pub(crate) fn next(answer: &Response, ask: &Ask, from: &Uri) -> Reply<Option<Uri>> {
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
}
