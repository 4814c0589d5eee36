//! One request with its answer: who asks, over which connection, under which id.

use std::{
    fmt,
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Instant,
};

use htbin_spawn::Start;

/// One request with its answer.
#[derive(Debug)]
pub struct Exchange {
    /// The name of this exchange in every log line.
    pub id: ExchangeId,
    /// When the request head had been read.
    pub started: Instant,
    /// The connection it came over.
    pub connection: Arc<Connection>,
    /// How its script was started, if one was.
    pub start: OnceLock<Start>,
}

/// A number that no other exchange of this process has; shown as 8 or more hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ExchangeId(pub u64);

impl fmt::Display for ExchangeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

/// One connection of a client.
#[derive(Debug)]
pub struct Connection {
    /// The client's end.
    pub peer: End,
    /// Our end.
    pub local: End,
    /// TLS lies below.
    pub secure: bool,
    /// The client's address as the log shows it, written once for all its requests.
    pub client: Box<str>,
}

impl Connection {
    /// A connection between these two.
    pub fn new(peer: End, local: End, secure: bool) -> Self {
        Self { peer, local, secure, client: peer.to_string().into() }
    }
}

/// One end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// TCP over IPv4 or IPv6; an IPv4 address mapped into IPv6 is stored as IPv4.
    Tcp(SocketAddr),
    /// A UNIX socket: no address.
    Unix,
}

impl End {
    /// Is this end on the machine's own loopback? A UNIX socket is not: a proxy sits there.
    pub fn is_loopback(&self) -> bool {
        matches!(self, Self::Tcp(address) if address.ip().is_loopback())
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "{}", address.ip()),
            Self::Unix => f.write_str("unix:"),
        }
    }
}
