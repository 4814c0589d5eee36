//! §6: the responses of a script.

use crate::{client::Reply, scripts::PROBE, server::Server, site::Site};

/// The answer to a script that prints this (as `printf` reads it).
fn printed(text: &str) -> Reply {
    let site =
        Site::new().script("cgi-bin/x", script(text)).file("page.txt", "the page").script("cgi-bin/probe", PROBE);
    Server::start(&site).get("/cgi-bin/x")
}

fn script(text: &str) -> String {
    format!("#!/bin/sh\nprintf '{text}'\n")
}

#[test]
fn s6_1_no_output_at_all_is_an_error() {
    assert_eq!(printed("").status / 100, 5);
}

#[test]
fn s6_1_a_head_that_never_ends_is_an_error() {
    peer_differs!(Lighttpd: "takes it for a body");
    assert_eq!(printed("Content-Type: text/plain\\n").status / 100, 5);
}

#[test]
fn s6_1_a_response_arrives_as_it_is_written() {
    let site = Site::new().script(
        "cgi-bin/x",
        "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nfirst\\n'\nread x <\"$0\".gate\necho second\n",
    );
    let gate = site.fifo("cgi-bin/x.gate");
    let server = Server::start(&site);
    let mut client = server.client();
    client.send("GET /cgi-bin/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    client.until("first\n");
    gate.release();
    client.until("second\n");
}

#[test]
fn s6_2_1_a_document_response_is_200() {
    let reply = printed("Content-Type: text/x-doc\\n\\ndocument\\n");
    assert_eq!((reply.status, reply.reason.as_str()), (200, "OK"));
    assert_eq!(reply.field("Content-Type"), Some("text/x-doc"));
    assert_eq!(reply.text(), "document\n");
}

#[test]
fn s6_2_1_a_document_response_may_have_a_status() {
    let reply = printed("Content-Type: text/x-doc\\nStatus: 404 Not Found\\n\\nnothing\\n");
    assert_eq!((reply.status, reply.text().as_str()), (404, "nothing\n"));
}

#[test]
fn s6_2_2_local_redirect_is_reprocessed() {
    let reply = printed("Location: /page.txt\\n\\n").expect(200);
    assert_eq!(reply.text(), "the page");
    assert_eq!(reply.field("Location"), None);
}

#[test]
fn s6_2_2_local_redirect_may_lead_to_a_script_with_a_query() {
    let told = crate::scripts::Told::from(printed("Location: /cgi-bin/probe/more?a=%%20b\\n\\n"));
    assert_eq!(told.var("REQUEST_METHOD"), Some("GET"));
    assert_eq!(told.var("PATH_INFO"), Some("/more"));
    assert_eq!(told.var("QUERY_STRING"), Some("a=%20b"));
    assert_eq!(told.var("SCRIPT_NAME"), Some("/cgi-bin/probe"));
}

#[test]
fn s6_2_2_local_redirect_of_a_post_is_a_get_without_body() {
    peer_differs!(Lighttpd: "keeps the method");
    let site = Site::new().script("cgi-bin/x", script("Location: /cgi-bin/probe\\n\\n")).script("cgi-bin/probe", PROBE);
    let server = Server::start(&site);
    let told = crate::scripts::Told::from(server.request("POST", "/cgi-bin/x", &[("Content-Type", "a/b")], b"abc"));
    assert_eq!(told.var("REQUEST_METHOD"), Some("GET"));
    assert_eq!(told.body, b"");
    assert!(matches!(told.var("CONTENT_LENGTH"), None | Some("0")), "{told:?}");
}

#[test]
fn s6_2_2_local_redirect_to_nothing_is_404() {
    assert_eq!(printed("Location: /nothing\\n\\n").status, 404);
}

#[test]
fn s6_2_2_local_redirects_in_circles_end() {
    peer_differs!(Lighttpd: "sends the last one to the client");
    assert_eq!(printed("Location: /cgi-bin/x\\n\\n").status / 100, 5);
}

#[test]
fn s6_2_3_a_client_redirect_is_302() {
    let reply = printed("Location: http://example.org/a?b=c\\n\\n");
    assert_eq!((reply.status, reply.field("Location")), (302, Some("http://example.org/a?b=c")));
    assert_eq!(reply.reason, "Found");
}

#[test]
fn s6_2_3_a_client_redirect_keeps_its_fragment() {
    let reply = printed("Location: https://example.org/a#part\\n\\n");
    assert_eq!((reply.status, reply.field("Location")), (302, Some("https://example.org/a#part")));
}

#[test]
fn s6_2_4_a_client_redirect_with_document_keeps_status_and_body() {
    let reply = printed(
        "Status: 303 See Other\\nLocation: http://example.org/\\nContent-Type: text/html\\n\\n<a href=\"x\">there</a>",
    );
    assert_eq!((reply.status, reply.field("Location")), (303, Some("http://example.org/")));
    assert_eq!(reply.field("Content-Type").map(|value| value.starts_with("text/html")), Some(true));
    assert_eq!(reply.text(), "<a href=\"x\">there</a>");
}

#[test]
fn s6_3_field_names_are_case_insensitive() {
    let reply = printed("content-TYPE: text/x-a\\nSTATUS: 201 Created\\n\\nmade");
    assert_eq!((reply.status, reply.field("Content-Type")), (201, Some("text/x-a")));
}

#[test]
fn s6_3_white_space_around_a_value_does_not_matter() {
    let reply = printed("Content-Type:text/x-a\\nX-Wide:  \\t v w \\t\\nStatus:202 Accepted\\n\\n.");
    assert_eq!(
        (reply.status, reply.field("Content-Type"), reply.field("X-Wide")),
        (202, Some("text/x-a"), Some("v w"))
    );
}

#[test]
fn s6_3_a_line_that_is_no_field_is_an_error() {
    peer_differs!(Lighttpd: "takes it for a body");
    assert_eq!(printed("Content-Type: text/plain\\nthis is no field\\n\\nbody").status / 100, 5);
}

#[test]
fn s6_3_fields_do_not_split_the_response() {
    let reply = printed("Content-Type: text/plain\\nX-A: b\\rSet-Cookie: c=d\\n\\nbody");
    assert!(reply.status / 100 == 5 || reply.field("Set-Cookie").is_none(), "{reply:?}");
}

#[test]
fn s6_3_1_content_type_is_kept_with_its_parameters() {
    let reply = printed("Content-Type: text/html; charset=iso-8859-1; x=\"y z\"\\n\\n.");
    assert_eq!(reply.field("Content-Type"), Some("text/html; charset=iso-8859-1; x=\"y z\""));
}

#[test]
fn s6_3_1_a_body_needs_a_content_type() {
    ours_only!();
    let reply = printed("X-Other: 1\\n\\nbody");
    assert_eq!(reply.status, 502);
    assert!(reply.text().contains("Content-Type"), "the page says what is missing: {}", reply.text());
}

#[test]
fn s6_3_3_status_sets_status_and_reason() {
    peer_differs!(Lighttpd: "sends its own reason");
    let reply = printed("Status: 418 Short And Stout\\nContent-Type: text/plain\\n\\n.");
    assert_eq!((reply.status, reply.reason.as_str()), (418, "Short And Stout"));
}

#[test]
fn s6_3_3_status_without_reason_gets_the_standard_one() {
    let reply = printed("Status: 404\\nContent-Type: text/plain\\n\\n.");
    assert_eq!((reply.status, reply.reason.as_str()), (404, "Not Found"));
}

#[test]
fn s6_3_3_a_status_that_is_none_is_an_error() {
    ours_only!();
    for status in ["99 x", "twenty", "1000", "-1", ""] {
        assert_eq!(printed(&format!("Status: {status}\\nContent-Type: text/plain\\n\\n.")).status, 502, "{status}");
    }
}

#[test]
fn s6_3_3_status_without_a_body_may_lack_a_content_type() {
    let reply = printed("Status: 204 No Content\\n\\n");
    assert_eq!((reply.status, reply.body.len()), (204, 0));
}

#[test]
fn s6_3_4_fields_of_http_are_passed_on() {
    let reply = printed(
        "Content-Type: text/plain\\nETag: \"e\"\\nCache-Control: no-store\\nSet-Cookie: a=1; Path=/\\nSet-Cookie: b=2\\nX-Own: v\\n\\n.",
    );
    assert_eq!((reply.field("ETag"), reply.field("Cache-Control")), (Some("\"e\""), Some("no-store")));
    assert_eq!(reply.all("Set-Cookie"), ["a=1; Path=/", "b=2"]);
    assert_eq!(reply.field("X-Own"), Some("v"));
}

#[test]
fn s6_3_4_fields_of_the_connection_are_not() {
    peer_differs!(Apache: "passes Connection and Transfer-Encoding on", Lighttpd: "passes Connection on");
    let reply =
        printed("Content-Type: text/plain\\nConnection: x-own\\nTransfer-Encoding: identity\\nKeep-Alive: 9\\n\\nbody");
    assert_ne!(reply.field("Connection"), Some("x-own"));
    assert_ne!(reply.field("Transfer-Encoding"), Some("identity"));
    assert_ne!(reply.field("Keep-Alive"), Some("9"));
    assert_eq!(reply.text(), "body");
}

#[test]
fn s6_3_4_date_and_server_come_once() {
    let reply = printed("Content-Type: text/plain\\nDate: Thu, 01 Jan 1970 00:00:00 GMT\\nServer: mine\\n\\n.");
    assert_eq!(reply.all("Date").len(), 1);
    assert!(reply.all("Server").len() <= 1, "{reply:?}");
}

#[test]
fn s6_3_4_content_length_of_the_script_is_kept() {
    peer_differs!(Apache: "may frame it anew");
    let reply = printed("Content-Type: text/plain\\nContent-Length: 4\\n\\nbody");
    assert_eq!((reply.field("Content-Length"), reply.text().as_str()), (Some("4"), "body"));
    assert_eq!(reply.field("Transfer-Encoding"), None);
}

#[test]
fn s6_3_5_extension_fields_do_no_harm() {
    let reply = printed("X-CGI-Own: 1\\nContent-Type: text/plain\\n\\nbody").expect(200);
    assert_eq!(reply.text(), "body");
}

#[test]
fn s6_4_the_body_is_sent_as_it_is() {
    let site =
        Site::new().script("cgi-bin/x", "#!/usr/bin/perl\nprint \"Content-Type: a/b\\n\\n\", map { chr } 0 .. 255;\n");
    let all: Vec<u8> = (0..=255).collect();
    assert_eq!(Server::start(&site).get("/cgi-bin/x").expect(200).body, all);
}

#[test]
fn s6_4_a_large_body_is_sent_to_its_end() {
    let site = Site::new()
        .script("cgi-bin/x", "#!/bin/sh\nprintf 'Content-Type: a/b\\n\\n'\nexec head -c 20000000 /dev/zero\n");
    let reply = Server::start(&site).get("/cgi-bin/x").expect(200);
    assert_eq!((reply.body.len(), reply.cut), (20_000_000, false));
}

#[test]
fn s6_4_a_body_may_be_empty() {
    let reply = printed("Content-Type: text/plain\\n\\n").expect(200);
    assert_eq!((reply.body.len(), reply.cut), (0, false));
}
