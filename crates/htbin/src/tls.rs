//! TLS: certificates and keys by the names that clients ask for, read again when their files change, and what is demanded
//! of clients. rustls speaks it; what is said inside is not known here.

pub mod acme;
mod client;
mod demands;
mod files;
mod identity;
mod self_signed;

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    io,
    net::IpAddr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use arc_swap::{ArcSwap, ArcSwapOption};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{
    LazyConfigAcceptor,
    rustls::{self, crypto::ring, server::Acceptor},
    server::TlsStream,
};

use crate::{
    challenges::Challenges,
    exchange::{Demand, Demands as Demanded, Scope},
    names::{Depth, Names},
};
use acme::{Acme, Renewal};
pub use demands::{Clients, Demands, Version};
use identity::Identity;

/// The certificates, each for some names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The first one answers who asks for no name, or for one that none has.
    pub identities: Vec<IdentitySettings>,
    /// The authority that makes certificates, where one does.
    pub acme: Option<acme::Settings>,
}

/// A certificate, and what is demanded of who asks for its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentitySettings {
    /// The names it is for, `*.` stands for any labels; none: those that stand in the certificate.
    pub names: Vec<String>,
    /// Where it comes from.
    pub source: Source,
    /// What is demanded of clients.
    pub demands: Demands,
}

/// Where a certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
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
    /// Made by an authority, for the names, which are no patterns.
    Acme,
}

impl Settings {
    /// One certificate for all names, with the usual demands.
    pub fn single(source: Source) -> Self {
        Self {
            identities: vec![IdentitySettings { names: Vec::new(), source, demands: Demands::default() }],
            acme: None,
        }
    }

    /// Does a browser warn of it?
    pub fn is_self_signed(&self) -> bool {
        self.identities.iter().any(|identity| identity.source == Source::SelfSigned)
    }
}

/// Speaks TLS with clients.
#[derive(Clone)]
pub struct Tls {
    now: Arc<ArcSwap<Identities>>,
    /// Looked at for every request, also over connections that are older.
    demanded: Arc<ArcSwapOption<Demanded>>,
    challenges: Arc<Challenges>,
}

impl Tls {
    /// Reads or makes the certificates. With the rights of root, if they are still there: keys are mostly root's alone.
    pub fn open(settings: &Settings, addresses: &[IpAddr]) -> Result<Self, Error> {
        Self::with(settings, addresses, Arc::default())
    }

    fn with(settings: &Settings, addresses: &[IpAddr], challenges: Arc<Challenges>) -> Result<Self, Error> {
        let identities = Identities::open(settings, addresses, &challenges)?;
        let demanded = Arc::new(ArcSwapOption::new(identities.table.load().demanded.clone()));
        Ok(Self { now: Arc::new(ArcSwap::from_pointee(identities)), demanded, challenges })
    }

    /// The same for other settings, for [`Tls::replace_by`].
    pub fn reopen(&self, settings: &Settings, addresses: &[IpAddr]) -> Result<Self, Error> {
        Self::with(settings, addresses, Arc::clone(&self.challenges))
    }

    /// What `other` has holds from now on: its certificates for whoever comes, its demands for all.
    pub fn replace_by(&self, other: &Self) {
        self.now.store(other.now.load_full());
        self.demanded.store(other.demanded.load_full());
        self.start();
    }

    /// Says, once root's rights are gone, which files cannot be read again when they change.
    pub fn check_reload(&self) {
        let identities = self.now.load();
        for unusable in identities.acme.iter().filter_map(|acme| acme.store().unusable()) {
            tracing::warn!("{unusable}");
        }
        for error in identities.all.iter().filter_map(Identity::unreadable) {
            tracing::warn!("the certificate cannot be read again when it changes, restart htbin then: {error}");
        }
    }

    /// What was made as root belongs to whoever serves.
    pub fn give_to(&self, uid: u32, gid: u32) -> io::Result<()> {
        self.now.load().acme.as_ref().map_or(Ok(()), |acme| acme.store().give_to(uid, gid))
    }

    /// Begins to get certificates from the authority, if there is one; within the runtime.
    pub fn start(&self) {
        let identities = self.now.load();
        let Some(acme) = &identities.acme else { return };
        let mut renewals = identities.renewals.lock().unwrap_or_else(PoisonError::into_inner);
        *renewals = identities.all.iter().filter_map(|identity| identity.keep_fresh(acme)).collect();
    }

    /// What the authority asks to see.
    pub fn challenges(&self) -> Arc<Challenges> {
        Arc::clone(&self.challenges)
    }

    /// Which hosts may be asked for without TLS.
    pub fn scope_without(&self) -> Scope {
        Scope { demands: Arc::clone(&self.demanded), met: None }
    }

    /// Shakes hands. A client that speaks plain HTTP to this port is told so, in plain HTTP.
    pub async fn greet(&self, client: TcpStream) -> io::Result<Greeted> {
        let mut first = [0];
        if client.peek(&mut first).await? == 1 && first[0].is_ascii_alphabetic() {
            _ = timeout(PLAIN_TIME, tell_plain(client)).await;
            return Err(io::Error::other("it spoke plain HTTP"));
        }
        let hello = LazyConfigAcceptor::new(Acceptor::default(), client).await?;
        let name = hello.client_hello().server_name().map(str::to_owned);
        let proof = self.now.load().acme.as_ref().and_then(|acme| acme.proofs.for_hello(&hello.client_hello()));
        if let Some(config) = proof {
            hello.into_stream(config).await?.shutdown().await?;
            return Err(io::Error::other("it was an authority, which has seen what it asked for"));
        }
        let (config, found) = {
            let identities = self.now.load();
            if identities.refresh() {
                self.demanded.store(identities.table.load().demanded.clone());
            }
            let (identity, found) = identities.find(name.as_deref());
            (identity.config(), found)
        };
        let stream = hello.into_stream(config).await?;
        let variables = client::variables(stream.get_ref().1, found.asks, found.passes);
        let scope = Scope { demands: Arc::clone(&self.demanded), met: Some(found.met) };
        Ok(Greeted { stream, variables, scope })
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

/// A client that has shaken hands.
pub struct Greeted {
    /// What is said inside.
    pub stream: TlsStream<TcpStream>,
    /// What scripts are told of it.
    pub variables: client::Variables,
    /// Which hosts may be asked for.
    pub scope: Scope,
}

impl Greeted {
    /// Was HTTP/2 agreed on (ALPN, RFC 7301)?
    pub fn speaks_http2(&self) -> bool {
        self.stream.get_ref().1.alpn_protocol() == Some(HTTP_2)
    }
}

/// All certificates, and whose they are.
struct Identities {
    all: Vec<Identity>,
    table: ArcSwap<Table>,
    looked: Mutex<Instant>,
    acme: Option<Arc<Acme>>,
    /// They end with what they renew.
    renewals: Mutex<Vec<Renewal>>,
}

/// What a name means.
struct Table {
    names: Names<usize>,
    /// Only where demands differ: else every host may be asked for over every connection.
    demanded: Option<Arc<Demanded>>,
}

/// What holds for a connection.
struct Found {
    met: u64,
    /// A certificate is asked for, and scripts get it whole.
    asks: bool,
    passes: bool,
}

impl Identities {
    fn open(settings: &Settings, addresses: &[IpAddr], challenges: &Arc<Challenges>) -> Result<Self, Error> {
        let provider = Arc::new(ring::default_provider());
        let acme = settings.acme.as_ref().map(|it| Acme::open(it, challenges, &provider).map(Arc::new)).transpose()?;
        let open = |it| Identity::open(it, addresses, acme.as_deref(), &provider);
        let all = settings.identities.iter().map(open).collect::<Result<Vec<_>, _>>()?;
        let table = ArcSwap::from_pointee(Table::of(&all));
        let looked = Mutex::new(Instant::now());
        Ok(Self { all, table, looked, acme, renewals: Mutex::default() })
    }

    /// Looks whether files have changed, now and then; true if some have. What cannot be used leaves the old in place.
    fn refresh(&self) -> bool {
        {
            // Who comes meanwhile gets what is there.
            let Ok(mut looked) = self.looked.try_lock() else { return false };
            if looked.elapsed() < LOOK_INTERVAL {
                return false;
            }
            *looked = Instant::now();
        }
        let changed = self.all.iter().filter(|identity| identity.refresh()).count();
        if changed > 0 {
            // A new certificate may be for other names.
            self.table.store(Arc::new(Table::of(&self.all)));
        }
        changed > 0
    }

    fn find(&self, name: Option<&str>) -> (&Identity, Found) {
        let table = self.table.load();
        let number = name.and_then(|name| table.names.find(name)).unwrap_or(0);
        let identity = &self.all[number];
        let met = Demand::of(identity).number;
        let clients = identity.demands.clients.as_ref();
        let (asks, passes) = (clients.is_some(), clients.is_some_and(|clients| clients.pass));
        (identity, Found { met, asks, passes })
    }
}

impl Table {
    fn of(all: &[Identity]) -> Self {
        let mut names = Names::default();
        let mut demanded = Demanded { names: Names::default(), fallback: Demand::of(&all[0]) };
        let mut add = |name: &str, depth, number| {
            names.add(name, depth, number);
            demanded.names.add(name, depth, Demand::of(&all[number]));
        };
        // What somebody has written down holds before what stands in a certificate.
        for (number, identity) in all.iter().enumerate() {
            identity.names.iter().for_each(|name| add(name, Depth::Any, number));
        }
        for (number, identity) in all.iter().enumerate().filter(|(_, identity)| identity.names.is_empty()) {
            identity.names_within().iter().for_each(|name| add(name, Depth::One, number));
        }
        let differ = all.iter().any(|identity| identity.demands != all[0].demands);
        let certificate = all.iter().any(|identity| identity.demands.requires_certificate());
        Self { names, demanded: (differ || certificate).then(|| Arc::new(demanded)) }
    }
}

impl Demand {
    /// What an identity demands: the same number for the same demands, also after they were read anew.
    fn of(identity: &Identity) -> Self {
        let mut hasher = DefaultHasher::new();
        identity.demands.hash(&mut hasher);
        Self { number: hasher.finish(), certificate: identity.demands.requires_certificate() }
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
/// Between two looks at the files of certificates.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// Of what a client says in plain HTTP, and for how long it is heard.
const PLAIN_BYTES_MAX: u64 = 1024 * 1024;
const PLAIN_TIME: Duration = Duration::from_secs(5);
const PLAIN: &str = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n\
                     Content-Length: 50\r\n\r\nThis port speaks TLS: the address has to be https.";
