//! HTTP/1 on the wire: connections, framing, refusals (RFC 9112).

use std::time::Duration;

use crate::{
    client::Reply,
    process::PATIENCE,
    scripts::{ECHO, HELLO, PROBE, Told, text},
    server::{Server, request_bytes},
    site::Site,
};

fn site() -> Site {
    Site::new()
        .file("a.txt", "file a")
        .file("b.txt", "file b")
        .script("cgi-bin/hello", HELLO)
        .script("cgi-bin/probe", PROBE)
        .script("cgi-bin/echo", ECHO)
}

/// The answer to these octets.
fn answer(octets: impl AsRef<[u8]>) -> Reply {
    let site = site();
    let server = Server::start(&site);
    let mut client = server.client();
    client.send(octets);
    client.reply()
}

#[track_caller]
fn refused(octets: impl AsRef<[u8]>, status: u16) {
    let site = site();
    let server = Server::start(&site);
    let mut client = server.client();
    client.send(octets);
    assert_eq!(client.reply().status, status);
    assert!(client.closed_within(PATIENCE), "what follows a broken request cannot be trusted");
    assert_eq!(server.get("/a.txt").status, 200, "the server goes on");
}

#[test]
fn one_connection_carries_many_requests() {
    let site = site();
    let server = Server::start(&site);
    let mut client = server.client();
    for round in 0..20 {
        let path = if round % 2 == 0 { "/a.txt" } else { "/cgi-bin/hello" };
        client.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        let body = client.reply().expect(200).text();
        assert_eq!(body, if round % 2 == 0 { "file a" } else { "hello\n" });
    }
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let site = site();
    let server = Server::start(&site);
    let mut client = server.client();
    let paths = ["/a.txt", "/cgi-bin/hello", "/missing", "/b.txt", "/cgi-bin/hello"];
    client.send(paths.map(|path| format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")).concat());
    let replies: Vec<(u16, String)> = (0..5).map(|_| client.reply()).map(|r| (r.status, r.text())).collect();
    assert_eq!(replies[0], (200, "file a".into()));
    assert_eq!(replies[1], (200, "hello\n".into()));
    assert_eq!(replies[2].0, 404);
    assert_eq!(replies[3], (200, "file b".into()));
    assert_eq!(replies[4], (200, "hello\n".into()));
}

#[test]
fn a_pipelined_request_may_follow_a_body_in_the_same_packet() {
    let site = site();
    let server = Server::start(&site);
    let mut client = server.client();
    client.send(
        "POST /cgi-bin/echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n\
         GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n",
    );
    assert_eq!(client.reply().text(), "abc");
    assert_eq!(client.reply().text(), "file a");
}

#[test]
fn a_body_that_nobody_reads_does_not_disturb_the_next_request() {
    peer_differs!(Lighttpd: "closes, a little later");
    let site = site();
    let server = Server::start(&site);
    let mut client = server.client();
    client.send("POST /missing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\n\r\nGET /b");
    assert_eq!(client.reply().status, 404);
    client.send("GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n");
    if !client.closed_within(Duration::ZERO) {
        assert_eq!(client.reply().text(), "file a");
    }
}

#[test]
fn connection_close_is_kept() {
    let site = site();
    let server = Server::start(&site);
    for path in ["/a.txt", "/cgi-bin/hello", "/missing"] {
        let mut client = server.client();
        client.send(request_bytes("GET", path, &[], b""));
        let reply = client.reply();
        assert_eq!(reply.field("Connection").map(str::to_ascii_lowercase).as_deref(), Some("close"), "{path}");
        assert!(client.closed_within(PATIENCE), "{path}");
    }
}

#[test]
fn http_1_0_closes_unless_asked() {
    let site = site();
    let server = Server::start(&site);
    let mut client = server.client();
    client.send("GET /a.txt HTTP/1.0\r\n\r\n");
    assert_eq!(client.reply().text(), "file a");
    assert!(client.closed_within(PATIENCE));

    let mut client = server.client();
    for _ in 0..2 {
        client.send("GET /a.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        assert_eq!(client.reply().text(), "file a");
    }
}

#[test]
fn http_1_0_never_gets_chunks() {
    let reply = answer("GET /cgi-bin/hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert_eq!((reply.field("Transfer-Encoding"), reply.text().as_str()), (None, "hello\n"));
}

#[test]
fn the_answer_is_http_1_1_and_has_a_date() {
    let reply = answer(request_bytes("GET", "/a.txt", &[], b""));
    assert_eq!(reply.version, "HTTP/1.1");
    assert!(reply.field("Date").is_some_and(|date| date.ends_with(" GMT")), "{reply:?}");
}

#[test]
fn http_1_1_needs_exactly_one_valid_host() {
    peer_differs!(Lighttpd: "takes the first of two");
    for hosts in ["", "Host: a\r\nHost: b\r\n", "Host: a b\r\n", "Host: a/b@c\r\n", "Host: a:b\r\n"] {
        for path in ["/a.txt", "/cgi-bin/hello"] {
            assert_eq!(answer(format!("GET {path} HTTP/1.1\r\n{hosts}\r\n")).status, 400, "{path} {hosts:?}");
        }
    }
}

#[test]
fn http_1_0_needs_no_host() {
    assert_eq!(answer("GET /a.txt HTTP/1.0\r\n\r\n").text(), "file a");
}

#[test]
fn the_absolute_form_names_the_host() {
    peer_differs!(Lighttpd: "wants both to be the same");
    let reply =
        answer("GET http://example.org:99/cgi-bin/probe/x?y HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n");
    let told = Told::from(reply);
    assert_eq!(told.var("SERVER_NAME"), Some("example.org"));
    assert_eq!((told.var("PATH_INFO"), told.var("QUERY_STRING")), (Some("/x"), Some("y")));
}

#[test]
fn an_absolute_form_whose_authority_is_no_host_is_400() {
    ours_only!();
    for (path, authority) in [("/a.txt", "user@localhost"), ("/cgi-bin/hello", "user:secret@localhost:80")] {
        let reply = answer(format!("GET http://{authority}{path} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        assert_eq!(reply.status, 400, "{authority}");
    }
}

#[test]
fn options_asterisk_asks_the_server_itself() {
    let reply = answer("OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert!(matches!(reply.status, 200 | 204), "{reply:?}");
}

#[test]
fn head_has_the_fields_of_get_and_no_body() {
    let site = site();
    let server = Server::start(&site);
    let get = server.get("/a.txt");
    let mut client = server.client();
    client.send(request_bytes("HEAD", "/a.txt", &[], b""));
    let head = client.reply_to("HEAD").expect(200);
    for name in ["Content-Length", "Content-Type", "ETag", "Last-Modified"] {
        assert_eq!(head.field(name), get.field(name), "{name}");
    }
    assert_eq!(client.rest(), b"");
}

#[test]
fn head_of_what_is_missing_has_no_body() {
    let site = site();
    let server = Server::start(&site);
    let mut client = server.client();
    client.send(request_bytes("HEAD", "/missing", &[], b""));
    assert_eq!(client.reply_to("HEAD").status, 404);
    assert_eq!(client.rest(), b"");
}

#[test]
fn an_empty_line_before_a_request_is_skipped() {
    peer_differs!(Lighttpd: "refuses it");
    assert_eq!(answer("\r\nGET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n").text(), "file a");
}

#[test]
fn what_is_no_request_is_400() {
    refused("this is no request\r\n\r\n", 400);
    refused("GET /a.txt HTTP/1.1\r\nHost : localhost\r\n\r\n", 400);
    refused("GET /a.txt HTTP/1.1\r\nHost: localhost\r\nno field\r\n\r\n", 400);
}

#[test]
fn control_characters_in_a_field_are_400() {
    peer_differs!(Lighttpd: "drops the connection's rest only");
    refused(b"GET /cgi-bin/probe HTTP/1.1\r\nHost: localhost\r\nX-A: a\0b\r\n\r\n", 400);
    refused(b"GET /cgi-bin/probe HTTP/1.1\r\nHost: localhost\r\nX-A: a\rb\r\n\r\n", 400);
}

#[test]
fn a_path_with_a_broken_code_is_400() {
    ours_only!();
    for path in ["/%", "/%2", "/%zz", "/a%00b", "/cgi-bin/hello/%g0"] {
        let site = site();
        assert_eq!(Server::start(&site).get(path).status, 400, "{path}");
    }
}

#[test]
fn a_length_that_is_none_is_400() {
    for length in ["-1", "+4", "4x", "0x4", "99999999999999999999", "4, 5"] {
        refused(format!("POST /cgi-bin/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\nbody"), 400);
    }
}

#[test]
fn two_lengths_are_400() {
    refused(
        "POST /cgi-bin/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nbody.",
        400,
    );
}

#[test]
fn length_and_chunks_together_smuggle_nothing() {
    let site = site();
    let server = Server::start(&site);
    let mut client = server.client();
    client.send(
        "POST /cgi-bin/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 40\r\nTransfer-Encoding: chunked\r\n\r\n\
         0\r\n\r\nGET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n",
    );
    // RFC 9112 §6.1: refused, or taken by its chunks and the connection closed after the answer.
    let reply = client.reply();
    assert!(reply.status == 400 || (reply.status == 200 && reply.body.is_empty()), "{reply:?}");
    assert!(!String::from_utf8_lossy(&client.finish().rest()).contains("file b"));
}

#[test]
fn a_coding_nobody_knows_is_refused() {
    for coding in ["gzip", "chunked, gzip", "xchunked", "identity"] {
        let reply = answer(format!(
            "POST /cgi-bin/echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: {coding}\r\nConnection: close\r\n\r\n"
        ));
        assert!(matches!(reply.status, 400 | 501), "{coding}: {reply:?}");
    }
}

#[test]
fn a_broken_chunk_never_reaches_a_script_as_if_it_were_whole() {
    ours_only!();
    for broken in ["zz\r\n", "3\r\nabcd\r\n0\r\n\r\n", "-1\r\n", "fffffffffffffffff\r\n", "3;\nx\r\nabc\r\n"] {
        let site = Site::new().script("cgi-bin/x", text("echo ran >\"$0\".ran"));
        let mut ran = site.fifo("cgi-bin/x.ran");
        let server = Server::start(&site);
        let mut client = server.client();
        client.send("POST /cgi-bin/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
        client.send(broken).finish();
        let answer = client.rest();
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 400"), "{:?}", String::from_utf8_lossy(&answer));
        assert_eq!(ran.line_within(Duration::ZERO), None, "the script ran for {broken:?}");
    }
}

#[test]
fn chunk_extensions_and_trailers_are_accepted() {
    let reply = answer(
        "POST /cgi-bin/echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n\
         4;name=value\r\nbody\r\n0\r\nX-Trailer: 1\r\n\r\n",
    );
    assert_eq!(reply.expect(200).text(), "body");
}

#[test]
fn an_upload_that_breaks_off_never_reaches_a_script() {
    ours_only!();
    let site = Site::new().script("cgi-bin/x", text("echo \"$QUERY_STRING\" >\"$0\".ran"));
    let mut ran = site.fifo("cgi-bin/x.ran");
    let server = Server::start(&site);
    let mut client = server.client();
    client.send("POST /cgi-bin/x?broken HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf").finish();
    client.rest();
    server.get("/cgi-bin/x?whole").expect(200);
    assert_eq!(ran.line(), "whole");
}

#[test]
fn expect_100_continue_is_answered_before_the_body() {
    let site = site();
    let server = Server::start(&site);
    let mut client = server.client();
    client.send(
        "POST /cgi-bin/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n",
    );
    assert_eq!(client.one_head().status, 100);
    client.send("body");
    assert_eq!(client.reply().expect(200).text(), "body");
}

#[test]
fn expect_100_continue_is_not_answered_with_100_where_the_request_fails() {
    ours_only!();
    let site = site();
    let server = Server::with(&site, &["--max-body", "10"]);
    let mut client = server.client();
    client.send("POST /cgi-bin/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(client.one_head().status, 413);
}

#[test]
fn an_expectation_nobody_knows_is_417() {
    peer_differs!(Lighttpd: "ignores it");
    assert_eq!(answer(request_bytes("POST", "/cgi-bin/echo", &[("Expect", "a-miracle")], b"x")).status, 417);
}

#[test]
fn a_method_nobody_knows_is_501_for_a_file() {
    ours_only!();
    for method in ["BREW", "get", "X"] {
        assert_eq!(answer(request_bytes(method, "/a.txt", &[], b"")).status, 501, "{method}");
    }
}

#[test]
fn a_file_can_only_be_read() {
    peer_differs!(Apache: "takes POST for GET", Lighttpd: "takes POST for GET");
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        let reply = answer(request_bytes(method, "/a.txt", &[("Content-Length", "0")], b""));
        assert_eq!(reply.status, 405, "{method}");
        let allow = reply.field("Allow").unwrap();
        assert!(allow.contains("GET") && allow.contains("HEAD") && !allow.contains(method), "{allow}");
    }
}

#[test]
fn connect_and_trace_do_nothing() {
    peer_differs!(Apache: "sends back what TRACE sent");
    let cookie = ("Cookie", "secret=1");
    for path in ["/a.txt", "/cgi-bin/probe"] {
        let reply = answer(request_bytes("TRACE", path, &[cookie], b""));
        assert!(!reply.text().contains("secret=1"), "TRACE shows cookies to scripts of the page");
        assert!(matches!(reply.status, 405 | 501), "{path}: {reply:?}");
    }
    let reply = answer("CONNECT example.org:80 HTTP/1.1\r\nHost: example.org:80\r\nConnection: close\r\n\r\n");
    assert!((400..600).contains(&reply.status), "{reply:?}");
}

#[test]
fn another_version_of_http_is_505() {
    peer_differs!(Apache: "answers 400");
    refused("GET /a.txt HTTP/2.0\r\nHost: localhost\r\n\r\n", 505);
    refused("GET /a.txt HTTP/3.7\r\nHost: localhost\r\n\r\n", 505);
}

#[test]
fn an_offer_to_upgrade_is_ignored() {
    let fields = [("Upgrade", "h2c, websocket"), ("Connection", "Upgrade"), ("HTTP2-Settings", "AAMAAABk")];
    let site = site();
    let server = Server::start(&site);
    let mut client = server.client();
    client.send(request_bytes("GET", "/a.txt", &fields, b""));
    assert_eq!(client.reply().expect(200).text(), "file a");
}

#[test]
fn a_target_that_is_too_long_is_414() {
    let site = site();
    let server = Server::start(&site);
    let mut client = server.client();
    client.send(format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "a".repeat(100_000)));
    assert!(matches!(client.reply().status, 414 | 431));
    assert_eq!(server.get("/a.txt").status, 200);
}
