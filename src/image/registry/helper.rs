//! Credential helpers: programs called `docker-credential-NAME` that keep logins for Docker and podman.

use std::path::Path;

use serde::Deserialize;

use super::login::{Credentials, FoundLogin};
use crate::error::{Error, Result};
use crate::host::Host;
use crate::http::Secret;
use crate::process::Command;
use crate::text::{Shown, shown};

/// What a helper answers.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HelperAnswer {
    username: String,
    secret: String,
}

/// Asks the helper that `file` names for the login at `server`. One that is not here, as where a home is shared by
/// machines, or that knows no such login, is not a failure: many images need none. It is told if the registry refuses.
pub(super) fn ask(host: &Host, name: &str, server: &str, file: &Path) -> Result<FoundLogin> {
    let program = format!("docker-credential-{name}");
    let note = |what: &str| FoundLogin {
        credentials: None,
        note: Some(format!("{}, which {} names, {what}", shown(&program), Shown(file))),
    };
    // A name with a `/` would be a path of somebody's choice.
    let Some(path) = host.find_program(&program).filter(|_| !name.contains('/')) else {
        return Ok(note("is not on PATH"));
    };
    let answer = Command::new(&path).word("get").converse(server.as_bytes())?;
    let Some(answer) = answer else { return Ok(note("has no login for it")) };
    let answer: HelperAnswer = serde_json::from_slice(&answer).map_err(|_| {
        Error::new(format!("could not understand what {} answers", Shown(&path))).hint(format!(
            "does `echo {} | {} get` print JSON?",
            shown(server),
            shown(&program)
        ))
    })?;
    let secret = Secret::new(answer.secret);
    let credentials = match answer.username.as_str() {
        "<token>" => Credentials::Identity(secret),
        user => Credentials::Basic { user: user.to_owned(), password: secret },
    };
    Ok(FoundLogin {
        credentials: Some(credentials),
        note: Some(format!("the login of {}", Shown(&path))),
    })
}
