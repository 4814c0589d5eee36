//! §4.2 the request body, §4.3 the methods, §4.4 the script command line.

use crate::{
    scripts::{ECHO, PROBE, Told},
    server::{Server, chunked},
    site::Site,
};

fn site() -> Site {
    Site::new().script("cgi-bin/probe", PROBE).script("cgi-bin/echo", ECHO)
}

fn args(path: &str) -> Vec<String> {
    let site = site();
    Server::start(&site).probe(path).args
}

fn octets(count: usize) -> Vec<u8> {
    (0..count).map(|at| (at * 31 % 256) as u8).collect()
}

#[test]
fn s4_2_the_body_is_on_stdin_octet_for_octet() {
    let site = site();
    let server = Server::start(&site);
    let body = octets(100_000);
    assert!(server.request("POST", "/cgi-bin/echo", &[], &body).expect(200).body == body);
}

#[test]
fn s4_2_a_large_body_is_on_stdin_octet_for_octet() {
    let site = site();
    let server = Server::start(&site);
    let body = octets(5_000_000);
    assert!(server.request("POST", "/cgi-bin/echo", &[], &body).expect(200).body == body);
}

#[test]
fn s4_2_stdin_ends_after_the_body() {
    let site = site();
    let server = Server::start(&site);
    // The script answers only then; the connection stays open meanwhile.
    let mut client = server.client();
    client.send("POST /cgi-bin/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nbody");
    assert_eq!(client.reply().text(), "body");
}

#[test]
fn s4_2_stdin_has_ended_where_there_is_no_body() {
    let site = site();
    let server = Server::start(&site);
    assert_eq!(server.get("/cgi-bin/echo").expect(200).body, b"");
}

#[test]
fn s4_2_nothing_of_the_next_request_is_on_stdin() {
    let site = site();
    let server = Server::start(&site);
    let mut client = server.client();
    client.send("POST /cgi-bin/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\none");
    client.send("POST /cgi-bin/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\ntwo");
    assert_eq!(client.reply().text(), "one");
    assert_eq!(client.reply().text(), "two");
}

#[test]
fn s4_2_transfer_codings_are_removed() {
    let site = site();
    let server = Server::start(&site);
    let body = octets(200_000);
    let sent = chunked(&body, 4_000);
    let reply = server.request("POST", "/cgi-bin/echo", &[("Transfer-Encoding", "chunked")], &sent);
    assert!(reply.expect(200).body == body);
}

#[test]
fn s4_2_content_codings_are_kept() {
    let site = site();
    let server = Server::start(&site);
    let fields = [("Content-Encoding", "gzip"), ("Content-Type", "application/x-git-upload-pack-request")];
    let told = Told::from(server.request("POST", "/cgi-bin/probe", &fields, b"\x1f\x8b\x08\0"));
    assert_eq!(told.var("HTTP_CONTENT_ENCODING"), Some("gzip"));
    assert_eq!(told.body, b"\x1f\x8b\x08\0");
}

#[test]
fn s4_3_1_get_runs_the_script() {
    let site = site();
    let told = Server::start(&site).probe("/cgi-bin/probe");
    assert_eq!(told.var("REQUEST_METHOD"), Some("GET"));
}

#[test]
fn s4_3_2_post_carries_a_body() {
    let site = site();
    let server = Server::start(&site);
    let told = Told::from(server.request("POST", "/cgi-bin/probe?q=1", &[], b"name=value"));
    assert_eq!(told.var("REQUEST_METHOD"), Some("POST"));
    assert_eq!(told.var("QUERY_STRING"), Some("q=1"));
    assert_eq!(told.body, b"name=value");
}

#[test]
fn s4_3_3_head_sends_no_body_whatever_the_script_writes() {
    let site = Site::new()
        .script("cgi-bin/x", "#!/bin/sh\nprintf 'Content-Type: text/plain\\nX-Method: %s\\n\\nbody' $REQUEST_METHOD\n");
    let server = Server::start(&site);
    let mut client = server.client();
    client.send("HEAD /cgi-bin/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let reply = client.reply_to("HEAD").expect(200);
    assert_eq!(reply.field("X-Method"), Some("HEAD"));
    assert_eq!(reply.field("Content-Type").map(|value| value.starts_with("text/plain")), Some(true));
    assert_eq!(client.rest(), b"");
}

#[test]
fn s4_3_3_the_connection_goes_on_after_head() {
    let site = site();
    let server = Server::start(&site);
    let mut client = server.client();
    client.send("HEAD /cgi-bin/probe HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(client.reply_to("HEAD").status, 200);
    client.send("GET /cgi-bin/probe HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(Told::from(client.reply()).var("REQUEST_METHOD"), Some("GET"));
}

#[test]
fn s4_3_4_other_methods_are_the_scripts_business() {
    let site = site();
    let server = Server::start(&site);
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "REPORT"] {
        let told = Told::from(server.request(method, "/cgi-bin/probe", &[], b"abc"));
        assert_eq!(told.var("REQUEST_METHOD"), Some(method));
        assert_eq!(told.body, b"abc");
    }
}

#[test]
fn s4_4_an_indexed_query_becomes_arguments() {
    peer_differs!(Lighttpd: "gives no arguments");
    assert_eq!(args("/cgi-bin/probe?one+two+three"), ["one", "two", "three"]);
}

#[test]
fn s4_4_arguments_are_decoded() {
    peer_differs!(Lighttpd: "gives no arguments", Apache: "escapes what a shell could see");
    assert_eq!(args("/cgi-bin/probe?a%20b+c%2Bd+%c3%a9"), ["a b", "c+d", "é"]);
}

#[test]
fn s4_4_an_encoded_equals_sign_is_part_of_a_word() {
    peer_differs!(Lighttpd: "gives no arguments");
    assert_eq!(args("/cgi-bin/probe?a%3Db"), ["a=b"]);
}

#[test]
fn s4_4_a_query_with_an_equals_sign_gives_no_arguments() {
    assert_eq!(args("/cgi-bin/probe?one+two=three"), [""; 0]);
}

#[test]
fn s4_4_no_query_gives_no_arguments() {
    assert_eq!(args("/cgi-bin/probe"), [""; 0]);
    assert_eq!(args("/cgi-bin/probe?"), [""; 0]);
}

#[test]
fn s4_4_only_get_and_head_give_arguments() {
    peer_differs!(Apache: "gives them to POST as well");
    let site = site();
    let told = Told::from(Server::start(&site).request("POST", "/cgi-bin/probe?one+two", &[], b"x"));
    assert_eq!(told.args, [""; 0]);
}

#[test]
fn s4_4_a_word_that_looks_like_an_option_gives_no_arguments() {
    peer_differs!(Apache: "gives them");
    for query in ["-s", "one+-s", "%2Ds", "one+%2D%2Dfile"] {
        assert_eq!(args(&format!("/cgi-bin/probe?{query}")), [""; 0], "{query}");
    }
}
