//! Which requests go through a proxy: `https_proxy`, `all_proxy`, `no_proxy`, in either case, as curl reads them.

use ureq::http::Uri;
use ureq::{Proxy, ProxyProtocol};

use super::address::is_loopback;
use crate::error::{Error, Result};
use crate::host::Host;

/// A proxy, and what does not go through it.
pub(crate) struct Proxies {
    pub(crate) proxy: Option<Proxy>,
    exceptions: Vec<String>,
}

impl Proxies {
    /// Reads the variables. A proxy that cannot be understood is an error: going around it may be forbidden.
    /// `other` is what other settings name.
    pub(crate) fn of(host: &Host, other: Option<&str>) -> Result<Self> {
        let lists = ["no_proxy", "NO_PROXY"].iter().find_map(|name| text(host, name));
        let exceptions = lists.unwrap_or_default();
        let exceptions = exceptions
            .split(',')
            .map(|one| one.trim().to_ascii_lowercase())
            .filter(|one| !one.is_empty());
        let names = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
        let set = names.iter().find_map(|name| Some((name, text(host, name)?)));
        let set = set.map(|(name, url)| (format!("${name}"), url));
        let set = set.or_else(|| Some(("proxy_servers".to_owned(), other?.to_owned())));
        let proxy = set.map(|(name, url)| understand(&name, &url));
        Ok(Self { proxy: proxy.transpose()?, exceptions: exceptions.collect() })
    }

    /// The proxy for `url`, if it goes through one. This machine's own registries never do.
    pub(crate) fn of_url(&self, url: &Uri) -> Option<&Proxy> {
        let host = url.host()?;
        let exempt = is_loopback(host) || self.exceptions.iter().any(|one| is_exempt(one, host));
        self.proxy.as_ref().filter(|_| !exempt)
    }
}

/// The value may hold a password: it is not shown.
fn understand(name: &str, url: &str) -> Result<Proxy> {
    let wrong = |what: &str| Error::new(format!("{what} the proxy in {name}"));
    let proxy = Proxy::new(url)
        .map_err(|_| wrong("could not understand").hint("the form is http://HOST:PORT"))?;
    match proxy.protocol() {
        ProxyProtocol::Http | ProxyProtocol::Https => Ok(proxy),
        _ => Err(wrong("could not use").hint("mlenv speaks to HTTP proxies only, not to SOCKS")),
    }
}

fn text(host: &Host, name: &str) -> Option<String> {
    host.var(name).and_then(|value| value.to_str()).map(str::to_owned)
}

/// `*` is everything, `x.org` and `.x.org` are that host and all below it, a port after it is passed over.
fn is_exempt(exception: &str, host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let name = match exception.rsplit_once(':') {
        Some((name, port))
            if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            name
        }
        _ => exception,
    };
    let name = name.trim_start_matches('*').trim_start_matches('.');
    exception == "*"
        || host == name
        || (!name.is_empty() && host.strip_suffix(name).is_some_and(|left| left.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn proxied(vars: &[(&str, &str)], url: &str) -> Option<String> {
        let proxies = Proxies::of(&Host::fake(vars, Path::new("/")), None).unwrap();
        proxies.of_url(&url.parse().unwrap()).map(|proxy| proxy.host().to_owned())
    }

    #[test]
    fn a_proxy_serves_all_hosts_but_the_exceptions_and_this_machine() {
        let vars =
            [("HTTPS_PROXY", "http://px:3128"), ("no_proxy", "site.org, .lab.net,*.y.ch:443")];
        for through in ["https://ghcr.io/v2/", "https://notsite.org/", "https://y.com"] {
            assert_eq!(proxied(&vars, through).as_deref(), Some("px"), "{through}");
        }
        for around in [
            "https://site.org/",
            "https://a.site.org/",
            "https://LAB.net:5000/",
            "https://a.y.ch",
            "https://127.0.0.1:5/",
            "https://localhost/",
            "https://[::1]:5/",
        ] {
            assert_eq!(proxied(&vars, around), None, "{around}");
        }
        assert_eq!(proxied(&[("all_proxy", "px:1"), ("NO_PROXY", "*")], "https://a.b"), None);
        let both = [("https_proxy", "http://first"), ("HTTPS_PROXY", "http://second")];
        assert_eq!(proxied(&both, "https://a.b").as_deref(), Some("first"));
    }

    #[test]
    fn a_proxy_that_cannot_be_understood_is_told_without_its_password() {
        let vars = [("https_proxy", "http://me:secret word@px")];
        let error = Proxies::of(&Host::fake(&vars, Path::new("/")), None).err().unwrap();
        assert!(
            error.to_string().contains("$https_proxy") && !error.to_string().contains("secret")
        );
    }
}
