//! Certificates that openssl makes for a test.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::support::sandbox::Sandbox;

/// A certificate authority of the test's own, and a server's certificate from it.
pub(crate) struct Identity {
    /// The authority, as `SSL_CERT_FILE` wants it.
    pub(crate) authority: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
}

impl Identity {
    /// Makes them with openssl, for a server of these names (`DNS:x.test,IP:127.0.0.1`).
    pub(crate) fn new(sandbox: &Sandbox, names: &str) -> Self {
        let file = |name: &str| sandbox.path("tls").join(name);
        std::fs::create_dir_all(sandbox.path("tls")).unwrap();
        let openssl = |line: &str| {
            sandbox.run("openssl").args(line.split(' ')).cwd(sandbox.path("tls")).ok();
        };
        let new = "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
        openssl(&format!("{new} -x509 -days 2 -subj /CN=authority -keyout ca.key -out ca.pem"));
        openssl(&format!("{new} -subj /CN=server -keyout key.pem -out request.pem"));
        std::fs::write(file("extensions"), format!("subjectAltName={names}\n")).unwrap();
        openssl(
            "x509 -req -in request.pem -CA ca.pem -CAkey ca.key -set_serial 1 -days 2 -extfile extensions -out server.pem",
        );
        Self { authority: file("ca.pem"), certificate: file("server.pem"), key: file("key.pem") }
    }

    pub(super) fn config(&self) -> Arc<ServerConfig> {
        let certificate = CertificateDer::from_pem_file(&self.certificate).unwrap();
        let key = PrivateKeyDer::from_pem_file(&self.key).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config =
            ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.unwrap().with_no_client_auth();
        Arc::new(config.with_single_cert(vec![certificate], key).unwrap())
    }
}
