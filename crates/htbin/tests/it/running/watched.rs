//! Who watches over the server: metrics on a listener of their own, and whether it is well.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use super::Service;
use crate::{
    client::Client,
    process::{Fifo, PATIENCE},
    server::{Server, request_bytes},
};

/// The port of the metrics.
fn metrics_of(server: &Server) -> u16 {
    let line = server.events.with("metrics at http://127.0.0.1:");
    line.split("127.0.0.1:").nth(1).unwrap().trim_end_matches("/metrics").parse().unwrap()
}

fn asked(port: u16, method: &str, path: &str, fields: &[(&str, &str)]) -> crate::client::Reply {
    let mut client = Client::open(port);
    client.send(request_bytes(method, path, fields, b""));
    client.reply_to(method)
}

#[test]
fn metrics_have_a_listener_of_their_own() {
    ours_only!();
    let service = Service::new("listen = '127.0.0.1:0'\nmetrics = '127.0.0.1:0'\ndebug = false");
    let server = service.go();
    let port = metrics_of(&server);
    server.get("/missing").expect(404);
    let reply = asked(port, "GET", "/metrics", &[]).expect(200);
    assert_eq!(reply.field("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    assert!(reply.text().contains("htbin_requests_total{code=\"404\"} 1"), "{}", reply.text());
    assert!(asked(port, "HEAD", "/metrics", &[]).expect(200).text().is_empty());
    for path in ["/", "/a.txt", "/.htbin/", "/metrics/", "/cgi-bin/hello"] {
        asked(port, "GET", path, &[]).expect(404);
    }
    asked(port, "POST", "/metrics", &[]).expect(405);
    for page in [("Origin", "http://x"), ("Sec-Fetch-Site", "same-origin")] {
        asked(port, "GET", "/metrics", &[page]).expect(403);
    }
    // The sites know nothing of it, and the log neither.
    server.get("/metrics").expect(404);
    server.get("/a.txt?last").expect(200);
    server.access.with("last");
    assert_eq!(server.access.all().len(), 3, "{:?}", server.access.all());
}

#[test]
fn who_holds_connections_to_metrics_loses_them_and_keeps_no_client_out() {
    ours_only!();
    let service = Service::new("listen = '127.0.0.1:0'\nmetrics = '127.0.0.1:0'");
    let server = service.go();
    let port = metrics_of(&server);
    let mut held: Vec<_> = (0..16).map(|_| TcpStream::connect(("127.0.0.1", port)).unwrap()).collect();
    for it in &mut held {
        it.write_all(b"GET /metrics HTTP/1.1\r\n").unwrap();
    }
    server.get("/a.txt").expect(200);
    // One that comes later waits for a place, and gets it once the others have had their time.
    let mut client = Client::open(port).patient(PATIENCE);
    client.send(request_bytes("GET", "/metrics", &[], b""));
    assert_eq!(client.reply().status, 200);
    held[0].set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(held[0].read_to_end(&mut Vec::new()).unwrap_or_default(), 0);
    let long = format!("/metrics?{}", "x".repeat(20_000));
    assert!(asked(port, "GET", &long, &[]).status >= 400);
}

#[test]
fn whether_it_is_well_is_told_and_not_logged() {
    ours_only!();
    let service = Service::new("listen = '127.0.0.1:0'\nmetrics = '127.0.0.1:0'\nhealth = '/healthz'");
    let mut fifo = Fifo::make(&service.path("log/fifo"));
    let go = Fifo::make(&service.path("log/fifo.go"));
    let mut server = service.go();
    let port = metrics_of(&server);
    let reply = server.get("/healthz").expect(200);
    assert_eq!((reply.text().as_str(), reply.field("cache-control")), ("ok\n", Some("no-store")));
    assert!(server.request("HEAD", "/healthz", &[], b"").expect(200).text().is_empty());
    server.request("POST", "/healthz", &[], b"").expect(405);
    server.get("/healthz/").expect(404);
    asked(port, "GET", "/healthz", &[]).expect(200);
    // While a script runs the server stops, but is not gone.
    let mut waiting = server.client();
    waiting.send(request_bytes("GET", &format!("/cgi-bin/wait?{}", service.path("log/fifo").display()), &[], b""));
    fifo.line();
    server.ask_to_stop();
    server.events.with("stopping");
    super::until("stopping", || asked(port, "GET", "/healthz", &[]).status == 503);
    asked(port, "GET", "/metrics", &[]).expect(200);
    go.release();
    assert_eq!(waiting.reply().status, 200);
    assert!(server.wait(PATIENCE).success());
    let log = server.access.to_the_end();
    assert_eq!(log.len(), 2, "{log:?}");
}

#[test]
fn scripts_belong_to_a_trace() {
    ours_only!();
    let clients = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    for (key, continues) in [("continue", true), ("new", false)] {
        let service = Service::new(&format!("listen = '127.0.0.1:0'\ntraceparent = '{key}'"));
        let server = service.go();
        let told = |fields: &[(&str, &str)]| {
            let text = server.request("GET", "/cgi-bin/env", fields, b"").expect(200).text();
            text.lines().find_map(|line| line.strip_prefix("HTTP_TRACEPARENT=").map(str::to_owned)).unwrap()
        };
        let handed = told(&[("traceparent", clients)]);
        assert_eq!(handed.starts_with("00-0af7651916cd43dd8448eb211c80319c-"), continues, "{handed}");
        assert_ne!(handed, clients);
        assert_ne!(told(&[]), told(&[]));
    }
    let service = Service::new("listen = '127.0.0.1:0'");
    let server = service.go();
    let as_it_came = server.request("GET", "/cgi-bin/env", &[("traceparent", clients)], b"").text();
    assert!(as_it_came.contains(&format!("HTTP_TRACEPARENT={clients}\n")), "{as_it_came}");
    assert!(!server.get("/cgi-bin/env").text().contains("TRACEPARENT"));
}
