//! A login, as data.

use crate::http::Secret;

/// What proves who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Credentials {
    /// A name and a password.
    Basic { user: String, password: Secret },
    /// Buys tokens; some clouds hand it out in place of a password.
    Identity(Secret),
    /// A token for the registry itself.
    Token(Secret),
}

/// What was found, and where; or why something that should have been was not.
#[derive(Debug, Default)]
pub(super) struct FoundLogin {
    pub(super) credentials: Option<Credentials>,
    pub(super) note: Option<String>,
}
