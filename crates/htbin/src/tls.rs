//! TLS: the certificate and its key, read again when their files change. rustls speaks it; what is said inside is not
//! known here.

mod files;
mod self_signed;

use std::{
    io,
    net::IpAddr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, ServerConfig,
        crypto::{CryptoProvider, ring},
        server::{ClientHello, ResolvesServerCert},
        sign::CertifiedKey,
    },
    server::TlsStream,
};

use self::files::{Files, Stamp};

/// Where the certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settings {
    /// Files in PEM form.
    Files {
        /// The certificate, and those between it and one that clients know.
        certificate: PathBuf,
        /// Its key; in the same file if there is no other.
        key: Option<PathBuf>,
        /// The file with the password of the key.
        password: Option<PathBuf>,
    },
    /// Made at the start, signed by nobody: for development.
    SelfSigned,
}

/// Speaks TLS with clients.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    files: Option<Arc<Current>>,
}

impl Tls {
    /// Reads or makes the certificate. With the rights of root, if they are still there: keys are mostly root's alone.
    pub fn open(settings: &Settings, addresses: &[IpAddr]) -> Result<Self, Error> {
        let provider = Arc::new(ring::default_provider());
        let files = match settings {
            Settings::Files { certificate, key, password } => {
                let files = Files { certificate: certificate.clone(), key: key.clone(), password: password.clone() };
                Some(Arc::new(Current::new(files, Arc::clone(&provider))?))
            }
            Settings::SelfSigned => None,
        };
        let certificate: Arc<dyn ResolvesServerCert> = match &files {
            Some(files) => Arc::clone(files) as _,
            None => Arc::new(Fixed(Arc::new(self_signed::make(addresses, &provider)?))),
        };
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(Error::Rustls)?
            .with_no_client_auth()
            .with_cert_resolver(certificate);
        config.alpn_protocols = vec![HTTP_2.to_vec(), b"http/1.1".to_vec()];
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), files })
    }

    /// Says, once root's rights are gone, if the files cannot be read again when they change.
    pub fn check_reload(&self) {
        let Some(current) = &self.files else { return };
        if let Err(error) = current.files.read(&current.provider) {
            tracing::warn!("the certificate cannot be read again when it changes, restart htbin then: {error}");
        }
    }

    /// Shakes hands. A client that speaks plain HTTP to this port is told so, in plain HTTP.
    pub async fn greet(&self, client: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let mut first = [0];
        if client.peek(&mut first).await? == 1 && first[0].is_ascii_alphabetic() {
            _ = timeout(PLAIN_TIME, tell_plain(client)).await;
            return Err(io::Error::other("it spoke plain HTTP"));
        }
        self.acceptor.accept(client).await
    }
}

/// Answers, and hears the client out. A socket that is closed with octets unread is reset, and a client that sees the
/// reset first throws the answer away (RFC 9112 §9.6).
async fn tell_plain(mut client: TcpStream) -> io::Result<()> {
    client.write_all(PLAIN.as_bytes()).await?;
    client.shutdown().await?;
    tokio::io::copy(&mut client.take(PLAIN_BYTES_MAX), &mut tokio::io::sink()).await?;
    Ok(())
}

/// Was HTTP/2 agreed on (ALPN, RFC 7301)?
pub fn speaks_http2(client: &TlsStream<TcpStream>) -> bool {
    client.get_ref().1.alpn_protocol() == Some(HTTP_2)
}

/// The certificate of the files, as they are now.
#[derive(Debug)]
struct Current {
    files: Files,
    provider: Arc<CryptoProvider>,
    key: RwLock<Arc<CertifiedKey>>,
    looked: Mutex<Looked>,
}

/// When the files were looked at last, and what was seen.
#[derive(Debug)]
struct Looked {
    when: Instant,
    stamp: Stamp,
}

impl Current {
    fn new(files: Files, provider: Arc<CryptoProvider>) -> Result<Self, Error> {
        let looked = Looked { when: Instant::now(), stamp: files.stamp() };
        let key = files.read(&provider)?;
        Ok(Self { files, provider, key: RwLock::new(Arc::new(key)), looked: Mutex::new(looked) })
    }

    /// Looks whether the files have changed, now and then. What cannot be used leaves the old one in place.
    fn refresh(&self) {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        if looked.when.elapsed() < LOOK_INTERVAL {
            return;
        }
        let stamp = self.files.stamp();
        looked.when = Instant::now();
        if stamp == looked.stamp {
            return;
        }
        looked.stamp = stamp;
        match self.files.read(&self.provider) {
            Ok(key) => {
                *self.key.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(key);
                tracing::info!("the certificate has changed; new connections get the new one");
            }
            Err(error) => tracing::warn!("the certificate has changed, and the old one is used on: {error}"),
        }
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.refresh();
        Some(Arc::clone(&self.key.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// One that never changes.
#[derive(Debug)]
struct Fixed(Arc<CertifiedKey>);

impl ResolvesServerCert for Fixed {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// Why it cannot speak TLS.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("{flag} {}: {source}", file.display())]
    Unreadable {
        /// The flag that names it.
        flag: &'static str,
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file holds something else.
    #[error("{flag} {}: {what}", file.display())]
    Wrong {
        /// The flag that names it.
        flag: &'static str,
        /// The file.
        file: PathBuf,
        /// What is wrong, and what to do.
        what: String,
    },
    /// A certificate could not be made.
    #[error("--tls-self-signed: {0}")]
    Make(#[from] rcgen::Error),
    /// rustls refuses.
    #[error("TLS: {0}")]
    Rustls(#[source] rustls::Error),
}

const HTTP_2: &[u8] = b"h2";
/// Between two looks at the files of the certificate.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// Of what a client says in plain HTTP, and for how long it is heard.
const PLAIN_BYTES_MAX: u64 = 1024 * 1024;
const PLAIN_TIME: Duration = Duration::from_secs(5);
const PLAIN: &str = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n\
                     Content-Length: 50\r\n\r\nThis port speaks TLS: the address has to be https.";
