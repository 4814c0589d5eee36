//! HTTP/2 without TLS, by clients that know of it beforehand: curl, nghttp, h2load and raw octets.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    process::Command,
    time::Duration,
};

use crate::{
    process::{PATIENCE, memory_kib, run_ok},
    scripts::text,
    server::{Server, Start},
    site::Site,
    tls::frames::frame,
};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// So long is listened for what is not to come.
const NEVER: Duration = Duration::from_millis(5);

fn curl(more: &[&str], url: &str) -> String {
    let mut curl = Command::new("curl");
    curl.args(["-sS", "--max-time", "60", "--noproxy", "*", "--http2-prior-knowledge"]).args(more);
    run_ok(curl.arg(url))
}

#[test]
fn a_client_that_knows_beforehand_is_spoken_to_in_http2() {
    ours_only!();
    let large: Vec<u8> = (0..1_000_000_u32).flat_map(u32::to_le_bytes).collect();
    let site = Site::new()
        .script("cgi-bin/tell", text("echo \"$HTTPS.$REQUEST_SCHEME $SERVER_PROTOCOL $SERVER_NAME\"; cat"))
        .file("large", &large);
    let server = Server::with(&site, &[]);
    let told = curl(&["-d", "the body"], &server.url("/cgi-bin/tell"));
    assert_eq!(told, ".http HTTP/2.0 127.0.0.1\nthe body");
    let out = site.path("out");
    let upload = format!("@{}", site.path("large").display());
    for (path, before) in [("/large", 0), ("/cgi-bin/tell", ".http HTTP/2.0 127.0.0.1\n".len())] {
        let body = if before > 0 { ["--data-binary", &upload] } else { ["-X", "GET"] };
        curl(&[&body[..], &["-o", out.to_str().unwrap()]].concat(), &server.url(path));
        assert!(fs::read(&out).unwrap()[before..] == large, "{path}");
    }
    server.access.with("\"GET /large HTTP/2.0\" 200 4000000");
    let nghttp = run_ok(Command::new("nghttp").args(["-nv", &server.url("/large"), &server.url("/cgi-bin/tell")]));
    assert_eq!(nghttp.matches(":status: 200").count(), 2, "{nghttp}");
}

#[test]
fn over_a_unix_socket_too() {
    ours_only!();
    let site = Site::new().file("a.txt", "a");
    let folder = Site::new().directory("run", 0o777);
    let socket = folder.path("run/socket");
    let socket = socket.to_str().unwrap();
    let server = Start::new(&site).flags(&["--bind", socket]).go();
    // Root may connect to a socket that is nobody's.
    let told = curl(&["--unix-socket", socket, "-w", " %{http_version}"], "http://localhost/a.txt");
    assert_eq!(told, "a 2");
    server.access.with("\"GET /a.txt HTTP/2.0\" 200");
}

#[test]
fn thousands_of_requests_over_few_connections() {
    ours_only!();
    let site = Site::new().file("a.txt", "a");
    let server = Server::with(&site, &[]);
    let told = run_ok(Command::new("h2load").args(["-n", "5000", "-c", "5", "-m", "50", &server.url("/a.txt")]));
    assert!(told.contains("5000 succeeded, 0 failed, 0 errored, 0 timeout"), "{told}");
    let told = run_ok(Command::new("h2load").args(["--h1", "-n", "500", "-c", "5", &server.url("/a.txt")]));
    assert!(told.contains("500 succeeded, 0 failed, 0 errored, 0 timeout"), "{told}");
}

/// However the preface comes in pieces, and whatever begins like it.
#[test]
fn every_split_of_the_preface_is_the_same() {
    ours_only!();
    let site = Site::new().file("a.txt", "a").script("cgi-bin/echo", text("printf %s \"$REQUEST_METHOD\"; cat"));
    let server = Server::with(&site, &["--max-connections", "200"]);
    let request = [PREFACE, &frame(4, 0, 0, b""), &frame(1, 5, 1, b"\x82\x86\x04\x06/a.txt\x41\x09localhost")].concat();
    for split in (1..request.len()).step_by(3) {
        let mut client = server.client();
        client.send(&request[..split]);
        // Nothing is said before the preface is whole, and settings at once when it is.
        let is_whole = split >= PREFACE.len();
        assert_eq!(client.hears_within(if is_whole { PATIENCE } else { NEVER }), is_whole, "{split}");
        client.send(&request[split..]);
        // The answer's body: one octet, the end of stream 1.
        let (end, mut heard) = (frame(0, 1, 1, b"a"), Vec::new());
        while !heard.windows(end.len()).any(|window| window == end) {
            let more = client.some();
            assert!(!more.is_empty(), "{split}: {heard:?}");
            heard.extend(more);
        }
    }
    let post = b"POST /cgi-bin/echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi";
    for split in 1..6 {
        let mut client = server.client();
        client.send(&post[..split]);
        assert!(!client.hears_within(NEVER));
        client.send(&post[split..]);
        assert_eq!(client.reply().expect(200).text(), "POSThi");
    }
    for split in [1, 10, 18] {
        let mut client = server.client();
        let broken = b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n";
        client.send(&broken[..split]);
        assert!(!client.hears_within(NEVER));
        client.send(&broken[split..]);
        assert!(matches!(client.reply().status, 400 | 505), "{split}");
    }
    // Not in the middle of a conversation.
    let mut client = server.client();
    client.send("GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n");
    client.reply().expect(200);
    client.send(PREFACE);
    client.reply().expect(505);
}

/// As over TLS (tests/it/tls.rs).
#[test]
fn floods_and_silence_are_bounded() {
    ours_only!();
    let site = Site::new().file("a.txt", "a").script("cgi-bin/slow", text("exec sleep 60"));
    let server = Server::with(&site, &["--head-time", "1s", "--send-idle", "2s"]);
    curl(&[], &server.url("/a.txt"));
    let before = memory_kib(server.pid(), "VmRSS");
    let mut resets = [PREFACE, &frame(4, 0, 0, b"")].concat();
    for stream in (1..20_000_u32).step_by(2) {
        resets.extend(frame(1, 0x5, stream, b"\x82\x86\x04\x0d/cgi-bin/slow\x41\x09localhost"));
        resets.extend(frame(3, 0, stream, &8_u32.to_be_bytes()));
    }
    let pings = [PREFACE, &frame(4, 0, 0, b""), &frame(6, 0, 0, b"12345678").repeat(100_000)].concat();
    for octets in [resets, pings] {
        let mut client = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
        client.set_write_timeout(Some(Duration::from_secs(5))).unwrap();
        // The server may close it meanwhile, and may read on no more: then enough was sent.
        _ = client.write_all(&octets);
    }
    let mut silent = [server.client(), server.client(), server.client()];
    // Half a preface is half a head; a whole one is followed by settings of ours, and then by the end.
    silent[0].send(&PREFACE[..20]);
    silent[1].send(PREFACE);
    silent[2].send([PREFACE, &frame(4, 0, 0, b"")].concat());
    assert!(silent[0].reply().status == 408);
    for client in &mut silent {
        assert!(client.rest().len() < 200);
    }
    let after = memory_kib(server.pid(), "VmRSS");
    assert!(after < before + 48 * 1024, "{before} KiB became {after}");
    assert_eq!(curl(&[], &server.url("/a.txt")), "a");
}

#[test]
fn it_stops_in_order() {
    ours_only!();
    let site = Site::new();
    let mut fifo = site.fifo("pid");
    let script = text(&format!("echo $$ >{}\necho first\nsleep 0.2; echo last", site.path("pid").display()));
    let site = site.script("cgi-bin/stream", script);
    let mut server = Server::with(&site, &[]);
    let mut curl = Command::new("curl");
    curl.args(["--http2-prior-knowledge", "-sSN", "--max-time", "60", "--noproxy", "*"]);
    let mut child = curl.arg(server.url("/cgi-bin/stream")).stdout(std::process::Stdio::piped()).spawn().unwrap();
    fifo.pid();
    assert!(server.stop().success());
    let mut told = String::new();
    child.stdout.take().unwrap().read_to_string(&mut told).unwrap();
    assert_eq!(told, "first\nlast\n");
    assert!(child.wait().unwrap().success());
}
