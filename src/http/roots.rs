//! Whom TLS trusts: the certificate authorities of the user, the site and the machine.
//!
//! A site whose proxy opens TLS puts its own authority into the machine's bundle or names it in `SSL_CERT_FILE`.
//! An active env may set that variable to conda's bundle, so the machine's counts beside it. No list is built in: it
//! would age with the binary. Verification itself is never switched off.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use ureq::tls::{Certificate, PemItem, RootCerts, parse_pem};

use crate::error::{Attempt, Error, Result};
use crate::foreign;
use crate::host::Host;
use crate::text::Shown;

/// A bundle of authorities.
pub(crate) const FILE: &str = "SSL_CERT_FILE";
/// Directories of such files, joined by `:`.
pub(crate) const DIR: &str = "SSL_CERT_DIR";

/// Where distributions keep the machine's bundle; the first that is there counts.
const BUNDLES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt", // Debian, Ubuntu, Arch
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // EL, Fedora
    "/etc/pki/tls/certs/ca-bundle.crt",   // EL, old
    "/etc/ssl/ca-bundle.pem",             // SUSE
    "/etc/ssl/cert.pem",                  // Alpine
];

/// Every authority that counts here; `also` is a file that other settings name.
pub(crate) fn all(host: &Host, also: Option<&Path>) -> Result<RootCerts> {
    let mut found = Vec::new();
    if let Some(file) = also {
        found.extend(named(file).map_err(|error| error.during("ssl_verify"))?);
    }
    if let Some(file) = host.path_var(FILE) {
        found.extend(named(&file).map_err(|error| error.during(format_args!("${FILE}")))?);
    }
    if let Some(dirs) = host.var(DIR) {
        for file in std::env::split_paths(dirs).flat_map(|dir| files(&dir)) {
            found.extend(certificates(
                &foreign::read(&file, foreign::FileKind::Settings).unwrap_or_default(),
            ));
        }
    }
    if let Some(bundle) =
        BUNDLES.iter().find_map(|path| foreign::read(path, foreign::FileKind::Settings).ok())
    {
        found.extend(certificates(&bundle));
    }
    if found.is_empty() {
        return Err(Error::new("this machine has no list of certificate authorities, so no registry can be trusted")
            .hint(format!("install `ca-certificates`, or let {FILE} name such a file (conda has one: PREFIX/ssl/cacert.pem)")));
    }
    Ok(RootCerts::from(found))
}

/// The authorities of a file that somebody named: it has to be there and to hold some.
fn named(file: &Path) -> Result<Vec<Certificate<'static>>> {
    let text = foreign::read(file, foreign::FileKind::Settings).map_err(|cause| {
        let error = Error::io("read", file, &cause);
        match cause.kind() {
            ErrorKind::NotFound => {
                error.hint("unset the variable, or let it name a file of certificates")
            }
            _ => error,
        }
    })?;
    let found = certificates(&text);
    if found.is_empty() {
        return Err(Error::new(format!("{} holds no certificate in PEM form", Shown(file)))
            .hint("unset the variable, or let it name a file of certificates"));
    }
    Ok(found)
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).attempt("read", dir).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_file()).collect()
}

/// What is damaged is passed over, as every TLS library does.
fn certificates(text: &[u8]) -> Vec<Certificate<'static>> {
    parse_pem(text)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect()
}
