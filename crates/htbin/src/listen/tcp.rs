//! TCP: both families on one port, the next free one if nobody asked for this one.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, ToSocketAddrs},
    os::fd::OwnedFd,
};

use rustix::{
    io::Errno,
    net::{self, AddressFamily, SocketFlags, SocketType, sockopt},
};

use super::{Error, PORTS_TRIED};

/// Listens on every address of `hosts` (none: this machine's loopback), all with one port.
pub(super) fn open(hosts: &[&str], port: u16, asked: bool) -> Result<Vec<TcpListener>, Error> {
    let wanted = addresses(hosts)?;
    let last = if asked || port == 0 { port } else { port.saturating_add(PORTS_TRIED - 1) };
    // Any free port of the first address may be taken at the second: then another one is asked for.
    let tries = if port == 0 { vec![0; usize::from(PORTS_TRIED)] } else { (port..=last).collect() };
    let single = tries.len() == 1;
    let mut first = None;
    for port in tries {
        match open_all(&wanted, port) {
            Err(Error::Taken(address)) if !single => _ = first.get_or_insert(address),
            answer => return answer,
        }
    }
    Err(Error::AllTaken { first: first.expect("every port was tried, and each was taken") })
}

/// One address to listen on.
struct Wanted {
    address: IpAddr,
    scope: u32,
    /// Without IPv6 on this machine nobody misses it.
    optional: bool,
    /// IPv4 comes through the same socket.
    dual: bool,
}

fn addresses(hosts: &[&str]) -> Result<Vec<Wanted>, Error> {
    if hosts.is_empty() {
        return Ok(vec![
            Wanted { address: Ipv4Addr::LOCALHOST.into(), scope: 0, optional: false, dual: false },
            Wanted { address: Ipv6Addr::LOCALHOST.into(), scope: 0, optional: true, dual: false },
        ]);
    }
    let mut wanted: Vec<Wanted> = Vec::new();
    for &host in hosts {
        let no_address = |reason: String| Error::NoAddress { host: host.to_owned(), reason };
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let found = (bare, 0).to_socket_addrs().map_err(|error| no_address(error.to_string()))?;
        // A name may stand for both families where only one works, as `localhost` often does.
        let optional = bare.parse::<IpAddr>().is_err() && !bare.contains('%');
        for found in found {
            let scope = if let SocketAddr::V6(address) = found { address.scope_id() } else { 0 };
            if !wanted.iter().any(|known| known.address == found.ip() && known.scope == scope) {
                wanted.push(Wanted { address: found.ip(), scope, optional: optional && found.is_ipv6(), dual: false });
            }
        }
    }
    // `-b ::` alone means every address of the machine, as in Python; beside an IPv4 address it is IPv6 alone,
    // or the kernel would refuse the second socket.
    let has_ipv4 = wanted.iter().any(|wanted| wanted.address.is_ipv4());
    for wanted in &mut wanted {
        wanted.dual = !has_ipv4 && wanted.address == IpAddr::V6(Ipv6Addr::UNSPECIFIED);
    }
    Ok(wanted)
}

fn open_all(wanted: &[Wanted], port: u16) -> Result<Vec<TcpListener>, Error> {
    let mut listeners: Vec<TcpListener> = Vec::new();
    for wanted in wanted {
        let port = match listeners.first().map(TcpListener::local_addr) {
            Some(Ok(address)) => address.port(),
            _ => port,
        };
        let address = match wanted.address {
            IpAddr::V4(address) => SocketAddr::from((address, port)),
            IpAddr::V6(address) => std::net::SocketAddrV6::new(address, port, 0, wanted.scope).into(),
        };
        match listener(address, !wanted.dual) {
            Ok(listener) => listeners.push(listener),
            Err(errno) if wanted.optional && is_family_missing(errno) => {}
            // A container without IPv6: every address of such a machine is 0.0.0.0.
            Err(errno) if wanted.dual && is_family_missing(errno) => {
                let every = SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
                listeners.push(listener(every, false).map_err(|errno| refused(every, errno))?);
            }
            Err(errno) => return Err(refused(address, errno)),
        }
    }
    // A name that has IPv6 addresses alone, on a machine without.
    if let (Some(wanted), true) = (wanted.first(), listeners.is_empty()) {
        return Err(refused(SocketAddr::new(wanted.address, port), Errno::ADDRNOTAVAIL));
    }
    Ok(listeners)
}

fn listener(address: SocketAddr, ipv6_only: bool) -> Result<TcpListener, Errno> {
    let family = if address.is_ipv6() { AddressFamily::INET6 } else { AddressFamily::INET };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket: OwnedFd = net::socket_with(family, SocketType::STREAM, flags, None)?;
    // Connections of a server that just stopped linger in TIME_WAIT; without this the next one could not start.
    sockopt::set_socket_reuseaddr(&socket, true)?;
    // Connections inherit it: what a script flushes leaves at once, and no answer waits for the client's delayed ACK.
    sockopt::set_tcp_nodelay(&socket, true)?;
    if address.is_ipv6() {
        sockopt::set_ipv6_v6only(&socket, ipv6_only)?;
    }
    net::bind(&socket, &address)?;
    net::listen(&socket, super::BACKLOG)?;
    Ok(socket.into())
}

fn is_family_missing(errno: Errno) -> bool {
    matches!(errno, Errno::AFNOSUPPORT | Errno::ADDRNOTAVAIL | Errno::PROTONOSUPPORT)
}

fn refused(address: SocketAddr, errno: Errno) -> Error {
    match errno {
        Errno::ADDRINUSE => Error::Taken(address),
        Errno::ACCESS | Errno::PERM => Error::Rights(address),
        Errno::ADDRNOTAVAIL | Errno::AFNOSUPPORT => {
            Error::NoAddress { host: address.ip().to_string(), reason: "this machine does not have it".into() }
        }
        reason => Error::Other { address, reason },
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    fn addresses_of(listeners: &[TcpListener]) -> Vec<SocketAddr> {
        listeners.iter().map(|listener| listener.local_addr().expect("it is bound")).collect()
    }

    fn has_ipv6() -> bool {
        TcpListener::bind("[::1]:0").is_ok()
    }

    /// A port that was free a moment ago, in both families.
    fn free_port() -> u16 {
        addresses_of(&open(&[], 0, true).expect("there are free ports"))[0].port()
    }

    #[test]
    fn without_a_host_both_loopbacks_have_one_port() {
        let addresses = addresses_of(&open(&[], 0, true).expect("there are free ports"));
        assert_eq!(addresses[0].ip(), IpAddr::V4(Ipv4Addr::LOCALHOST));
        assert!(addresses.iter().all(|address| address.port() == addresses[0].port() && address.port() != 0));
        assert_eq!(addresses.len(), if has_ipv6() { 2 } else { 1 });
    }

    #[test]
    fn a_port_that_was_asked_for_and_is_taken_is_an_error() {
        let taken = TcpListener::bind("127.0.0.1:0").expect("there are free ports");
        let port = taken.local_addr().expect("it is bound").port();
        let told = open(&[], port, true).expect_err("it is taken").to_string();
        let (look, next) = (format!("see what with `ss -ltnp 'sport = :{port}'`"), port.checked_add(1).unwrap_or(8000));
        let fix = format!("something else does; {look}, or take another port: `--port {next}`");
        assert_eq!(told, format!("cannot listen on 127.0.0.1:{port}: {fix}"));
    }

    #[test]
    fn a_port_that_nobody_asked_for_gives_way_to_the_next() {
        let taken = TcpListener::bind("127.0.0.1:0").expect("there are free ports");
        let port = taken.local_addr().expect("it is bound").port();
        let found = addresses_of(&open(&["127.0.0.1"], port, false).expect("one of 20 is free"))[0].port();
        assert!(found > port && found < port.saturating_add(20), "{found} after {port}");
    }

    #[test]
    fn either_family_taken_is_taken() {
        if !has_ipv6() {
            return;
        }
        let taken = TcpListener::bind("[::1]:0").expect("there are free ports");
        let port = taken.local_addr().expect("it is bound").port();
        assert!(matches!(open(&[], port, true), Err(Error::Taken(address)) if address.is_ipv6()));
    }

    #[test]
    fn every_address_alone_takes_both_families_and_beside_ipv4_one() {
        if !has_ipv6() {
            return;
        }
        let alone = open(&["::"], 0, true).expect("there are free ports");
        let port = addresses_of(&alone)[0].port();
        TcpStream::connect(("127.0.0.1", port)).expect("IPv4 comes through the same socket");
        TcpStream::connect(("::1", port)).expect("IPv6 does");
        let beside = open(&["::", "0.0.0.0"], 0, true).expect("both can be had");
        assert_eq!(beside.len(), 2);
        let port = addresses_of(&beside)[0].port();
        assert!(addresses_of(&beside).iter().all(|address| address.port() == port));
    }

    #[test]
    fn a_server_can_start_again_at_once() {
        let port = free_port();
        let first = open(&["127.0.0.1"], port, true).expect("it was free");
        let client = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
        first[0].set_nonblocking(false).expect("a plain setting");
        // The server closes first, so its end lingers in TIME_WAIT.
        drop(first[0].accept().expect("a client is there"));
        drop((client, first));
        open(&["127.0.0.1"], port, true).expect("the same port, at once");
    }

    #[test]
    fn names_are_looked_up_and_named_once() {
        let addresses = addresses_of(&open(&["localhost", "127.0.0.1", "[::1]"], 0, true).expect("it is this machine"));
        assert!(addresses.iter().all(|address| address.ip().is_loopback()));
        assert!(addresses.len() <= 2, "{addresses:?}");
    }

    #[test]
    fn an_address_that_is_not_ours_is_told() {
        let told = open(&["192.0.2.1"], 0, true).expect_err("nobody has it (RFC 5737)").to_string();
        let fix = "an address of this machine is needed, see `ip address`, or `::` for all";
        assert_eq!(told, format!("cannot listen on '192.0.2.1': this machine does not have it; {fix}"));
    }

    #[test]
    fn sockets_do_not_block() {
        let listeners = open(&["127.0.0.1"], 0, true).expect("there are free ports");
        assert_eq!(listeners[0].accept().expect_err("nobody is there").kind(), std::io::ErrorKind::WouldBlock);
    }
}
