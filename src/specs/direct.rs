//! Packages that came from a place of their own: a directory, an archive, a repository (PEP 610). An index may have
//! somebody else's package under the same name, so they are had from that place again or not at all. Pure.

use std::path::PathBuf;

use serde::Deserialize;

use crate::text::percent_decode;

/// Where a package came from, in pip's words: `-e /a/directory`, `git+https://...@commit`, `https://.../x.whl`. Empty
/// where its `direct_url.json` does not tell. Never with a password or a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Direct {
    /// The package.
    pub(crate) name: String,
    /// The place.
    pub(crate) words: String,
}

/// `direct_url.json`, as far as it matters.
#[derive(Deserialize)]
struct File {
    url: String,
    #[serde(default)]
    subdirectory: Option<String>,
    #[serde(default)]
    dir_info: Option<Dir>,
    #[serde(default)]
    vcs_info: Option<Vcs>,
}

#[derive(Deserialize)]
struct Dir {
    #[serde(default)]
    editable: bool,
}

#[derive(Deserialize)]
struct Vcs {
    vcs: String,
    commit_id: String,
}

/// The beginnings of addresses that pip takes, besides `git+` and its like.
const SCHEMES: [&str; 3] = ["file", "http", "https"];

/// The version controls that pip knows.
const CONTROLS: [&str; 4] = ["git", "hg", "svn", "bzr"];

impl Direct {
    /// Understands a `direct_url.json`.
    pub(crate) fn parse(name: &str, json: &[u8]) -> Self {
        let words = serde_json::from_slice::<File>(json).ok().map(|file| file.words());
        let words = words.filter(|words| is_place(words)).unwrap_or_default();
        Self { name: name.to_owned(), words }
    }

    /// True where it is known where to have it from again.
    pub(crate) fn is_known(&self) -> bool {
        is_place(&self.words)
    }

    /// The directory that it was installed from in place, if it was.
    pub(crate) fn editable(&self) -> Option<&str> {
        self.words.strip_prefix("-e ")
    }

    /// The place as one word of a command line, without its `-e`.
    pub(crate) fn spec(&self) -> String {
        match self.words.strip_prefix("-e ") {
            Some(dir) => dir.to_owned(),
            None if self.words.contains("://") => format!("{} @ {}", self.name, self.words),
            None => self.words.clone(),
        }
    }

    /// The directory or file of this machine that it comes from.
    pub(crate) fn local(&self) -> Option<PathBuf> {
        let place = self.words.strip_prefix("-e ").unwrap_or(&self.words);
        let place = place.split_once('#').map_or(place, |(place, _)| place);
        if place.starts_with('/') {
            return Some(place.into());
        }
        let (scheme, path) = place.split_once("://")?;
        let path = match scheme.split_once('+') {
            None if scheme == "file" => path,
            Some((_, "file")) => path.rsplit_once('@').map_or(path, |(path, _)| path),
            _ => return None,
        };
        Some(percent_decode(path).into())
    }
}

impl File {
    fn words(&self) -> String {
        let below = self.subdirectory.as_deref().filter(|dir| !dir.is_empty());
        let below = below.map_or(String::new(), |dir| format!("#subdirectory={dir}"));
        let url = self.url.split('#').next().unwrap_or_default();
        if self.dir_info.as_ref().is_some_and(|dir| dir.editable) {
            let path = percent_decode(url.strip_prefix("file://").unwrap_or(url));
            return path.to_str().map_or(String::new(), |path| format!("-e {path}"));
        }
        let place = match &self.vcs_info {
            Some(Vcs { vcs, commit_id }) => format!("{vcs}+{url}@{commit_id}"),
            None => url.to_owned(),
        };
        without_secrets(&place) + &below
    }
}

/// True for what pip takes as a place, and never for an option.
fn is_place(words: &str) -> bool {
    let place = words.strip_prefix("-e ").unwrap_or(words);
    let Some((scheme, _)) = place.split_once("://") else { return place.starts_with('/') };
    let (control, transport) = scheme.split_once('+').unwrap_or(("", scheme));
    let known = control.is_empty() || CONTROLS.contains(&control);
    known
        && (SCHEMES.contains(&transport)
            || !control.is_empty() && ["ssh", "git"].contains(&transport))
}

/// The words by which names of parameters in addresses tell that the value is a secret.
const SECRETS: [&str; 8] =
    ["token", "key", "secret", "sig", "password", "passwd", "auth", "credential"];

/// A text without what lets somebody in: users and passwords in the addresses that stand in it, and parameters that
/// hold a token. Who makes the env again has their own, from `.netrc`, a keyring or `git`.
pub(crate) fn without_secrets(text: &str) -> String {
    let (mut kept, mut rest) = (String::new(), text);
    while let Some(at) = rest.find("://") {
        let scheme_from = rest[..at].rfind(|c: char| !is_of_scheme(c)).map_or(0, |at| at + 1);
        let is_ssh = rest[scheme_from..at].contains("ssh");
        kept.push_str(&rest[..at + 3]);
        let address = &rest[at + 3..];
        let address = &address[..address.find(char::is_whitespace).unwrap_or(address.len())];
        rest = &rest[at + 3 + address.len()..];
        kept.push_str(&bare(address, is_ssh));
    }
    kept + rest
}

fn is_of_scheme(c: char) -> bool {
    c.is_ascii_alphanumeric() || "+-.".contains(c)
}

/// What stands behind `://`. The user of ssh is part of the place.
fn bare(address: &str, is_ssh: bool) -> String {
    let end = address.find(['/', '?', '#']).unwrap_or(address.len());
    let (authority, path) = address.split_at(end);
    let host = match authority.rsplit_once('@') {
        Some((user, host)) if is_ssh => {
            format!("{}@{host}", user.split(':').next().unwrap_or_default())
        }
        Some((_, host)) => host.to_owned(),
        None => authority.to_owned(),
    };
    let (path, fragment) = path.find('#').map_or((path, ""), |at| path.split_at(at));
    let Some((path, query)) = path.split_once('?') else { return host + path + fragment };
    let is_secret = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or_default().to_lowercase();
        SECRETS.iter().any(|word| name.contains(word))
    };
    let kept: Vec<&str> = query.split('&').filter(|pair| !is_secret(pair)).collect();
    let query = if kept.is_empty() { String::new() } else { format!("?{}", kept.join("&")) };
    host + path + &query + fragment
}

/// A conda channel without its secrets, among them the token in `https://host/t/TOKEN/channel`.
pub(crate) fn channel_without_secrets(channel: &str) -> String {
    let channel = without_secrets(channel);
    let Some((head, tail)) = channel.split_once("/t/").filter(|(head, _)| head.contains("://"))
    else {
        return channel;
    };
    let tail = tail.split_once('/').map_or("", |(_, tail)| tail);
    format!("{head}/{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_place_comes_back_as_pip_takes_it() {
        for (json, words, local) in [
            (
                r#"{"url": "file:///a%20b", "dir_info": {"editable": true}}"#,
                "-e /a b",
                Some("/a b"),
            ),
            (r#"{"url": "file:///a%20b", "dir_info": {}}"#, "file:///a%20b", Some("/a b")),
            (
                r#"{"url": "https://u:t@x/r.git", "vcs_info": {"vcs": "git", "commit_id": "c0"}, "subdirectory": "py"}"#,
                "git+https://x/r.git@c0#subdirectory=py",
                None,
            ),
            (
                r#"{"url": "file:///r@1/x", "vcs_info": {"vcs": "git", "commit_id": "c0"}}"#,
                "git+file:///r@1/x@c0",
                Some("/r@1/x"),
            ),
            (
                r#"{"url": "https://x/d-1.whl", "archive_info": {"hash": "sha256=1"}}"#,
                "https://x/d-1.whl",
                None,
            ),
            (r#"{"url": "--target=/x", "dir_info": {}}"#, "", None),
            (r#"{"url": "ext::sh", "vcs_info": {"vcs": "--evil", "commit_id": "c0"}}"#, "", None),
            ("[]", "", None),
        ] {
            let direct = Direct::parse("demo", json.as_bytes());
            assert_eq!((direct.words.as_str(), direct.local()), (words, local.map(PathBuf::from)));
            assert_eq!(direct.is_known(), !words.is_empty());
        }
        let direct = Direct::parse("demo", br#"{"url": "https://x/d-1.whl"}"#);
        assert_eq!(direct.spec(), "demo @ https://x/d-1.whl");
    }

    #[test]
    fn what_lets_somebody_in_is_taken_out_of_addresses() {
        for (text, bare) in [
            (
                "demo @ https://u:t0k@x/r?a=1&private_token=t0k#egg=y",
                "demo @ https://x/r?a=1#egg=y",
            ),
            ("git+ssh://git:pw@x/r@main", "git+ssh://git@x/r@main"),
            ("-e git+https://t0k@x/r", "-e git+https://x/r"),
            ("https://x/r?X-Amz-Signature=1&X-Amz-Credential=2", "https://x/r"),
            ("https://a@b and https://c:d@e/f@g", "https://b and https://e/f@g"),
            ("numpy>=2", "numpy>=2"),
        ] {
            assert_eq!(without_secrets(text), bare);
        }
        assert_eq!(
            channel_without_secrets("https://x/t/tk-1/lab/label/dev"),
            "https://x/lab/label/dev"
        );
        assert_eq!(channel_without_secrets("/t/x/y"), "/t/x/y");
    }
}
