//! TLS-ALPN-01 (RFC 8737): an authority shakes hands with a protocol of its own and looks at a certificate made for it.
//! Nothing is said over such a connection.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use rcgen::{CertificateParams, CustomExtension, KeyPair};
use tokio_rustls::rustls::{
    ServerConfig,
    crypto::CryptoProvider,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

use super::super::Error;

/// The certificates that are shown to authorities, and the way of speaking TLS with them.
pub(in crate::tls) struct Proofs {
    shown: Arc<Shown>,
    provider: Arc<CryptoProvider>,
    config: Arc<ServerConfig>,
}

#[derive(Debug, Default)]
struct Shown(RwLock<HashMap<String, Arc<CertifiedKey>>>);

impl Proofs {
    pub(super) fn new(provider: &Arc<CryptoProvider>) -> Result<Self, Error> {
        let shown = Arc::<Shown>::default();
        let builder = ServerConfig::builder_with_provider(Arc::clone(provider));
        let builder = builder.with_safe_default_protocol_versions().map_err(Error::Rustls)?;
        let mut config = builder.with_no_client_auth().with_cert_resolver(Arc::clone(&shown) as _);
        config.alpn_protocols = vec![PROTOCOL.to_vec()];
        Ok(Self { shown, provider: Arc::clone(provider), config: Arc::new(config) })
    }

    /// The way of speaking, if it is an authority that asks.
    pub(in crate::tls) fn for_hello(&self, hello: &ClientHello<'_>) -> Option<Arc<ServerConfig>> {
        let mut protocols = hello.alpn()?;
        protocols.any(|it| it == PROTOCOL).then(|| Arc::clone(&self.config))
    }

    pub(super) fn put(&self, name: &str, digest: &[u8]) -> Result<(), Error> {
        let mut params = CertificateParams::new([name.to_owned()])?;
        params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let key = self.provider.key_provider.load_private_key(key).map_err(Error::Rustls)?;
        // `from_der` would refuse it: its extension is critical, and known to authorities alone.
        let key = CertifiedKey::new(vec![certificate.der().clone()], key);
        self.shown.0.write().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), Arc::new(key));
        Ok(())
    }

    pub(super) fn remove(&self, name: &str) {
        self.shown.0.write().unwrap_or_else(PoisonError::into_inner).remove(name);
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(hello.server_name()?).cloned()
    }
}

const PROTOCOL: &[u8] = b"acme-tls/1";
