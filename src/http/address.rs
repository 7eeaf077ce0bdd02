//! Addresses: who is asked, how people write it, and whether that is this machine.

use std::net::{Ipv4Addr, Ipv6Addr};

use ureq::http::Uri;

/// Who is asked: only to the same is it told again who asks.
pub(crate) fn origin(url: &Uri) -> (Option<&str>, Option<String>, Option<u16>) {
    let port = url.port_u16().or(match url.scheme_str() {
        Some("https") => Some(443),
        _ => Some(80),
    });
    (url.scheme_str(), url.host().map(str::to_ascii_lowercase), port)
}

/// The host as people write it, with its port where it has one; never a name and password before it.
pub(crate) fn host(url: &Uri) -> &str {
    let authority = url.authority().map_or("", |authority| authority.as_str());
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

/// True for a server on this very machine, the only kind that is asked without TLS.
pub(crate) fn is_loopback(host: &str) -> bool {
    let host = match host.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => host,
        _ => host,
    };
    let v6 = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    host == "localhost"
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || v6.and_then(|host| host.parse::<Ipv6Addr>().ok()).is_some_and(|v6| v6.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        text.parse().unwrap()
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

    #[test]
    fn only_this_machine_is_loopback() {
        for there in
            ["localhost", "localhost:5000", "127.0.0.1:5000", "127.9.9.9", "[::1]:5000", "[::1]"]
        {
            assert!(is_loopback(there), "{there}");
        }
        for elsewhere in
            ["localhost.evil.org", "128.0.0.1", "docker.io", "[::2]:1", "127.0.0.1.nip.io:80"]
        {
            assert!(!is_loopback(elsewhere), "{elsewhere}");
        }
    }
}
