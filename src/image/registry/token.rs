//! The token dance: from what a registry asks for, and who we are, to the header that it wants.

use ureq::http::Uri;

use super::challenge::Challenge;
use super::login::{Credentials, FoundLogin};
use super::wire::Token;
use crate::error::{Error, Result};
use crate::http::{Ask, Failure, Http, Method, Response, Secret};
use crate::image::reference::Reference;
use crate::text::shown;

/// A token is a few KB, even where it names many rights.
const LIMIT: u64 = 1_000_000;

/// What came of it.
pub(super) enum Outcome {
    /// The header to ask again with.
    Header(Secret),
    /// Whoever gives tokens gives us none.
    Refused(Response),
    /// Only a name and password would do, and there are none.
    Nobody,
}

/// Gets what `challenge` asks for.
pub(super) fn get(
    http: &Http,
    challenge: &Challenge,
    found: &FoundLogin,
    (reference, more): (&Reference, Option<&str>),
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
            // Several rights are several fields: some servers take one field for one name.
            let mut fields: Vec<(&str, &str)> =
                scope.split_whitespace().chain(more).map(|scope| ("scope", scope)).collect();
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
) -> Result<Response> {
    let query: Vec<String> =
        fields.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    let joint = if realm.contains('?') { '&' } else { '?' };
    let url = address(&format!("{realm}{joint}{}", query.join("&")), realm)?;
    let ask =
        Ask { method: Method::Get, url, accept: "application/json", authorization, limit: LIMIT };
    http.send(&ask).map_err(Failure::told)
}

/// Buys a token for an identity: `OAuth2`'s refresh, as Docker's specification of token servers has it.
fn buy(http: &Http, realm: &str, fields: &[(&str, &str)], identity: &Secret) -> Result<Response> {
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

fn header(realm: &str, answer: Response) -> Result<Outcome> {
    match answer.status {
        200 => {}
        400 | 401 | 403 | 404 => return Ok(Outcome::Refused(answer)),
        status => {
            return Err(Error::new(format!("{} gives no token ({status})", shown(realm)))
                .hint("try again later"));
        }
    }
    match read(&answer.body) {
        Some(token) => Ok(Outcome::Header(Secret::bearer(&token))),
        None => {
            Err(Error::new(format!("{} answers with something that is not a token", shown(realm)))
                .hint("is there a web page in front of it, such as a network's login page?"))
        }
    }
}

/// The token in an answer, if there is one.
pub(super) fn read(body: &[u8]) -> Option<String> {
    let token: Token = serde_json::from_slice(body).ok()?;
    let token = token.token.or(token.access_token)?;
    // A line break would begin another header.
    let is_word = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    is_word.then_some(token)
}

fn address(text: &str, realm: &str) -> Result<Uri> {
    let url: Option<Uri> = text.parse().ok();
    url.filter(|url| url.host().is_some()).ok_or_else(|| {
        Error::new(format!(
            "the registry sends us for a token to \"{}\", which is not an address",
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
