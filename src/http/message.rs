//! What is asked and what comes back, as data.

use ureq::http::{HeaderMap, Uri};

use super::secret::Secret;
use crate::error::Error;

/// What is asked.
pub(crate) struct Ask<'a> {
    pub(crate) method: Method<'a>,
    pub(crate) url: Uri,
    pub(crate) accept: &'a str,
    pub(crate) authorization: Option<&'a Secret>,
    /// The most bytes that an answer may have.
    pub(crate) limit: u64,
}

/// How it is asked.
#[derive(Clone, Copy)]
pub(crate) enum Method<'a> {
    Get,
    Head,
    /// A form; one of its values may be a secret, so it is never sent on to another place.
    Post(&'a [(&'a str, &'a str)]),
}

/// What came back, whatever its status.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Response {
    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Why nothing came back.
pub(crate) enum Failure {
    /// What is there does not speak TLS.
    NoTls(Error),
    /// It may go better the next time.
    Passing(Error),
    /// It will not.
    Final(Error),
}

impl Failure {
    /// The sentence, for whoever does not care which it is.
    pub(crate) fn told(self) -> Error {
        match self {
            Self::NoTls(error) | Self::Passing(error) | Self::Final(error) => error,
        }
    }
}

pub(crate) type Reply<T> = Result<T, Failure>;

/// Whether anything may be asked without TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plain {
    /// The registry is elsewhere.
    Never,
    /// The registry is on this machine; so must be whatever else is asked without TLS.
    ThisMachine,
    /// Where the user wrote an address without it: at that place, and on this machine.
    #[cfg(feature = "conda")]
    AsAsked,
}
