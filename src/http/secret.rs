//! Text that must never be shown.

use std::fmt;

/// A password, a token, or a header made of one. It has no `Display`, and debugging shows that it is there, no more.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// For the one place that sends it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// A header that proves who asks by name and password.
    pub(crate) fn basic(user: &str, password: &Self) -> Self {
        use base64::Engine as _;
        let both = format!("{user}:{}", password.0);
        Self(format!("Basic {}", base64::prelude::BASE64_STANDARD.encode(both)))
    }

    /// A header that proves it by a token.
    pub(crate) fn bearer(token: &str) -> Self {
        Self(format!("Bearer {token}"))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}
