//! HTTP/2 frame by frame (RFC 9113): floods, time limits, and what no client of good faith sends.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    sync::Arc,
};

use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};

use super::{Keys, curl};
use crate::{
    process::{PATIENCE, memory_kib},
    scripts::text,
    server::Server,
    site::Site,
};

/// CVE-2023-44487: streams that are opened and taken back at once.
#[test]
fn rapid_resets_end_the_connection_and_nothing_else() {
    ours_only!();
    let site = Site::new().file("a.txt", "a").script("cgi-bin/slow", text("exec sleep 60"));
    let keys = Keys::new();
    let server = keys.serve(&site, &[]);
    curl(&keys.path("cert.pem"), &server, "/a.txt", &["--http2"]);
    let before = memory_kib(server.pid(), "VmRSS");
    for _ in 0..5 {
        let mut client = Raw::http2(&server, &keys);
        let mut frames = Vec::new();
        for stream in (1..20_000_u32).step_by(2) {
            frames.extend(frame(1, 0x5, stream, b"\x82\x87\x04\x0d/cgi-bin/slow\x41\x09localhost"));
            frames.extend(frame(3, 0, stream, &8_u32.to_be_bytes()));
        }
        client.send_or_lose(&frames);
        client.end();
    }
    let after = memory_kib(server.pid(), "VmRSS");
    assert!(after < before + 32 * 1024, "{before} KiB became {after}");
    assert_eq!(curl(&keys.path("cert.pem"), &server, "/a.txt", &["--http2"]), "a");
}

/// A head without end (CVE-2024-27316), and floods of SETTINGS and PING.
#[test]
fn floods_of_frames_are_bounded() {
    ours_only!();
    let site = Site::new().file("a.txt", "a");
    let keys = Keys::new();
    let server = keys.serve(&site, &["--send-idle", "2s"]);
    curl(&keys.path("cert.pem"), &server, "/a.txt", &["--http2"]);
    let before = memory_kib(server.pid(), "VmRSS");
    let endless_head = {
        let mut frames = frame(1, 0, 1, b"\x82\x87\x84\x41\x09localhost");
        for _ in 0..2000 {
            frames.extend(frame(
                9,
                0,
                1,
                &b"\x00\x01a\x7f\x81\x07".iter().chain([b'x'; 262].iter()).copied().collect::<Vec<_>>(),
            ));
        }
        frames
    };
    let repeated = |one: Vec<u8>| one.repeat(100_000);
    for frames in [endless_head, repeated(frame(4, 0, 0, b"")), repeated(frame(6, 0, 0, b"12345678"))] {
        let mut client = Raw::http2(&server, &keys);
        client.send_or_lose(&frames);
    }
    let after = memory_kib(server.pid(), "VmRSS");
    assert!(after < before + 48 * 1024, "{before} KiB became {after}");
    assert_eq!(curl(&keys.path("cert.pem"), &server, "/a.txt", &["--http2"]), "a");
}

#[test]
fn an_authority_that_is_no_host_is_400() {
    ours_only!();
    let site = Site::new().file("a.txt", "a").script("cgi-bin/probe", text("echo \"$HTTP_HOST\""));
    let keys = Keys::new();
    let server = keys.serve(&site, &["--log-format", "json"]);
    for (path, authority, status) in [
        ("/cgi-bin/probe", "user@localhost", 400),
        ("/a.txt", "user:secret@localhost", 400),
        ("/a.txt", "localhost:80", 200),
    ] {
        let mut client = Raw::http2(&server, &keys);
        client.send(&get(path, authority));
        let line =
            server.access.wait_for("it", |line| line.contains(path) && line.contains(&format!("\"status\":{status},")));
        assert_eq!(line.contains("bad-host"), status == 400, "{line}");
    }
}

#[test]
fn a_reader_over_http_2_that_takes_nothing_is_cut_off() {
    ours_only!();
    let site = Site::new().file("large", vec![b'x'; 4_000_000]);
    let keys = Keys::new();
    let server = keys.serve(&site, &["--send-idle", "1s"]);
    let mut client = Raw::http2(&server, &keys);
    // As much comes as the window holds that nobody opens further (RFC 9113 §6.9.2).
    client.send(&get("/large", "localhost"));
    let came = client.until_closed();
    assert!((60_000..200_000).contains(&came.len()), "{} octets", came.len());
    let line = server.access.with("/large");
    assert!(!line.contains("4000000"), "{line}");
}

#[test]
fn an_idle_connection_over_http_2_is_closed_after_its_last_answer() {
    ours_only!();
    let site = Site::new().file("a.txt", "the file");
    let keys = Keys::new();
    let server = keys.serve(&site, &["--keep-alive", "1s"]);
    let mut client = Raw::http2(&server, &keys);
    client.send(&get("/a.txt", "localhost"));
    let came = client.until_closed();
    assert!(came.windows(8).any(|window| window == b"the file"), "{}", came.escape_ascii());
    // GOAWAY, for no error (RFC 9113 §6.8): the client may ask again over another connection.
    let farewell = frame(7, 0, 0, &[0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
    assert!(came.windows(farewell.len()).any(|window| window == farewell), "{}", came.escape_ascii());
}

/// A request for this path, in one frame: HEADERS with END_STREAM and END_HEADERS (RFC 9113 §6.2), its fields unpacked
/// (RFC 7541 §6.2.2).
fn get(path: &str, authority: &str) -> Vec<u8> {
    let literal = |name: u8, value: &str| [&[name, u8::try_from(value.len()).unwrap()], value.as_bytes()].concat();
    frame(1, 0x5, 1, &[b"\x82\x87".to_vec(), literal(4, path), literal(1, authority)].concat())
}

/// A frame of HTTP/2 (RFC 9113 §4.1).
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A client that speaks TLS and nothing more.
pub(super) struct Raw(StreamOwned<ClientConnection, TcpStream>);

impl Raw {
    pub(super) fn open(server: &Server, keys: &Keys, protocols: &[&[u8]]) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(keys.path("cert.pem")).unwrap()).unwrap();
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let mut config = versions.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|it| it.to_vec()).collect();
        let name = ServerName::try_from("localhost").unwrap();
        let tcp = TcpStream::connect(server.url("").trim_start_matches("http://")).unwrap();
        tcp.set_read_timeout(Some(PATIENCE)).unwrap();
        tcp.set_write_timeout(Some(PATIENCE)).unwrap();
        let mut stream = StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), tcp);
        stream.flush().unwrap();
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock).unwrap();
        }
        Self(stream)
    }

    /// With the preface and empty settings sent.
    pub(super) fn http2(server: &Server, keys: &Keys) -> Self {
        let mut client = Self::open(server, keys, &[b"h2"]);
        client.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        client.send(&frame(4, 0, 0, b""));
        client
    }

    pub(super) fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
        self.0.flush().unwrap();
    }

    /// The server may close the connection meanwhile, and may read on no more: then enough was sent.
    pub(super) fn send_or_lose(&mut self, bytes: &[u8]) {
        self.0.sock.set_write_timeout(Some(std::time::Duration::from_secs(5))).unwrap();
        _ = self.0.write_all(bytes).and_then(|()| self.0.flush());
    }

    /// All that comes until the connection ends, as it has to; that TLS was not ended too is no matter.
    fn until_closed(&mut self) -> Vec<u8> {
        let mut came = Vec::new();
        if let Err(error) = self.0.read_to_end(&mut came) {
            assert!(!matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "it does not end: {error}");
        }
        came
    }

    /// All that comes until the end.
    pub(super) fn end(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        _ = self.0.read_to_end(&mut rest);
        rest
    }
}
