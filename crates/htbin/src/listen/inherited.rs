//! Sockets that whoever started htbin has opened already (systemd's socket activation, sd_listen_fds(3)).

use std::{
    net::{IpAddr, SocketAddr, TcpListener},
    os::{fd::OwnedFd, unix::net::UnixListener},
    path::PathBuf,
};

use rustix::net::{AddressFamily, SocketType, sockopt};

use super::{Bind, Error, Kind, Settings, Socket, unix::SocketFile};

/// The sockets that were handed over, each with its name.
#[derive(Debug, Default)]
pub struct Inherited(Vec<(String, Kind)>);

impl Inherited {
    /// Takes those that the environment tells of. Before anything else is opened, and once. Programs that htbin starts get
    /// neither the sockets nor word of them.
    pub fn take() -> Result<Self, Error> {
        let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u32>().ok());
        // Whoever passes on its environment by mistake does not pass on its number.
        if number("LISTEN_PID") != Some(std::process::id()) {
            return Ok(Self::default());
        }
        let count = number("LISTEN_FDS").unwrap_or_default();
        if count > SOCKETS_MAX {
            return Err(failed(format!("{count} sockets were handed over (LISTEN_FDS); {SOCKETS_MAX} are enough")));
        }
        let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
        let mut names = names.split(':');
        let opened = htbin_spawn::inherited(count).map_err(|error| failed(format!("LISTEN_FDS: {error}")))?;
        let named = opened.into_iter().enumerate().map(|(at, socket)| {
            let name = names.next().unwrap_or_default().to_owned();
            let what = |what: &str| failed(format!("descriptor {} ({name}) of LISTEN_FDS {what}", at + 3));
            listener(socket).map(|kind| (name.clone(), kind)).map_err(what)
        });
        named.collect::<Result<_, _>>().map(Self)
    }
}

/// Opens every socket, or none. One that was handed over takes the place of the one with its address; where they are named
/// `http` and `https`, they take the place of all.
pub fn open_all(settings: &[Settings], inherited: Inherited, has_tls: bool) -> Result<Vec<Socket>, Error> {
    let is_named = |name: &str| matches!(name, "http" | "https");
    let mut sockets = Vec::new();
    if inherited.0.iter().any(|(name, _)| is_named(name)) {
        for (name, kind) in inherited.0 {
            if !is_named(&name) {
                let fix = "where one socket is named http or https all are (FileDescriptorName=)";
                return Err(failed(format!("the socket '{name}' was handed over beside others: {fix}")));
            }
            if name == "https" && !has_tls {
                return Err(failed("a socket named https was handed over, but there is no certificate".to_owned()));
            }
            sockets.push(Socket { secure: name == "https", introduced: false, kind });
        }
        return Ok(sockets);
    }
    let mut settings = settings.to_vec();
    for (name, kind) in inherited.0 {
        let found = (0..settings.len()).find_map(|at| place_of(&mut settings[at], &kind).map(|spoken| (at, spoken)));
        let Some((at, (secure, introduced))) = found else {
            let fix = "let it listen there too, or name the socket http or https (FileDescriptorName=)";
            let shown = shown(&kind);
            return Err(failed(format!("the socket {shown} ('{name}') was handed over, but is not asked for: {fix}")));
        };
        if settings[at].binds.is_empty() {
            settings.remove(at);
        }
        sockets.push(Socket { kind, secure, introduced });
    }
    for settings in &settings {
        sockets.extend(super::open(settings)?);
    }
    Ok(sockets)
}

/// Takes the place of this socket out of what is to be opened, if it stands there; answers whether TLS
/// is spoken there, and whether after the PROXY protocol.
fn place_of(settings: &mut Settings, kind: &Kind) -> Option<(bool, bool)> {
    let mut binds = settings.binds.clone();
    if binds.is_empty() {
        binds = ["127.0.0.1", "::1"].map(|host| Bind::Host(host.into())).into();
    }
    let at = binds.iter().position(|bind| match (bind, kind) {
        (Bind::Unix(path), Kind::Unix(_, file)) => path == file.path(),
        (Bind::Host(host), Kind::Tcp(listener)) => {
            let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
            listener.local_addr().is_ok_and(|address| {
                address.port() == settings.port && bare.parse::<IpAddr>().is_ok_and(|bare| bare == address.ip())
            })
        }
        _ => false,
    })?;
    let bind = binds.remove(at);
    settings.binds = binds;
    Some((settings.secure && bind.path().is_none(), settings.introduced))
}

/// A socket that listens, or what else it is.
fn listener(socket: OwnedFd) -> Result<Kind, &'static str> {
    let no_socket = "is no socket";
    if sockopt::socket_type(&socket).map_err(|_| no_socket)? != SocketType::STREAM {
        return Err("is no stream socket (ListenStream=)");
    }
    if !sockopt::socket_acceptconn(&socket).map_err(|_| no_socket)? {
        return Err("does not listen; Accept=no is needed");
    }
    rustix::io::ioctl_fionbio(&socket, true).map_err(|_| no_socket)?;
    match sockopt::socket_domain(&socket).map_err(|_| no_socket)? {
        AddressFamily::INET | AddressFamily::INET6 => {
            // As with sockets of our own: connections inherit it.
            sockopt::set_tcp_nodelay(&socket, true).map_err(|_| no_socket)?;
            Ok(Kind::Tcp(TcpListener::from(socket)))
        }
        AddressFamily::UNIX => {
            let listener = UnixListener::from(socket);
            let path = listener.local_addr().ok().and_then(|address| address.as_pathname().map(PathBuf::from));
            Ok(Kind::Unix(listener, SocketFile::of_others(path.unwrap_or_default())))
        }
        _ => Err("speaks neither TCP nor UNIX"),
    }
}

fn shown(kind: &Kind) -> String {
    match kind {
        Kind::Tcp(listener) => listener.local_addr().as_ref().map_or_else(|_| String::new(), SocketAddr::to_string),
        Kind::Unix(_, file) => file.path().display().to_string(),
    }
}

fn failed(what: String) -> Error {
    Error::Inherited(what)
}

/// More have no use.
const SOCKETS_MAX: u32 = 64;
