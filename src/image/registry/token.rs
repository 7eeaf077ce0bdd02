//! The token dance: from what a registry asks for, and who we are, to the header that it wants.

use ureq::http::Uri;

use super::challenge::Challenge;
use super::credentials::{Credentials, Found};
use super::http::{Answer, Ask, Failure, Http, Method};
use super::secret::Secret;
use super::wire::Token;
use crate::error::{Error, Result};
use crate::image::reference::Reference;
use crate::text::shown;

/// A token is a few KB, even where it names many rights.
const LIMIT: u64 = 1_000_000;

/// What came of it.
pub(super) enum Outcome {
    /// The header to ask again with.
    Header(Secret),
    /// Whoever gives tokens gives us none.
    Refused(Answer),
    /// Only a name and password would do, and there are none.
    Nobody,
}

/// Gets what `challenge` asks for.
pub(super) fn get(
    http: &Http,
    challenge: &Challenge,
    found: &Found,
    reference: &Reference,
) -> Result<Outcome> {
    match (challenge, &found.credentials) {
        (_, Some(Credentials::Token(token))) => Ok(Outcome::Header(Secret::bearer(token.reveal()))),
        (Challenge::Basic, Some(Credentials::Basic { user, password })) => {
            Ok(Outcome::Header(Secret::basic(user, password)))
        }
        (Challenge::Basic, _) => Ok(Outcome::Nobody),
        (Challenge::Bearer { realm, service, scope }, credentials) => {
            let pull = format!("repository:{}:pull", reference.repository());
            // The registry's own scope, where it says one, since some have more in it than a repository.
            let scope = scope.as_deref().unwrap_or(&pull);
            let mut fields = vec![("scope", scope)];
            fields.extend(service.as_deref().map(|service| ("service", service)));
            let answer = match credentials {
                Some(Credentials::Identity(token)) => buy(http, realm, &fields, token)?,
                Some(Credentials::Basic { user, password }) => {
                    fetch(http, realm, &fields, Some(&Secret::basic(user, password)))?
                }
                _ => fetch(http, realm, &fields, None)?,
            };
            header(realm, answer)
        }
    }
}

fn fetch(
    http: &Http,
    realm: &str,
    fields: &[(&str, &str)],
    authorization: Option<&Secret>,
) -> Result<Answer> {
    let query: Vec<String> =
        fields.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    let joint = if realm.contains('?') { '&' } else { '?' };
    let url = address(&format!("{realm}{joint}{}", query.join("&")), realm)?;
    let ask =
        Ask { method: Method::Get, url, accept: "application/json", authorization, limit: LIMIT };
    http.send(&ask).map_err(Failure::told)
}

/// Buys a token for an identity: `OAuth2`'s refresh, as Docker's specification of token servers has it.
fn buy(http: &Http, realm: &str, fields: &[(&str, &str)], identity: &Secret) -> Result<Answer> {
    let mut form = fields.to_vec();
    form.extend([
        ("grant_type", "refresh_token"),
        ("client_id", "mlenv"),
        ("refresh_token", identity.reveal()),
    ]);
    let (method, url) = (Method::Post(&form), address(realm, realm)?);
    let ask = Ask { method, url, accept: "application/json", authorization: None, limit: LIMIT };
    http.send(&ask).map_err(Failure::told)
}

fn header(realm: &str, answer: Answer) -> Result<Outcome> {
    match answer.status {
        200 => {}
        400 | 401 | 403 | 404 => return Ok(Outcome::Refused(answer)),
        status => {
            return Err(Error::new(format!("{} gives no token ({status})", shown(realm)))
                .hint("try again later"));
        }
    }
    let token: Option<Token> = serde_json::from_slice(&answer.body).ok();
    let token = token.and_then(|token| token.token.or(token.access_token));
    // A line break would begin another header.
    let token = token
        .filter(|token| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()));
    match token {
        Some(token) => Ok(Outcome::Header(Secret::bearer(&token))),
        None => {
            Err(Error::new(format!("{} answers with something that is no token", shown(realm)))
                .hint("is there a web page in front of it, as of a network that wants a login?"))
        }
    }
}

fn address(text: &str, realm: &str) -> Result<Uri> {
    let url: Option<Uri> = text.parse().ok();
    url.filter(|url| url.host().is_some()).ok_or_else(|| {
        Error::new(format!(
            "the registry sends us for a token to \"{}\", which is no address",
            shown(realm)
        ))
    })
}

/// Everything but letters, digits and a few marks as `%XX`, so that a value cannot end or add a field.
fn escaped(value: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/' | b':' | b',')
        {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_add_a_field() {
        assert_eq!(escaped("repository:a/b:pull"), "repository:a/b:pull");
        assert_eq!(escaped("x&account=me é#?"), "x%26account%3Dme%20%C3%A9%23%3F");
    }
}
