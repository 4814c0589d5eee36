//! The PROXY protocol: a proxy says first who the client is, on a listener that wants that of everybody.

use std::fs;

use crate::{
    client::Client,
    process::PATIENCE,
    scripts::sh,
    server::{Server, Start, request_bytes},
    site::Site,
};

const WHO: &str =
    "printf 'Content-Type: text/plain\\n\\n%s' \"$REMOTE_ADDR|$REMOTE_PORT|$REQUEST_SCHEME|$SERVER_ADDR|$SERVER_PORT\"";
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

fn started(site: &Site, rules: &str) -> Server {
    let file = site.path("htbin.toml");
    let text = format!("listen = \"proxy+http://127.0.0.1:0\"\ndirectory = \"{}\"\n{rules}", site.root().display());
    fs::write(&file, text).unwrap();
    Start::bare(env!("CARGO_BIN_EXE_htbin")).flags(&["-c", file.to_str().unwrap()]).go()
}

fn site() -> Site {
    Site::new().script("cgi-bin/who", sh(WHO))
}

fn binary(command: u8, rest: &[u8]) -> Vec<u8> {
    [SIGNATURE, &[command, 0x11, 0, u8::try_from(rest.len()).unwrap()], rest].concat()
}

const ENDS: [u8; 12] = [192, 0, 2, 7, 198, 51, 100, 1, 0, 80, 1, 187];

#[track_caller]
fn told(server: &Server, first: &[u8]) -> String {
    let mut client = server.client();
    client.send(first).send(request_bytes("GET", "/cgi-bin/who", &[], b"")).reply().expect(200).text()
}

#[test]
fn both_versions_say_who_the_client_is() {
    ours_only!();
    let site = site();
    let server = started(&site, "trusted-proxies = \"loopback\"\n");
    let line = b"PROXY TCP4 192.0.2.7 198.51.100.1 80 443\r\n";
    assert_eq!(told(&server, line), "192.0.2.7|80|http|198.51.100.1|443");
    assert_eq!(told(&server, &binary(0x21, &ENDS)), "192.0.2.7|80|http|198.51.100.1|443");
    let with_tls = [&ENDS[..], b"\x20\0\x05\x01\0\0\0\0"].concat();
    assert_eq!(told(&server, &binary(0x21, &with_tls)), "192.0.2.7|80|https|198.51.100.1|443");
    // The proxy for itself.
    assert!(told(&server, &binary(0x20, b"")).starts_with("127.0.0.1|"));
    assert!(told(&server, b"PROXY UNKNOWN\r\n").starts_with("127.0.0.1|"));
    assert!(server.access.with("192.0.2.7 - - ").contains(" 200 "));
    // Octet by octet, and what follows is the client's own.
    let mut client = server.client();
    for octet in line {
        client.send([*octet]);
    }
    client.send(request_bytes("GET", "/cgi-bin/who", &[("X-Forwarded-For", "6.6.6.6")], b""));
    assert!(client.reply().expect(200).text().starts_with("192.0.2.7|"));
}

#[test]
fn without_it_nobody_is_listened_to() {
    ours_only!();
    let site = site();
    let server = started(&site, "head-time = \"2s\"\n");
    let request = request_bytes("GET", "/cgi-bin/who", &[], b"");
    for first in [
        &b"GET /cgi-bin/who HTTP/1.1\r\nHost: a\r\n\r\n"[..],
        b"PROXY TCP4 192.0.2.7 198.51.100.1 80\r\n",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 80 443 \r\n",
        &[b"PROXY UNKNOWN ", &[b'x'; 5000][..]].concat(),
        &binary(0x21, &ENDS[..7]),
        &binary(0x2f, &ENDS),
        &[SIGNATURE, &[0x21, 0x11, 0xff, 0xff]].concat(),
    ] {
        let mut client = server.client();
        client.send(first).send(&request);
        assert_eq!(client.rest(), b"", "{}", first.escape_ascii());
    }
    // Who says a part of it, and no more, is not waited for.
    for part in [&b"PROXY TCP4 192."[..], &SIGNATURE[..5], &binary(0x21, &ENDS)[..20], b""] {
        let mut client: Client = server.client();
        client.send(part);
        assert!(client.closed_within(PATIENCE), "{}", part.escape_ascii());
    }
    assert_eq!(server.access.all(), Vec::<String>::new());
}

#[test]
fn only_of_trusted_proxies_where_there_are_some() {
    ours_only!();
    let site = site();
    let server = started(&site, "trusted-proxies = \"10.0.0.0/8\"\n");
    let mut client = server.client();
    client.send(b"PROXY TCP4 192.0.2.7 198.51.100.1 80 443\r\n").send(request_bytes("GET", "/", &[], b""));
    assert_eq!(client.rest(), b"");
}

/// Loopback that a proxy tells of is no client at this machine.
#[test]
fn who_is_told_of_is_never_at_home() {
    ours_only!();
    let site = site();
    let server = started(&site, "");
    let mut client = server.client();
    client.send(b"PROXY TCP4 127.0.0.1 127.0.0.1 80 443\r\n").send(request_bytes("GET", "/.htbin/", &[], b""));
    assert_eq!(client.reply().status, 404);
}
