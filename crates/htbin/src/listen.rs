//! The sockets, open before the first right is dropped. Nothing is accepted here.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
};

pub use inherited::{Inherited, open_all};
use rustix::io::Errno;
pub use unix::SocketFile;

mod inherited;
mod tcp;
mod unix;

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The addresses and sockets; empty: 127.0.0.1 and, where there is IPv6, ::1.
    pub binds: Vec<Bind>,
    /// The port of every address. 0: any free one.
    pub port: u16,
    /// Somebody asked for this port, so no other will do.
    pub port_asked: bool,
    /// TLS is spoken there; over a UNIX socket never.
    pub secure: bool,
    /// A proxy says first who the client is, by the PROXY protocol.
    pub introduced: bool,
}

impl Settings {
    /// The port that was wanted but is taken, where another one does as well.
    pub fn port_given_up(&self, sockets: &[Socket]) -> Option<u16> {
        let found = sockets.iter().find_map(Socket::address)?.port();
        (!self.port_asked && self.port != 0 && found != self.port).then_some(self.port)
    }
}

/// One place to listen at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bind {
    /// An address, or a name that has addresses.
    Host(String),
    /// The path of a UNIX socket.
    Unix(PathBuf),
}

/// An open socket that listens and does not block.
#[derive(Debug)]
pub struct Socket {
    /// What it is.
    pub kind: Kind,
    /// TLS is spoken there.
    pub secure: bool,
    /// The PROXY protocol comes first.
    pub introduced: bool,
}

/// A kind of socket.
#[derive(Debug)]
pub enum Kind {
    /// TCP.
    Tcp(TcpListener),
    /// A UNIX socket. Dropping the second part removes it from the file system.
    Unix(std::os::unix::net::UnixListener, SocketFile),
}

/// Opens every socket, or none.
pub fn open(settings: &Settings) -> Result<Vec<Socket>, Error> {
    let hosts: Vec<&str> = settings.binds.iter().filter_map(Bind::host).collect();
    let mut sockets = Vec::new();
    if settings.binds.is_empty() || !hosts.is_empty() {
        let opened = tcp::open(&hosts, settings.port, settings.port_asked)?;
        let (secure, introduced) = (settings.secure, settings.introduced);
        sockets.extend(opened.into_iter().map(|listener| Socket { kind: Kind::Tcp(listener), secure, introduced }));
    }
    for path in settings.binds.iter().filter_map(Bind::path) {
        let (listener, file) = unix::open(path)?;
        sockets.push(Socket { kind: Kind::Unix(listener, file), secure: false, introduced: settings.introduced });
    }
    Ok(sockets)
}

impl Bind {
    fn host(&self) -> Option<&str> {
        match self {
            Self::Host(host) => Some(host),
            Self::Unix(_) => None,
        }
    }

    fn path(&self) -> Option<&Path> {
        match self {
            Self::Host(_) => None,
            Self::Unix(path) => Some(path),
        }
    }
}

impl Socket {
    /// The address, unless it is a UNIX socket.
    pub fn address(&self) -> Option<SocketAddr> {
        match &self.kind {
            Kind::Tcp(listener) => listener.local_addr().ok(),
            Kind::Unix(..) => None,
        }
    }

    /// The file of a UNIX socket.
    pub fn file(&self) -> Option<&SocketFile> {
        match &self.kind {
            Kind::Tcp(_) => None,
            Kind::Unix(_, file) => Some(file),
        }
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> &'static str {
        if self.secure { "https" } else { "http" }
    }
}

/// Why it cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The port that was asked for is taken.
    #[error(
        "cannot listen on {0}: something else does; see what with `ss -ltnp 'sport = :{port}'`, or take another port: `--port {next}`",
        port = .0.port(),
        next = .0.port().checked_add(1).unwrap_or(8000)
    )]
    Taken(SocketAddr),
    /// None of the ports that were tried is free.
    #[error("cannot listen on {first}: it and the next {tried} ports are taken; name a free one with --port", tried = PORTS_TRIED - 1)]
    AllTaken {
        /// The first address that was tried.
        first: SocketAddr,
    },
    /// A port below 1024.
    #[error(
        "cannot listen on {0}: ports below 1024 need rights; start as root with --user NAME, or once \
         `sudo setcap cap_net_bind_service=+ep $(command -v htbin)`, or take a port above 1023"
    )]
    Rights(SocketAddr),
    /// No machine of that name, or no such address here.
    #[error(
        "cannot listen on '{host}': {reason}; an address of this machine is needed, see `ip address`, or `::` for all"
    )]
    NoAddress {
        /// What was asked for.
        host: String,
        /// What the system said.
        reason: String,
    },
    /// A live server has the UNIX socket.
    #[error("cannot listen on {0}: another server does; stop it, or name another path")]
    SocketTaken(PathBuf),
    /// Something that is no socket.
    #[error("cannot listen on {0}: that is a file and no socket; name another path, or remove it")]
    NotASocket(PathBuf),
    /// Too long for an address.
    #[error("cannot listen on {0}: the path of a UNIX socket may have 107 bytes; name a shorter one")]
    PathTooLong(PathBuf),
    /// What else goes wrong with a UNIX socket.
    #[error("cannot listen on {path}: {}; the directory must exist and be writable", reason.kind())]
    Path {
        /// Where.
        path: PathBuf,
        /// What the system said.
        reason: io::Error,
    },
    /// What was handed over is of no use.
    #[error("{0}")]
    Inherited(String),
    /// Anything else.
    #[error("cannot listen on {address}: {reason}")]
    Other {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        reason: Errno,
    },
}

const PORTS_TRIED: u16 = 20;
const BACKLOG: i32 = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_sockets_stand_side_by_side() {
        let folder = tempfile::tempdir().expect("a private folder");
        let path = folder.path().join("a.sock");
        let binds = vec![Bind::Unix(path.clone()), Bind::Host("127.0.0.1".into())];
        let sockets = open(&Settings { binds, port: 0, port_asked: true, secure: false, introduced: false })
            .expect("there is room");
        assert!(sockets[0].file().is_none() && sockets[1].file().is_some_and(|file| file.path() == path));
        assert!(sockets[0].address().is_some() && sockets[1].address().is_none());
    }

    #[test]
    fn a_socket_alone_opens_no_port() {
        let folder = tempfile::tempdir().expect("a private folder");
        let settings = Settings {
            binds: vec![Bind::Unix(folder.path().join("a"))],
            port: 8000,
            port_asked: false,
            secure: false,
            introduced: false,
        };
        let sockets = open(&settings).expect("there is room");
        assert!(sockets.len() == 1 && sockets[0].file().is_some());
        assert_eq!(settings.port_given_up(&sockets), None);
    }

    #[test]
    fn the_port_that_was_given_up_is_known() {
        let taken = TcpListener::bind("127.0.0.1:0").expect("there are free ports");
        let port = taken.local_addr().expect("it is bound").port();
        let settings = Settings {
            binds: vec![Bind::Host("127.0.0.1".into())],
            port,
            port_asked: false,
            secure: false,
            introduced: false,
        };
        let sockets = open(&settings).expect("one of 20 is free");
        assert_eq!(settings.port_given_up(&sockets), Some(port));
    }
}
