//! What a registry tells about an image: any registry that speaks the OCI distribution specification.
//!
//! Facts only, a few KB each: layers are for engines. Every answer that a digest names is checked against it.

mod challenge;
mod chunks;
pub(crate) mod content;
pub(crate) mod credentials;
pub(crate) mod doubt;
mod facts;
mod helper;
mod login;
mod platform;
mod refusal;
mod token;
mod update;
pub(crate) mod upload;
mod wire;

use std::time::Duration;

use ureq::http::Uri;

pub(crate) use self::facts::ImageFacts;
pub(crate) use self::update::Freshness;
pub(crate) use self::wire::Platform;

use self::challenge::Challenge;
use self::login::FoundLogin;
use self::token::Outcome;
use super::digest::Digest;
use super::reference::{HUB, Reference};
use crate::error::{Error, Result};
use crate::host::Host;
use crate::http::{Ask, Failure, Http, Method, Plain, Response, Secret, is_loopback};

/// How long one answer may take where the user does not say.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The specification lets a registry refuse manifests above this; an image's own account of itself is no larger.
const LIMIT: u64 = 4 * 1024 * 1024;

/// Who is asked when Docker Hub is.
const HUB_HOST: &str = "registry-1.docker.io";

/// One repository of a registry, and what was learnt by asking it.
pub(crate) struct Registry<'a> {
    host: &'a Host,
    http: Http,
    reference: &'a Reference,
    /// `https`, but for a registry of this machine that does not speak it.
    scheme: &'static str,
    authorization: Option<Secret>,
    limit: Option<PullLimit>,
}

/// How many pulls the registry still allows from here, where it says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct PullLimit {
    /// How many there are in all.
    pub(crate) limit: u64,
    /// How many are left.
    pub(crate) remaining: u64,
    /// In how many seconds.
    pub(crate) seconds: Option<u64>,
}

impl<'a> Registry<'a> {
    /// Gets ready to ask about `reference`; nothing is sent yet.
    pub(crate) fn new(
        host: &'a Host,
        reference: &'a Reference,
        patience: Duration,
    ) -> Result<Self> {
        let plain =
            if is_loopback(reference.registry()) { Plain::ThisMachine } else { Plain::Never };
        let http = Http::new(host, patience, plain)?;
        Ok(Self { host, http, reference, scheme: "https", authorization: None, limit: None })
    }

    /// The digest behind the tag. By HEAD, which Docker Hub does not count as a pull; only where the registry leaves
    /// the digest out is the manifest itself asked for.
    pub(crate) fn digest(&mut self) -> Result<Digest> {
        match self.head()? {
            Some(digest) => Ok(digest),
            None => Ok(Digest::of(&self.get(&self.manifest_path(None), wire::MANIFESTS)?.body)),
        }
    }

    /// The digest that the registry's headers tell.
    fn head(&mut self) -> Result<Option<Digest>> {
        let path = self.manifest_path(None);
        let answer = self.ask(Method::Head, &path, wire::MANIFESTS)?;
        self.limit = PullLimit::of(&answer).or(self.limit);
        let named = answer.header("docker-content-digest").map(Digest::parse).transpose()?;
        if let (Some(named), Some(asked)) = (&named, self.reference.digest())
            && named != asked
        {
            return Err(self.mismatch(asked));
        }
        Ok(named.or_else(|| self.reference.digest().cloned()))
    }

    /// A manifest by its digest.
    fn manifest(&mut self, digest: &Digest) -> Result<Vec<u8>> {
        let path = self.manifest_path(Some(digest));
        self.checked(&path, wire::MANIFESTS, digest)
    }

    /// A small blob.
    fn blob(&mut self, digest: &Digest) -> Result<Vec<u8>> {
        let path = format!("{}/blobs/{digest}", self.reference.repository());
        self.checked(&path, "*/*", digest)
    }

    fn checked(&mut self, path: &str, accept: &str, digest: &Digest) -> Result<Vec<u8>> {
        let answer = self.get(path, accept)?;
        if digest.names(&answer.body) { Ok(answer.body) } else { Err(self.mismatch(digest)) }
    }

    fn get(&mut self, path: &str, accept: &str) -> Result<Response> {
        let answer = self.ask(Method::Get, path, accept)?;
        self.limit = PullLimit::of(&answer).or(self.limit);
        Ok(answer)
    }

    fn manifest_path(&self, digest: Option<&Digest>) -> String {
        let repository = self.reference.repository();
        match (digest.or(self.reference.digest()), self.reference.tag()) {
            (Some(digest), _) => format!("{repository}/manifests/{digest}"),
            (None, tag) => format!("{repository}/manifests/{}", tag.unwrap_or("latest")),
        }
    }

    /// Asks, and proves who asks where that is wanted.
    fn ask(&mut self, method: Method, path: &str, accept: &str) -> Result<Response> {
        let mut answer = self.send(method, path, accept)?;
        if answer.status == 401 {
            let found = credentials::find(self.host, self.reference)?;
            let (header, refusal) = self.authorize(&answer, &found)?;
            let Some(header) = header else {
                return Err(refusal::denied(
                    self.reference,
                    refusal.as_ref().unwrap_or(&answer),
                    &who(&found),
                ));
            };
            self.authorization = Some(header);
            answer = self.send(method, path, accept)?;
            if answer.status == 401 {
                return Err(refusal::denied(self.reference, &answer, &who(&found)));
            }
        }
        match answer.status {
            200 => Ok(answer),
            403 => Err(refusal::denied(self.reference, &answer, "not everybody may see it")),
            404 => Err(refusal::missing(self.reference, &answer)),
            _ => Err(refusal::unexpected(self.reference.registry(), &answer)),
        }
    }

    fn authorize(
        &self,
        answer: &Response,
        found: &FoundLogin,
    ) -> Result<(Option<Secret>, Option<Response>)> {
        self.authorize_for(answer, found, None)
    }

    /// The same, with a right more than the registry names.
    fn authorize_for(
        &self,
        answer: &Response,
        found: &FoundLogin,
        scope: Option<&str>,
    ) -> Result<(Option<Secret>, Option<Response>)> {
        let headers = answer.headers.get_all("www-authenticate").iter();
        let Some(challenge) = Challenge::best(headers.filter_map(|value| value.to_str().ok()))
        else {
            return Ok((None, None));
        };
        Ok(match token::get(&self.http, &challenge, found, (self.reference, scope))? {
            Outcome::Header(header) => (Some(header), None),
            Outcome::Refused(answer) => (None, Some(answer)),
            Outcome::Nobody => (None, None),
        })
    }

    /// Sends one request. A registry of this machine is asked with TLS first: it may have it.
    fn send(&mut self, method: Method, path: &str, accept: &str) -> Result<Response> {
        let asked = self.http.send(&self.request(method, path, accept)?);
        match asked {
            Err(Failure::NoTls(_) | Failure::Passing(_))
                if self.scheme == "https"
                    && self.authorization.is_none()
                    && is_loopback(self.reference.registry()) =>
            {
                self.scheme = "http";
                self.http.send(&self.request(method, path, accept)?).map_err(Failure::told)
            }
            other => other.map_err(Failure::told),
        }
    }

    fn request<'b>(&'b self, method: Method<'b>, path: &str, accept: &'b str) -> Result<Ask<'b>> {
        let url = self.url(path)?;
        let authorization = self.authorization.as_ref();
        Ok(Ask { method, url, accept, authorization, limit: LIMIT })
    }

    fn url(&self, path: &str) -> Result<Uri> {
        let registry = self.reference.registry();
        let host = if registry == HUB { HUB_HOST } else { registry };
        format!("{}://{host}/v2/{path}", self.scheme).parse().map_err(|cause| {
            Error::new(format!("could not ask {registry} about {}: {cause}", self.reference))
        })
    }

    /// Learns whether a registry of this machine speaks TLS.
    fn find_scheme(&mut self) -> Result<()> {
        if self.scheme == "https" && is_loopback(self.reference.registry()) {
            self.send(Method::Get, "", "*/*")?;
        }
        Ok(())
    }

    fn mismatch(&self, digest: &Digest) -> Error {
        Error::new(format!(
            "{} answers with something other than {digest}: it was damaged or changed on the way",
            self.reference.registry()
        ))
        .hint("try again; where a cache or proxy stands in between, tell whoever keeps it")
    }
}

/// Who we were, for a refusal.
fn who(found: &FoundLogin) -> String {
    match (&found.credentials, &found.note) {
        (Some(_), Some(from)) => format!("{from} is refused"),
        (Some(_), None) => "the login is refused".to_owned(),
        (None, Some(why)) => why.clone(),
        (None, None) => "nobody is logged in".to_owned(),
    }
}

impl PullLimit {
    /// `ratelimit-limit: 100;w=21600` and `ratelimit-remaining: 76;w=21600`.
    fn of(answer: &Response) -> Option<Self> {
        let number = |text: &str| text.split(';').next()?.trim().parse().ok();
        let limit = answer.header("ratelimit-limit")?;
        let window = limit.split(';').find_map(|part| part.trim().strip_prefix("w="));
        Some(Self {
            limit: number(limit)?,
            remaining: number(answer.header("ratelimit-remaining")?)?,
            seconds: window.and_then(|window| window.parse().ok()),
        })
    }
}
