//! What a registry says when it does not give what it was asked for, as sentences. None of them holds a secret.

use serde::Deserialize;

use crate::error::Error;
use crate::http::Response;
use crate::image::reference::Reference;
use crate::text::shown;

/// It does not let us see the image. `note` tells what was or was not said about who asks.
pub(super) fn denied(reference: &Reference, answer: &Response, note: &str) -> Error {
    let host = reference.registry();
    let code = first_error(answer)
        .and_then(|error| plain_code(&error.code).map(|code| format!(", {code}")));
    Error::no(format!(
        "{host} does not show {reference} ({}{}): {note}",
        answer.status,
        code.unwrap_or_default()
    ))
    .hint(format!(
        "is the name right? a private image needs a login: `podman login {host}` or `docker login {host}`"
    ))
}

/// It has no such thing.
pub(super) fn missing(reference: &Reference, answer: &Response) -> Error {
    let known = first_error(answer).map_or(String::new(), |error| error.code);
    let what = match (known.as_str(), reference.digest()) {
        ("NAME_UNKNOWN", _) => format!("has no repository {}", reference.repository()),
        (_, Some(digest)) => format!("has no {digest} in {}", reference.repository()),
        (_, None) => format!(
            "has no {} with the tag {}",
            reference.repository(),
            reference.tag().unwrap_or("latest")
        ),
    };
    Error::no(format!("{} {what}", reference.registry())).hint("check the name and the tag")
}

/// It says something that a registry should not.
pub(super) fn unexpected(host: &str, answer: &Response) -> Error {
    let said = first_error(answer).map_or(String::new(), |error| {
        let words: String = error.message.chars().take(200).collect();
        format!(": {}", shown(&words))
    });
    Error::new(format!("{} answers with {}{said}", shown(host), answer.status))
        .hint("is it a registry?")
}

/// What registries put into the body of a failure.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    code: String,
    message: String,
}

fn first_error(answer: &Response) -> Option<Said> {
    #[derive(Deserialize)]
    struct Errors {
        errors: Vec<Said>,
    }
    let errors: Errors = serde_json::from_slice(&answer.body).ok()?;
    errors.errors.into_iter().next()
}

/// A code such as `UNAUTHORIZED`; anything else could repeat what it was sent.
fn plain_code(code: &str) -> Option<&str> {
    let plain = |byte: u8| byte.is_ascii_uppercase() || byte == b'_';
    Some(code).filter(|code| !code.is_empty() && code.len() < 40 && code.bytes().all(plain))
}
