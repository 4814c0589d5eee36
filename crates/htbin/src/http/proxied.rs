//! The PROXY protocol, versions 1 and 2: what a proxy that passes octets on says of the client, once, before everything
//! else. A fixed format of forty lines: no crate that is alive has it. Nothing beyond it is read, as that is the client's.

use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use tokio::io::{AsyncRead, AsyncReadExt};

use super::{Client, Door, Listener, Stop};
use crate::exchange::{Connection, End};

/// A listener behind a proxy that says who its clients are.
pub(super) struct Introduced<L>(pub(super) L);

/// A client of whom nothing was said yet.
pub(super) struct Unknown<C>(C);

impl<L: Listener + Sync> Listener for Introduced<L> {
    type Client = Unknown<L::Client>;

    async fn accept(&self) -> io::Result<(Self::Client, End)> {
        let (client, peer) = self.0.accept().await?;
        Ok((Unknown(client), peer))
    }
}

impl<C: Client> Client for Unknown<C> {
    fn connection(&self, peer: End, door: &Door) -> Connection {
        self.0.connection(peer, door)
    }

    async fn introduction(&mut self) -> Result<Option<Introduction>, Error> {
        self.0.introduction().await
    }

    async fn converse(mut self, connection: Connection, door: &Door) {
        let trusted = door.server.routes.load().proxies.trusted.clone();
        if !trusted.is_empty() && !trusted.have(connection.peer) {
            tracing::debug!(client = %connection.peer, "not listened to: it is none of the trusted proxies");
            return;
        }
        let mut stopping = door.stopping.clone();
        let told = tokio::select! {
            told = tokio::time::timeout(door.settings.head_time, self.introduction()) => told,
            // Nobody has asked for anything yet.
            _ = stopping.wait_for(|stop| *stop != Stop::Running) => return,
        };
        match told {
            Ok(Ok(None)) => self.0.converse(connection, door).await,
            Ok(Ok(Some(Introduction { peer, local, secure }))) => {
                let connection = connection.of_proxy(peer, local, secure || connection.secure);
                self.0.converse(connection, door).await;
            }
            Ok(Err(error)) => tracing::debug!(client = %connection.peer, "not listened to: {error}"),
            Err(_) => tracing::debug!(client = %connection.peer, "not listened to: the PROXY protocol took too long"),
        }
    }
}

/// For whom the proxy comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Introduction {
    pub(super) peer: End,
    pub(super) local: End,
    /// The client speaks TLS with the proxy.
    pub(super) secure: bool,
}

/// Reads it. None: the proxy comes for itself, to see whether we are there. How long it may take the caller says.
pub(super) async fn read(from: &mut (impl AsyncRead + Unpin)) -> Result<Option<Introduction>, Error> {
    let mut start = [0; SIGNATURE.len()];
    from.read_exact(&mut start).await?;
    if start == *SIGNATURE {
        return read_binary(from).await;
    }
    if !start.starts_with(b"PROXY ") {
        return Err(Error::None);
    }
    let mut line = start.to_vec();
    while !line.ends_with(b"\r\n") {
        if line.len() == LINE_BYTES_MAX {
            return Err(Error::Wrong("its line is longer than 107 octets"));
        }
        line.push(from.read_u8().await?);
    }
    parse_line(&line)
}

fn parse_line(line: &[u8]) -> Result<Option<Introduction>, Error> {
    let line = str::from_utf8(line).map_err(|_| Error::Wrong("its line is no ASCII"))?.trim_end_matches("\r\n");
    let mut words = line.split(' ').skip(1);
    let family = words.next();
    if family == Some("UNKNOWN") {
        return Ok(None);
    }
    let is_ipv4 = match family {
        Some("TCP4") => true,
        Some("TCP6") => false,
        _ => return Err(Error::Wrong("it names neither TCP4 nor TCP6 nor UNKNOWN")),
    };
    let wrong = Error::Wrong("its line has not two addresses and two ports");
    let mut word = || words.next().ok_or(Error::Wrong("its line is too short"));
    let (source, destination, source_port, destination_port) = (word()?, word()?, word()?, word()?);
    let address = |text: &str| text.parse::<IpAddr>().ok().filter(|address| address.is_ipv4() == is_ipv4);
    let port = |text: &str| text.parse::<u16>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    let end = |text, number| Some(tcp(address(text)?, port(number)?));
    match (end(source, source_port), end(destination, destination_port), words.next()) {
        (Some(peer), Some(local), None) => Ok(Some(Introduction { peer, local, secure: false })),
        _ => Err(wrong),
    }
}

async fn read_binary(from: &mut (impl AsyncRead + Unpin)) -> Result<Option<Introduction>, Error> {
    let [command, family, high, low] = {
        let mut fixed = [0; 4];
        from.read_exact(&mut fixed).await?;
        fixed
    };
    let length = usize::from(u16::from_be_bytes([high, low]));
    if length > BINARY_BYTES_MAX {
        return Err(Error::Wrong("it is longer than 4 KiB"));
    }
    let mut rest = vec![0; length];
    from.read_exact(&mut rest).await?;
    match command {
        // LOCAL: whatever else it says counts for nothing.
        0x20 => return Ok(None),
        0x21 => {}
        _ => return Err(Error::Wrong("its version or its command is none that is known")),
    }
    let short = Error::Wrong("it is shorter than its addresses");
    let port = |ports: &[u8]| u16::from_be_bytes([ports[0], ports[1]]);
    let (peer, local, more) = match family {
        0x11 => {
            let (all, more) = rest.split_at_checked(12).ok_or(short)?;
            let ip = |at: usize| Ipv4Addr::new(all[at], all[at + 1], all[at + 2], all[at + 3]);
            (tcp(ip(0).into(), port(&all[8..])), tcp(ip(4).into(), port(&all[10..])), more)
        }
        0x21 => {
            let (all, more) = rest.split_at_checked(36).ok_or(short)?;
            let ip = |at: usize| Ipv6Addr::from(<[u8; 16]>::try_from(&all[at..at + 16]).expect("it is 16 octets"));
            (tcp(ip(0).into(), port(&all[32..])), tcp(ip(16).into(), port(&all[34..])), more)
        }
        0x31 => (End::Unix, End::Unix, rest.split_at_checked(216).ok_or(short)?.1),
        // AF_UNSPEC: a client of a kind that nobody knows.
        0x00 => return Ok(None),
        _ => return Err(Error::Wrong("its client comes over no stream")),
    };
    Ok(Some(Introduction { peer, local, secure: has_tls(more)? }))
}

/// PP2_TYPE_SSL, with the bit that says that the client speaks TLS.
fn has_tls(mut rest: &[u8]) -> Result<bool, Error> {
    let mut secure = false;
    while let Some((head, after)) = rest.split_at_checked(3) {
        let length = usize::from(u16::from_be_bytes([head[1], head[2]]));
        let (value, next) = after.split_at_checked(length).ok_or(Error::Wrong("a part of it is cut off"))?;
        secure |= head[0] == 0x20 && value.first().is_some_and(|flags| flags & 1 == 1);
        rest = next;
    }
    if rest.is_empty() { Ok(secure) } else { Err(Error::Wrong("a part of it is cut off")) }
}

fn tcp(address: IpAddr, port: u16) -> End {
    End::Tcp(SocketAddr::new(address.to_canonical(), port))
}

/// Why there is nobody to speak with.
#[derive(Debug)]
pub(super) enum Error {
    /// What came first is something else.
    None,
    /// It breaks the protocol.
    Wrong(&'static str),
    /// The connection ended, or broke.
    Lost(io::Error),
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Lost(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("it does not begin with the PROXY protocol, which this listener wants"),
            Self::Wrong(what) => write!(f, "its PROXY protocol is wrong: {what}"),
            Self::Lost(error) => write!(f, "it ended within the PROXY protocol: {error}"),
        }
    }
}

const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// By the protocol.
const LINE_BYTES_MAX: usize = 107;
/// What stands behind the addresses is skipped, but for TLS.
const BINARY_BYTES_MAX: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read, and what is left for whoever comes next.
    async fn told(bytes: &[u8]) -> (Result<Option<(String, String, bool)>, Error>, usize) {
        let mut left = bytes;
        let found = read(&mut left).await;
        let ends = |found: Introduction| {
            let shown = |end| if let End::Tcp(address) = end { address.to_string() } else { "unix".to_owned() };
            (shown(found.peer), shown(found.local), found.secure)
        };
        (found.map(|found| found.map(ends)), left.len())
    }

    fn binary(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let mut all = SIGNATURE.to_vec();
        all.extend([command, family]);
        all.extend(u16::try_from(rest.len()).expect("it is short").to_be_bytes());
        all.extend(rest);
        all
    }

    const IPV4: [u8; 12] = [192, 0, 2, 1, 10, 0, 0, 1, 0xd4, 0x31, 0x01, 0xbb];

    #[tokio::test]
    async fn a_line() {
        let (found, left) = told(b"PROXY TCP4 192.0.2.1 10.0.0.1 54321 443\r\nGET /").await;
        assert_eq!(found.expect("it is one"), Some(("192.0.2.1:54321".into(), "10.0.0.1:443".into(), false)));
        assert_eq!(left, 5);
        let (found, _) = told(b"PROXY TCP6 2001:db8::1 ::ffff:10.0.0.1 1 2\r\n").await;
        assert_eq!(found.expect("it is one"), Some(("[2001:db8::1]:1".into(), "10.0.0.1:2".into(), false)));
        assert_eq!(told(b"PROXY UNKNOWN\r\n").await.0.expect("it is one"), None);
        assert_eq!(told(b"PROXY UNKNOWN ffff:f::1 ffff::2 65535 65535\r\nx").await.1, 1);
    }

    #[tokio::test]
    async fn octets() {
        let (found, left) = told(&[&binary(0x21, 0x11, &IPV4)[..], b"GET"].concat()).await;
        assert_eq!(found.expect("it is one"), Some(("192.0.2.1:54321".into(), "10.0.0.1:443".into(), false)));
        assert_eq!(left, 3);
        let mut ipv6 = [0; 36];
        (ipv6[15], ipv6[31], ipv6[33], ipv6[35]) = (1, 2, 3, 4);
        let (found, _) = told(&binary(0x21, 0x21, &ipv6)).await;
        assert_eq!(found.expect("it is one"), Some(("[::1]:3".into(), "[::2]:4".into(), false)));
        assert_eq!(told(&binary(0x21, 0x31, &[0; 216])).await.0.expect("it is one"), {
            Some(("unix".into(), "unix".into(), false))
        });
        for silent in [binary(0x20, 0x11, &IPV4), binary(0x20, 0, b""), binary(0x21, 0, b"abc")] {
            assert_eq!(told(&silent).await.0.expect("it is one"), None);
        }
    }

    #[tokio::test]
    async fn what_is_said_of_tls() {
        for (parts, secure) in [
            (&b"\x20\x00\x05\x01\0\0\0\0"[..], true),
            (b"\x20\x00\x05\x00\0\0\0\0", false),
            (b"\x02\x00\x02ab\x20\x00\x01\x07", true),
            (b"\x20\x00\x00", false),
        ] {
            let (found, _) = told(&binary(0x21, 0x11, &[&IPV4[..], parts].concat())).await;
            assert_eq!(found.expect("it is one").expect("it names a client").2, secure, "{parts:?}");
        }
    }

    #[tokio::test]
    async fn what_is_none_or_cut_off() {
        let line = b"PROXY TCP4 192.0.2.1 10.0.0.1 54321 443\r\n";
        let octets = binary(0x21, 0x11, &[&IPV4[..], b"\x20\x00\x01\x01"].concat());
        for all in [&line[..], &octets[..]] {
            for end in 0..all.len() {
                assert!(matches!(told(&all[..end]).await.0, Err(Error::Lost(_))), "{}", all[..end].escape_ascii());
            }
        }
        for wrong in [
            &b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..],
            b"proxy TCP4 192.0.2.1 10.0.0.1 1 2\r\n",
            b"PROXY TCP4 2001:db8::1 10.0.0.1 1 2\r\n",
            b"PROXY TCP4 192.0.2.1 10.0.0.1 1 65536\r\n",
            b"PROXY TCP4 192.0.2.1 10.0.0.1 +1 2\r\n",
            b"PROXY TCP4 192.0.2.1 10.0.0.1 1 2 3\r\n",
            b"PROXY TCP4 192.0.2.1 10.0.0.1 1\r\n",
            b"PROXY UDP4 192.0.2.1 10.0.0.1 1 2\r\n",
            b"PROXY TCP4 \xff\xff 10.0.0.1 1 2\r\n",
            &[b"PROXY UNKNOWN ", &[b'x'; 1000][..]].concat(),
            &binary(0x21, 0x11, &IPV4[..11]),
            &binary(0x21, 0x21, &[0; 35]),
            &binary(0x21, 0x31, &[0; 215]),
            &binary(0x31, 0x11, &IPV4),
            &binary(0x22, 0x11, &IPV4),
            &binary(0x21, 0x12, &IPV4),
            &binary(0x21, 0x11, &[&IPV4[..], b"\x20\x00\xffx"].concat()),
            &binary(0x21, 0x11, &[&IPV4[..], b"\x20"].concat()),
            &binary(0x21, 0x11, &[0; 5000]),
        ] {
            assert!(matches!(told(wrong).await.0, Err(Error::None | Error::Wrong(_))), "{}", wrong.escape_ascii());
        }
    }
}
