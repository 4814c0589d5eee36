//! What is demanded of clients: a version of TLS, and a certificate.

use std::{path::PathBuf, sync::Arc};

use tokio_rustls::rustls::{
    self, RootCertStore, ServerConfig, SupportedProtocolVersion,
    crypto::{CryptoProvider, ring::Ticketer},
    pki_types::{CertificateDer, pem::PemObject},
    server::{NoServerSessionStorage, WebPkiClientVerifier, danger::ClientCertVerifier},
    version,
};

use super::{
    Error, HTTP_2,
    files::{self, Stamp},
    identity::Current,
};

/// What is demanded of clients.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Demands {
    /// The oldest version of TLS.
    pub minimum: Version,
    /// Certificates of clients, if they are asked for.
    pub clients: Option<Clients>,
}

/// A version of TLS; those before 1.2 are not spoken at all (RFC 8996).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Version {
    /// 1.2 and 1.3.
    #[default]
    Tls12,
    /// 1.3 alone.
    Tls13,
}

/// Certificates of clients.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Clients {
    /// The file with the certificates of those who sign them (PEM).
    pub authorities: PathBuf,
    /// Nobody comes in without one.
    pub required: bool,
    /// Scripts get the certificate itself, SSL_CLIENT_CERT.
    pub pass: bool,
}

impl Demands {
    /// What the file of the authorities is like, if there is one.
    pub(super) fn stamp(&self) -> Option<Stamp> {
        self.clients.as_ref().map(|clients| files::stamp([&clients.authorities]))
    }

    pub(super) fn requires_certificate(&self) -> bool {
        self.clients.as_ref().is_some_and(|clients| clients.required)
    }

    /// The way of speaking TLS with what is demanded. Tickets of one are worth nothing to another, as each has its own
    /// keys: a client cannot take what it has shown here to where more is demanded (CVE-2025-23419).
    pub(super) fn config(
        &self,
        certificate: &Arc<Current>,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Arc<ServerConfig>, Error> {
        let versions: &[&SupportedProtocolVersion] = match self.minimum {
            Version::Tls12 => rustls::ALL_VERSIONS,
            Version::Tls13 => &[&version::TLS13],
        };
        let builder = ServerConfig::builder_with_provider(Arc::clone(provider));
        let builder = builder.with_protocol_versions(versions).map_err(Error::Rustls)?;
        let builder = match &self.clients {
            Some(clients) => builder.with_client_cert_verifier(clients.verifier(provider)?),
            None => builder.with_no_client_auth(),
        };
        let mut config = builder.with_cert_resolver(Arc::clone(certificate) as _);
        config.alpn_protocols = vec![HTTP_2.to_vec(), b"http/1.1".to_vec()];
        // Sessions lie with the clients, encrypted; the key is another one every six hours.
        config.ticketer = Ticketer::new().map_err(Error::Rustls)?;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        Ok(Arc::new(config))
    }
}

impl Clients {
    fn verifier(&self, provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ClientCertVerifier>, Error> {
        let wrong = |what: String| Error::Wrong { flag: CLIENT_CA, file: self.authorities.clone(), what };
        let text = files::read(CLIENT_CA, &self.authorities)?;
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(&text) {
            let certificate = certificate.map_err(|error| wrong(format!("it is no PEM file: {error}")))?;
            roots.add(certificate).map_err(|error| wrong(format!("a certificate in it cannot be used: {error}")))?;
        }
        if roots.is_empty() {
            return Err(wrong("there is no certificate in it; it needs -----BEGIN CERTIFICATE-----".to_owned()));
        }
        let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
        let builder = if self.required { builder } else { builder.allow_unauthenticated() };
        builder.build().map_err(|error| wrong(error.to_string()))
    }
}

const CLIENT_CA: &str = "client-ca";
