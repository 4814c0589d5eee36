//! What a script may print.

use crate::{
    client::Reply,
    scripts::{sh, text},
    server::{Server, request_bytes},
    site::Site,
};

fn printed(script: impl AsRef<[u8]>) -> Reply {
    let site = Site::new().script("cgi-bin/x", script);
    Server::start(&site).get("/cgi-bin/x")
}

#[test]
fn an_event_stream_arrives_event_by_event() {
    let script = sh(
        "printf 'Content-Type: text/event-stream\\n\\n'\nfor i in 1 2 3; do read x <\"$0\".gate; printf 'data: %s\\n\\n' $i; done",
    );
    let site = Site::new().script("cgi-bin/x", script);
    let gate = site.fifo("cgi-bin/x.gate");
    let server = Server::start(&site);
    let mut client = server.client();
    client.send(request_bytes("GET", "/cgi-bin/x", &[], b""));
    for event in 1..=3 {
        gate.release();
        client.until(&format!("data: {event}\n\n"));
    }
}

#[test]
fn a_head_arrives_before_the_first_octet_of_the_body() {
    let site = Site::new().script("cgi-bin/x", text("read x <\"$0\".gate\necho body"));
    let gate = site.fifo("cgi-bin/x.gate");
    let server = Server::start(&site);
    let mut client = server.client();
    client.send(request_bytes("GET", "/cgi-bin/x", &[], b""));
    assert_eq!(client.head().status, 200);
    gate.release();
    client.until("body\n");
}

#[test]
fn the_first_line_of_a_cgitb_page_is_dropped() {
    ours_only!();
    let reply = printed(sh("printf '<!--: spam\\nContent-Type: text/html\\n\\n<body>a traceback'")).expect(200);
    assert!(reply.field("Content-Type").unwrap().starts_with("text/html"));
    assert!(reply.text().contains("a traceback"));
}

#[test]
fn output_that_starts_with_http_is_the_scripts_own_response() {
    peer_differs!(Apache: "knows NPH scripts by their name only");
    let reply = printed(sh("printf 'HTTP/1.1 404 Not Here\\r\\nContent-Type: text/x-own\\r\\n\\r\\nbody'"));
    assert_eq!((reply.status, reply.field("Content-Type")), (404, Some("text/x-own")));
    assert_eq!(reply.text(), "body");
}

#[test]
fn more_than_content_length_is_cut_and_the_connection_goes_on() {
    ours_only!();
    let site = Site::new()
        .script("cgi-bin/x", sh("printf 'Content-Type: text/plain\\nContent-Length: 4\\n\\nbody and more'"))
        .file("a.txt", "a");
    let server = Server::start(&site);
    let mut client = server.client();
    client.send("GET /cgi-bin/x HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(client.reply().expect(200).text(), "body");
    client.send("GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(client.reply().text(), "a");
}

#[test]
fn less_than_content_length_is_a_cut_connection() {
    peer_differs!(Apache: "takes the part for the whole");
    let reply = printed(sh("printf 'Content-Type: text/plain\\nContent-Length: 40\\n\\nbody'")).expect(200);
    assert_eq!((reply.text().as_str(), reply.cut), ("body", true));
}

#[test]
fn a_content_length_that_is_none_is_502() {
    ours_only!();
    for length in ["-4", "four", "4, 4", ""] {
        let reply = printed(sh(&format!("printf 'Content-Type: text/plain\\nContent-Length: {length}\\n\\nbody'")));
        assert_eq!(reply.status, 502, "{length:?}");
    }
}

#[test]
fn answers_that_have_no_body_get_none() {
    for status in ["204 No Content", "304 Not Modified"] {
        let site = Site::new()
            .script("cgi-bin/x", sh(&format!("printf 'Status: {status}\\nContent-Type: text/plain\\n\\nbody'")));
        let server = Server::start(&site);
        let mut client = server.client();
        client.send("GET /cgi-bin/x HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert!(matches!(client.reply().status, 204 | 304));
        client.send("GET /cgi-bin/x HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert!(matches!(client.reply().status, 204 | 304), "the body of the first is taken for the second");
    }
}

#[test]
fn an_interim_status_from_a_script_is_no_answer() {
    ours_only!();
    assert_eq!(printed(sh("printf 'Status: 100 Continue\\nContent-Type: text/plain\\n\\nbody'")).status, 502);
    assert_eq!(
        printed(sh("printf 'Status: 101 Switching Protocols\\nContent-Type: text/plain\\n\\nbody'")).status,
        502
    );
}

#[test]
fn nul_and_cr_in_a_head_are_502() {
    ours_only!();
    assert_eq!(printed(sh("printf 'Content-Type: text/plain\\nX-A: b\\000c\\n\\nbody'")).status, 502);
    assert_eq!(printed(sh("printf 'Content-Type: text/plain\\nX-A: b\\rSet-Cookie: c\\n\\nbody'")).status, 502);
    assert_eq!(printed(sh("printf 'Content-Type: text/plain\\nX A: b\\n\\nbody'")).status, 502);
}

#[test]
fn a_local_redirect_with_a_path_outside_is_refused() {
    ours_only!();
    let reply = printed(sh("printf 'Location: /../../../../etc/passwd\\n\\n'"));
    assert!(reply.status >= 400 && !reply.text().contains("root:"), "{reply:?}");
}

#[test]
fn a_location_that_names_another_host_is_no_local_redirect() {
    ours_only!();
    let reply = printed(sh("printf 'Location: //example.org/a\\n\\n'"));
    assert!(reply.status == 302 || reply.status == 502 || reply.status == 404, "{reply:?}");
}

#[test]
fn a_local_path_with_other_fields_goes_to_the_client() {
    ours_only!();
    let reply = printed(sh("printf 'Status: 303 See Other\\nLocation: /page.txt\\nSet-Cookie: a=1\\n\\n'"));
    assert_eq!(
        (reply.status, reply.field("Location"), reply.field("Set-Cookie")),
        (303, Some("/page.txt"), Some("a=1"))
    );
}

#[test]
fn a_redirect_in_circles_is_502_after_ten() {
    ours_only!();
    let site = Site::new().script("cgi-bin/x", sh("echo ran >\"$0\".ran\nprintf 'Location: /cgi-bin/x\\n\\n'"));
    let mut ran = site.fifo("cgi-bin/x.ran");
    let server = Server::start(&site);
    assert_eq!(server.get("/cgi-bin/x").status, 502);
    server.events.with("redirect-loop");
    let runs = std::iter::from_fn(|| ran.line_within(std::time::Duration::ZERO)).count();
    assert_eq!(runs, 11, "the first and 10 redirects");
}

#[test]
fn a_script_sees_no_range_of_htbin_own() {
    ours_only!();
    let site = Site::new().script("cgi-bin/x", text("printf '%s' \"$HTTP_RANGE 0123456789\""));
    let reply = Server::start(&site).request("GET", "/cgi-bin/x", &[("Range", "bytes=0-1")], b"");
    assert_eq!(reply.expect(200).text(), "bytes=0-1 0123456789");
}

#[test]
fn stderr_never_reaches_the_client_of_a_script_that_works() {
    let reply = printed(text("echo secret >&2\necho body")).expect(200);
    assert_eq!(reply.text(), "body\n");
}
