//! One certificate with its key, as it is now, and the way of speaking TLS with it.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::{ArcSwap, ArcSwapOption};
use tokio_rustls::rustls::{
    ServerConfig,
    crypto::CryptoProvider,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use x509_parser::extensions::GeneralName;

use super::{
    Demands, Error, IdentitySettings, Source,
    acme::{Acme, Renewal},
    files::{Files, Stamp},
    self_signed,
};

/// A certificate, for some names, with what is demanded of who asks for them.
pub(super) struct Identity {
    pub(super) names: Vec<String>,
    pub(super) demands: Demands,
    current: Arc<Current>,
    watched: Option<Watched>,
    of_acme: bool,
    config: ArcSwap<ServerConfig>,
    provider: Arc<CryptoProvider>,
    /// What the file of those who sign certificates of clients was like last time.
    authorities: Mutex<Option<Stamp>>,
}

/// Files that are looked at, and what they were like last time.
struct Watched {
    files: Files,
    stamp: Mutex<Stamp>,
}

impl Identity {
    pub(super) fn open(
        settings: &IdentitySettings,
        addresses: &[IpAddr],
        acme: Option<&Acme>,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, Error> {
        let IdentitySettings { names, source, demands } = settings.clone();
        let (key, watched) = match source {
            Source::Files { certificate, key, password } => {
                let files = Files { certificate, key, password };
                // The stamp first: what changes in between is read again.
                let stamp = Mutex::new(files.stamp());
                let key = files.read(provider)?;
                (Some(key), Some(Watched { files, stamp }))
            }
            Source::SelfSigned => (Some(self_signed::make(addresses, &names, provider)?), None),
            Source::Acme => (acme.and_then(|acme| acme.kept(&names)), None),
        };
        let of_acme = settings.source == Source::Acme;
        let current = Arc::new(Current(ArcSwapOption::from_pointee(key)));
        let authorities = Mutex::new(demands.stamp());
        let config = ArcSwap::new(demands.config(&current, provider)?);
        let provider = Arc::clone(provider);
        Ok(Self { names, demands, current, watched, of_acme, config, provider, authorities })
    }

    pub(super) fn config(&self) -> Arc<ServerConfig> {
        self.config.load_full()
    }

    /// Looks at the files; true if there is a new certificate.
    pub(super) fn refresh(&self) -> bool {
        self.refresh_authorities();
        let Some(watched) = &self.watched else { return false };
        if !has_changed(&watched.stamp, watched.files.stamp()) {
            return false;
        }
        let file = watched.files.certificate.display();
        match watched.files.read(&self.provider) {
            Ok(key) => {
                self.current.0.store(Some(Arc::new(key)));
                tracing::info!("the certificate {file} has changed; new connections get the new one");
                true
            }
            Err(error) => {
                tracing::warn!("the certificate {file} has changed, and the old one is used on: {error}");
                false
            }
        }
    }

    /// Looks at the file of those who sign certificates of clients.
    fn refresh_authorities(&self) {
        let Some(clients) = &self.demands.clients else { return };
        if !has_changed(&self.authorities, self.demands.stamp()) {
            return;
        }
        let file = clients.authorities.display();
        match self.demands.config(&self.current, &self.provider) {
            Ok(config) => {
                self.config.store(config);
                tracing::info!("{file} has changed; it holds for new connections");
            }
            Err(error) => tracing::warn!("{file} has changed, and what stood there holds on: {error}"),
        }
    }

    /// Why its files cannot be read now, if they cannot.
    pub(super) fn unreadable(&self) -> Option<Error> {
        let watched = self.watched.as_ref()?;
        watched.files.read(&self.provider).err()
    }

    /// The names that stand in the certificate.
    pub(super) fn names_within(&self) -> Vec<String> {
        self.current.0.load().as_deref().map(names_within).unwrap_or_default()
    }

    /// Has the authority make certificates, if it is one that does.
    pub(super) fn keep_fresh(&self, acme: &Arc<Acme>) -> Option<Renewal> {
        self.of_acme.then(|| acme.keep_fresh(self.names.clone(), Arc::clone(&self.current)))
    }
}

/// Is it another stamp than last time?
fn has_changed<S: PartialEq>(last: &Mutex<S>, stamp: S) -> bool {
    let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
    let has_changed = *last != stamp;
    *last = stamp;
    has_changed
}

/// The names that stand in a certificate.
pub(super) fn names_within(key: &CertifiedKey) -> Vec<String> {
    let parsed = key.cert.first().and_then(|it| x509_parser::parse_x509_certificate(it).ok());
    let Some((_, certificate)) = parsed else { return Vec::new() };
    let Ok(Some(names)) = certificate.subject_alternative_name() else { return Vec::new() };
    let name = |it: &GeneralName<'_>| if let GeneralName::DNSName(name) = it { Some((*name).to_owned()) } else { None };
    names.value.general_names.iter().filter_map(name).collect()
}

/// The certificate that is used now, if there is one.
#[derive(Debug)]
pub(super) struct Current(pub(super) ArcSwapOption<CertifiedKey>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.load_full()
    }
}
