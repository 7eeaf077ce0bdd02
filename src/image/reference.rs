//! The name of an image in a registry: `registry/repository:tag@digest`, with Docker Hub's defaults.
//!
//! Pure. The grammar is that of the OCI distribution specification and of Docker's reference library; what is
//! short there (`python:3.12`) is whole here, so that two names of one image are equal.

use std::fmt;
use std::net::Ipv6Addr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::digest::Digest;
use crate::error::Error;
use crate::text::shown;

/// Docker Hub, as everybody writes it. It is asked by another name: `registry-1.docker.io`.
pub(crate) const HUB: &str = "docker.io";

/// What Docker Hub is called as well; the last one is how CVMFS names it.
const HUB_TOO: [&str; 3] = ["index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"];

/// The longest name, registry included, that Docker's library takes.
const LONGEST: usize = 255;

/// An image in a registry. Without a tag and a digest it means the tag `latest`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reference {
    registry: String,
    repository: String,
    tag: Option<String>,
    digest: Option<Digest>,
}

impl Reference {
    /// Understands what a user, a file or a script wrote; `docker://` in front is taken off.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        Self::take_apart(text).map_err(|wrong| {
            Error::new(format!("\"{}\" is not an image reference: {}", shown(text), wrong.why))
                .hint(wrong.cure.unwrap_or(FORM))
        })
    }

    fn take_apart(text: &str) -> Result<Self, Wrong> {
        let name = without_scheme(text)?;
        let (name, digest) = match name.split_once('@') {
            Some((name, digest)) => {
                (name, Some(Digest::parse(digest).map_err(|error| why(error.to_string()))?))
            }
            None => (name, None),
        };
        let (registry, rest) = split_registry(name);
        let registry = match registry {
            Some(registry) => check_registry(registry)?,
            None => HUB.to_owned(),
        };
        let (repository, tag) = match rest.split_once(':') {
            Some((repository, tag)) => (repository, Some(check_tag(tag)?)),
            None => (rest, None),
        };
        check_repository(repository)?;
        let official = registry == HUB && !repository.contains('/');
        let repository =
            if official { format!("library/{repository}") } else { repository.to_owned() };
        if registry.len() + 1 + repository.len() > LONGEST {
            return Err(why(format!("it is longer than {LONGEST} characters")));
        }
        Ok(Self { registry, repository, tag, digest })
    }

    /// The registry's host, perhaps with a port; `docker.io` for Docker Hub.
    pub(crate) fn registry(&self) -> &str {
        &self.registry
    }

    /// The repository in it, as in `library/python`.
    pub(crate) fn repository(&self) -> &str {
        &self.repository
    }

    /// The tag, if one was named or meant: none where there is only a digest.
    pub(crate) fn tag(&self) -> Option<&str> {
        match (&self.tag, &self.digest) {
            (Some(tag), _) => Some(tag),
            (None, None) => Some("latest"),
            (None, Some(_)) => None,
        }
    }

    /// The digest, if one was named.
    pub(crate) fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// The same image as it is under this digest, whatever its tag comes to mean.
    #[must_use]
    pub(crate) fn pinned(&self, digest: Digest) -> Self {
        Self { digest: Some(digest), ..self.clone() }
    }

    /// The image that the tag means, whatever that is.
    #[must_use]
    pub(crate) fn unpinned(&self) -> Self {
        Self { digest: None, ..self.clone() }
    }

    /// What an engine is told to pull: digest or tag, since podman refuses both at once.
    pub(crate) fn to_pull(&self) -> Self {
        match self.digest {
            Some(_) => Self { tag: None, ..self.clone() },
            None => Self { tag: self.tag().map(str::to_owned), ..self.clone() },
        }
    }
}

/// Whole, so that reading it again gives the same.
impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        if let Some(tag) = self.tag() {
            write!(f, ":{tag}")?;
        }
        self.digest.iter().try_for_each(|digest| write!(f, "@{digest}"))
    }
}

impl Serialize for Reference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// Why something is not a reference, and what helps.
struct Wrong {
    why: String,
    cure: Option<&'static str>,
}

const FORM: &str = "the form is REGISTRY/REPOSITORY:TAG, as in docker.io/library/python:3.12; Docker Hub's may be short, as in python:3.12";

fn why(why: impl Into<String>) -> Wrong {
    Wrong { why: why.into(), cure: None }
}

fn without_scheme(text: &str) -> Result<&str, Wrong> {
    if text.is_empty() {
        return Err(why("it is empty"));
    }
    if text.starts_with(['/', '.', '~']) {
        let cure =
            Some("a reference names an image in a registry, as docker.io/library/python:3.12");
        return Err(Wrong { why: "it looks like a path".into(), cure });
    }
    match text.split_once("://") {
        None => Ok(text),
        Some(("docker", rest)) => Ok(rest),
        Some(("http" | "https", _)) => Err(Wrong {
            why: "it is a web address".into(),
            cure: Some("leave out what stands before the registry's name"),
        }),
        Some(_) => Err(Wrong {
            why: "of such schemes only docker:// is understood".into(),
            cure: Some("other images are for the engine that knows them: apptainer pull, skopeo"),
        }),
    }
}

/// A first part with a dot or a port, or `localhost`, is a registry; anything else belongs to Docker Hub.
fn split_registry(name: &str) -> (Option<&str>, &str) {
    match name.split_once('/') {
        Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => {
            (Some(first), rest)
        }
        _ => (None, name),
    }
}

fn check_registry(text: &str) -> Result<String, Wrong> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    if port.is_some_and(|port| !is_port(port)) {
        return Err(why("the registry's port is not a number from 1 to 65535"));
    }
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let fits = match address {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.split('.').all(is_host_label),
    };
    if !fits {
        return Err(why("the registry is not a host name"));
    }
    let registry = text.to_ascii_lowercase();
    Ok(if HUB_TOO.contains(&registry.as_str()) { HUB.to_owned() } else { registry })
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|port| port > 0)
}

fn is_host_label(label: &str) -> bool {
    let inside = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    label.bytes().all(inside)
        && !label.is_empty()
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// A tag is a word: letters, digits, `_`, `.`, `-`, and it begins with none of the last two.
fn check_tag(tag: &str) -> Result<String, Wrong> {
    let inside = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    if tag.is_empty() || tag.len() > 128 || !tag.bytes().all(inside) || tag.starts_with(['.', '-'])
    {
        return Err(why(
            "a tag has up to 128 letters, digits, `_`, `.` or `-`, and begins with a letter, digit or `_`",
        ));
    }
    Ok(tag.to_owned())
}

/// Parts of lower-case letters and digits, joined inside by `.`, `_`, `__` or dashes.
fn check_repository(repository: &str) -> Result<(), Wrong> {
    if repository.bytes().any(|byte| byte.is_ascii_uppercase()) {
        let cure = Some("write it in lower case; registries know no other");
        return Err(Wrong { why: "a repository has no capital letters".into(), cure });
    }
    let wrong = || {
        why(
            "a repository has lower-case letters and digits, with `.`, `_`, `__`, `-` inside its parts",
        )
    };
    repository.split('/').all(is_repository_part).then_some(()).ok_or_else(wrong)
}

fn is_repository_part(part: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let (first, last) = (part.bytes().next(), part.bytes().last());
    if !first.is_some_and(word) || !last.is_some_and(word) {
        return false;
    }
    let joints = part.split(|character: char| u8::try_from(character).is_ok_and(word));
    joints.into_iter().all(|joint| {
        matches!(joint, "" | "." | "_" | "__") || joint.bytes().all(|byte| byte == b'-')
    })
}

#[cfg(test)]
mod tests;
