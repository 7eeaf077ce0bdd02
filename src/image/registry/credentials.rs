//! Who asks: what `docker login` and `podman login` left behind.
//!
//! Files and their order as in containers-auth.json(5): `$REGISTRY_AUTH_FILE` alone if it is set, else podman's places,
//! then Docker's. The most specific entry of the first file that has one counts.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;

use super::helper;
use super::login::{Credentials, FoundLogin};
use crate::error::{Attempt, Error, Result};
use crate::foreign;
use crate::host::Host;
use crate::http::Secret;
use crate::image::reference::{HUB, Reference};
use crate::text::Shown;

/// The one file of logins, in place of all others.
pub(crate) const FILE: &str = "REGISTRY_AUTH_FILE";

/// Looks for a login that covers `reference`.
pub(super) fn find(host: &Host, reference: &Reference) -> Result<FoundLogin> {
    let names = names(reference);
    for file in files(host) {
        let Some(logins) = read(&file)? else { continue };
        let found = logins.find(&names, &file, host)?;
        if found.credentials.is_some() || found.note.is_some() {
            return Ok(found);
        }
    }
    Ok(FoundLogin::default())
}

fn files(host: &Host) -> Vec<PathBuf> {
    if let Some(file) = host.path_var(FILE) {
        return vec![file];
    }
    let home = host.home().ok();
    let under = |dir: Option<PathBuf>, file: &str| dir.map(|dir| dir.join(file));
    let config = host.path_var("XDG_CONFIG_HOME").or(under(home.clone(), ".config"));
    let docker = host.path_var("DOCKER_CONFIG").or(under(home, ".docker"));
    let runtime = host.path_var("XDG_RUNTIME_DIR").map(|dir| dir.join("containers/auth.json"));
    let user = nix::unistd::getuid();
    let runtime = runtime.unwrap_or_else(|| format!("/run/containers/{user}/auth.json").into());
    let later = [under(config, "containers/auth.json"), under(docker, "config.json")];
    std::iter::once(runtime).chain(later.into_iter().flatten()).collect()
}

/// The names that a login for `reference` may have, the most specific first: its repository, what is around that, its
/// registry.
fn names(reference: &Reference) -> Vec<String> {
    let whole = format!("{}/{}", reference.registry(), reference.repository());
    let cuts = whole.rmatch_indices('/').map(|(at, _)| whole[..at].to_owned());
    std::iter::once(whole.clone()).chain(cuts).collect()
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Logins {
    auths: HashMap<String, Login>,
    cred_helpers: HashMap<String, String>,
    creds_store: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Login {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
    registrytoken: Option<String>,
}

fn read(file: &Path) -> Result<Option<Logins>> {
    let text = match foreign::read(file, foreign::FileKind::Settings) {
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        other => other.attempt("read", file)?,
    };
    let logins = serde_json::from_slice(&text).map_err(|cause| {
        // The cause's own words could repeat the text, which holds passwords.
        Error::new(format!(
            "could not understand {}: it is broken at line {}, column {}",
            Shown(file),
            cause.line(),
            cause.column()
        ))
        .hint("mend it, or log in again")
    })?;
    Ok(Some(logins))
}

impl Logins {
    fn find(&self, names: &[String], file: &Path, host: &Host) -> Result<FoundLogin> {
        for name in names {
            let is_it = |key: &&String| plain(key) == *name;
            if let Some(key) = self.cred_helpers.keys().find(is_it) {
                return helper::ask(host, &self.cred_helpers[key], &server(key), file);
            }
            let Some(key) = self.auths.keys().find(is_it) else { continue };
            if let Some(credentials) = self.auths[key].credentials(file)? {
                return Ok(FoundLogin {
                    credentials: Some(credentials),
                    note: Some(format!("the login in {}", Shown(file))),
                });
            }
            // An empty entry says that the helper for all has it.
            if let Some(helper) = &self.creds_store {
                return helper::ask(host, helper, &server(key), file);
            }
        }
        match (&self.creds_store, names.last()) {
            (Some(helper), Some(registry)) => helper::ask(host, helper, &server(registry), file),
            _ => Ok(FoundLogin::default()),
        }
    }
}

impl Login {
    fn credentials(&self, file: &Path) -> Result<Option<Credentials>> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        if let Some(token) = given(&self.identitytoken) {
            return Ok(Some(Credentials::Identity(Secret::new(token))));
        }
        if let Some(token) = given(&self.registrytoken) {
            return Ok(Some(Credentials::Token(Secret::new(token))));
        }
        let basic = |user: &str, password: &str| {
            Some(Credentials::Basic { user: user.to_owned(), password: Secret::new(password) })
        };
        if let Some(auth) = given(&self.auth) {
            let decoded = BASE64_STANDARD
                .decode(auth.trim())
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok());
            let both =
                decoded.as_deref().and_then(|text| text.trim_end_matches('\0').split_once(':'));
            let (user, password) = both.ok_or_else(|| {
                Error::new(format!(
                    "could not understand a login in {}: its `auth` is damaged",
                    Shown(file)
                ))
                .hint("log in again")
            })?;
            return Ok(basic(user, password));
        }
        Ok(given(&self.username)
            .and_then(|user| basic(&user, &self.password.clone().unwrap_or_default())))
    }
}

/// An entry's name as references have it: Docker writes `https://index.docker.io/v1/` for Docker Hub.
fn plain(key: &str) -> String {
    let name = key.strip_prefix("https://").or(key.strip_prefix("http://")).unwrap_or(key);
    let name = name.trim_end_matches('/');
    let name = name.strip_suffix("/v1").or(name.strip_suffix("/v2")).unwrap_or(name);
    match name.split_once('/') {
        None if matches!(name, "index.docker.io" | "registry-1.docker.io") => HUB.to_owned(),
        _ => name.to_owned(),
    }
}

/// How helpers know a registry.
fn server(key: &str) -> String {
    if plain(key) == HUB { "https://index.docker.io/v1/".to_owned() } else { key.to_owned() }
}

#[cfg(test)]
mod tests;
