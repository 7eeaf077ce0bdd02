//! Who asks: names, passwords and tokens for channels. They travel to the host that they are for, and stand nowhere else.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;

use crate::foreign::{self, FileKind};
use crate::host::Host;
use crate::http::is_loopback;
use crate::text::percent_decode;

/// A host, or `*.` and what its name ends with, perhaps with the beginning of a path; and how to ask there.
type Known = (String, Login);

/// How somebody is known to a server.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Login {
    /// A header.
    Header(String),
    /// What comes before the channel in the address, as anaconda.org has it: the token, and the path that it stands behind.
    Token(String, String),
}

/// What conda's tools, rattler's, and curl keep of logins.
#[derive(Debug, Default)]
pub(super) struct Logins(Vec<Known>);

/// An entry of `~/.rattler/credentials.json`, which pixi writes too.
#[derive(Deserialize)]
enum Rattlers {
    BearerToken(String),
    CondaToken(String),
    BasicHTTP { username: String, password: String },
}

/// An entry of mamba's `~/.mamba/auth/authentication.json`, in which passwords are in base64.
#[derive(Deserialize)]
#[serde(tag = "type")]
enum Mambas {
    BearerToken { token: String },
    CondaToken { token: String },
    BasicHTTPAuthentication { user: String, password: String },
}

fn basic(user: &str, password: &str) -> Login {
    Login::Header(format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}"))))
}

impl From<Rattlers> for Option<Login> {
    fn from(found: Rattlers) -> Self {
        match found {
            Rattlers::BearerToken(token) => Some(Login::Header(format!("Bearer {token}"))),
            Rattlers::CondaToken(token) => Some(Login::Token(token, String::new())),
            Rattlers::BasicHTTP { username, password } => Some(basic(&username, &password)),
        }
    }
}

impl From<Mambas> for Option<Login> {
    fn from(found: Mambas) -> Self {
        match found {
            Mambas::BearerToken { token } => Some(Login::Header(format!("Bearer {token}"))),
            Mambas::CondaToken { token } => Some(Login::Token(token, String::new())),
            Mambas::BasicHTTPAuthentication { user, password } => {
                let password = BASE64_STANDARD.decode(password).ok()?;
                Some(basic(&user, &String::from_utf8(password).ok()?))
            }
        }
    }
}

impl Logins {
    /// Reads the files of rattler's tools, of mamba's, of anaconda-client, and `.netrc`, in this order. One that cannot be
    /// understood lets nobody in.
    pub(super) fn read(host: &Host) -> Self {
        let home = host.home().unwrap_or_default();
        let rattlers = host.path_var("RATTLER_AUTH_FILE");
        let rattlers = rattlers.unwrap_or_else(|| home.join(".rattler/credentials.json"));
        let mut all: Vec<Known> = of_json::<Rattlers>(rattlers);
        all.extend(of_json::<Mambas>(home.join(".mamba/auth/authentication.json")));
        all.extend(of_anaconda(host, &home));
        let netrc = host.path_var("NETRC").unwrap_or_else(|| home.join(".netrc"));
        let netrc = foreign::read_text(netrc, FileKind::Settings).unwrap_or_default();
        all.extend(of_netrc(&netrc));
        Self(all)
    }

    /// The address as it is asked for, and a header. What an address says itself counts first; without TLS nothing is
    /// told but on this machine.
    pub(super) fn address(&self, url: &str) -> (String, Option<String>) {
        let (address, header) = without_login(url);
        let Some((scheme, rest)) = address.split_once("://") else { return (address, header) };
        let host = rest.split('/').next().unwrap_or_default();
        let is_safe = scheme == "https" || is_loopback(host);
        if header.is_some() || rest.contains("/t/") || !is_safe {
            return (address, header);
        }
        match self.0.iter().find(|(of, _)| is_of(of, rest, host)) {
            None => (address, None),
            Some((_, Login::Header(header))) => (address, Some(header.clone())),
            Some((_, Login::Token(token, below))) => {
                let (before, after) = rest.split_at(host.len() + below.len());
                (format!("{scheme}://{before}/t/{token}{after}"), None)
            }
        }
    }
}

fn of_json<T: for<'de> Deserialize<'de> + Into<Option<Login>>>(file: PathBuf) -> Vec<Known> {
    let text = foreign::read(file, FileKind::Settings).unwrap_or_default();
    let found: BTreeMap<String, serde_json::Value> =
        serde_json::from_slice(&text).unwrap_or_default();
    let known = |(of, login): (String, serde_json::Value)| {
        let login: Option<Login> = serde_json::from_value::<T>(login).ok()?.into();
        let of = of.split_once("://").map_or(of.as_str(), |(_, rest)| rest);
        Some((of.trim_end_matches('/').to_owned(), login?))
    };
    let mut all: Vec<Known> = found.into_iter().filter_map(known).collect();
    // The longest is meant most closely.
    all.sort_by_key(|(of, _)| (of.starts_with("*."), usize::MAX - of.len()));
    all
}

/// The tokens of `anaconda login`: files named for the server's API, whose packages are at the same place with `conda` for
/// `api`. As conda reads them.
fn of_anaconda(host: &Host, home: &Path) -> Vec<Known> {
    let under = |name: &str, else_: &str| host.path_var(name).unwrap_or_else(|| home.join(else_));
    let dirs = match host.path_var("BINSTAR_CONFIG_DIR") {
        Some(dir) => vec![dir.join("data")],
        None => vec![
            under("XDG_CONFIG_HOME", ".config").join("binstar"),
            under("XDG_DATA_HOME", ".local/share").join("binstar"),
        ],
    };
    let files = dirs.iter().filter_map(|dir| std::fs::read_dir(dir).ok()).flatten().flatten();
    let known = |entry: std::fs::DirEntry| {
        let name = entry.file_name();
        let url = percent_decode(name.to_str()?.strip_suffix(".token")?);
        let url = url.to_str()?.split_once("://")?.1.trim_end_matches('/').to_owned();
        let token = foreign::read_text(entry.path(), FileKind::Settings).ok()?.trim().to_owned();
        let place = packages_of(&url);
        let below = place.find('/').map_or("", |at| &place[at..]).to_owned();
        let is_word = !token.is_empty() && !token.contains(|c: char| c.is_whitespace() || c == '/');
        is_word.then_some((place, Login::Token(token, below)))
    };
    files.filter_map(known).collect()
}

/// `api.anaconda.org` has its packages at `conda.anaconda.org`, `x/api` at `x/conda`.
fn packages_of(api: &str) -> String {
    let is_api = |part: &&str| *part == "api";
    let mut parts: Vec<&str> = api.split_inclusive(['.', '/']).collect();
    if let Some(at) = parts.iter().position(|part| is_api(&part.trim_end_matches(['.', '/']))) {
        parts[at] = match parts[at] {
            "api." => "conda.",
            "api/" => "conda/",
            _ => "conda",
        };
    }
    parts.concat()
}

fn is_of(of: &str, rest: &str, host: &str) -> bool {
    if let Some(end) = of.strip_prefix("*.") {
        return host.strip_suffix(end).is_some_and(|start| start.ends_with('.'));
    }
    of.is_empty()
        || rest.strip_prefix(of).is_some_and(|after| after.is_empty() || after.starts_with('/'))
        || host.rsplit_once(':').is_some_and(|(name, _)| name == of)
}

/// `machine HOST login USER password WORD`, over lines or in one; `default` is every host.
fn of_netrc(text: &str) -> Vec<Known> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let mut words = lines.flat_map(str::split_whitespace);
    let (mut found, mut user) = (Vec::new(), String::new());
    let mut host: Option<String> = None;
    while let Some(word) = words.next() {
        match word {
            "machine" => host = words.next().map(str::to_owned),
            "default" => host = Some(String::new()),
            "login" => words.next().unwrap_or_default().clone_into(&mut user),
            "password" => {
                let password = words.next().unwrap_or_default();
                found.extend(host.clone().map(|host| (host, basic(&user, password))));
            }
            "macdef" => break,
            _ => {}
        }
    }
    found
}

/// Takes a name and password out of an address; they travel as a header, and to that host alone.
fn without_login(url: &str) -> (String, Option<String>) {
    let Some((scheme, rest)) = url.split_once("://") else { return (url.to_owned(), None) };
    let end = rest.find('/').unwrap_or(rest.len());
    let Some((login, host)) = rest[..end].rsplit_once('@') else { return (url.to_owned(), None) };
    let login = percent_decode(login);
    let header = format!("Basic {}", BASE64_STANDARD.encode(login.as_encoded_bytes()));
    (format!("{scheme}://{host}{}", &rest[end..]), Some(header))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_in_an_address_travels_as_a_header_and_is_never_shown() {
        let (address, login) = without_login("https://me:p%40w@x:8/c/noarch/a");
        assert_eq!(address, "https://x:8/c/noarch/a");
        assert_eq!(login.unwrap(), format!("Basic {}", BASE64_STANDARD.encode("me:p@w")));
        assert_eq!(without_login("https://x/c@1/a"), ("https://x/c@1/a".to_owned(), None));
    }

    fn logins() -> (tempfile::TempDir, Logins) {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            crate::fs::make_dirs(path.parent().unwrap(), 0o755).unwrap();
            crate::fs::write_new(&path, text.as_bytes()).unwrap();
        };
        write(
            ".rattler/credentials.json",
            r#"{"*.prefix.dev": {"BearerToken": "b"}, "conda.x": {"CondaToken": "tk"}, "https://y/private": {"BasicHTTP": {"username": "u", "password": "p"}},
                "s3": {"S3Credentials": {"access_key_id": "a"}}}"#,
        );
        write(
            ".mamba/auth/authentication.json",
            r#"{"m.x": {"type": "BasicHTTPAuthentication", "user": "u", "password": "cA=="}, "k.x": {"type": "Odd"}}"#,
        );
        write(
            ".netrc",
            "# me\nmachine n.x\n  login u\n  password p\nmacdef init\n machine q.x login u password p\n",
        );
        write(".config/binstar/https%3A%2F%2Fapi.anaconda.x.token", "an-1\n");
        write(".local/share/binstar/https%3A%2F%2Fa.y%2Fapi.token", "an-2");
        write(".local/share/binstar/https%3A%2F%2Fapi.z.token", "an 3");
        let host = Host::fake(&[("HOME", root.path().to_str().unwrap())], Path::new("/"));
        (root, Logins::read(&host))
    }

    #[test]
    fn logins_of_other_tools_reach_the_host_that_they_are_for_and_no_other() {
        let (_root, logins) = logins();
        let up = format!("Basic {}", BASE64_STANDARD.encode("u:p"));
        for (url, address, header) in [
            ("https://repo.prefix.dev/c", "https://repo.prefix.dev/c", Some("Bearer b")),
            ("https://evilprefix.dev/c", "https://evilprefix.dev/c", None),
            ("https://conda.x/c/noarch", "https://conda.x/t/tk/c/noarch", None),
            ("https://conda.x.evil/c", "https://conda.x.evil/c", None),
            ("https://conda.x/t/own/c", "https://conda.x/t/own/c", None),
            ("https://y/private/c", "https://y/private/c", Some(up.as_str())),
            ("https://y/privateer/c", "https://y/privateer/c", None),
            ("https://m.x:8/c", "https://m.x:8/c", Some(up.as_str())),
            ("https://n.x/c", "https://n.x/c", Some(up.as_str())),
            ("http://n.x/c", "http://n.x/c", None),
            ("https://q.x/c", "https://q.x/c", None),
            (
                "https://conda.anaconda.x/me/noarch",
                "https://conda.anaconda.x/t/an-1/me/noarch",
                None,
            ),
            ("https://a.y/conda/me", "https://a.y/conda/t/an-2/me", None),
            ("https://a.y/other/me", "https://a.y/other/me", None),
            ("https://conda.z/me", "https://conda.z/me", None),
        ] {
            let found = logins.address(url);
            assert_eq!((found.0.as_str(), found.1.as_deref()), (address, header), "{url}");
        }
    }
}
