//! §4.1: the request meta-variables.

use crate::{
    client::Client,
    scripts::{PROBE, Told},
    server::{Server, chunked, request_bytes},
    site::Site,
};

fn probe() -> (Site, Server) {
    let site = Site::new().script("cgi-bin/probe", PROBE).script("cgi-bin/sub/probe", PROBE);
    let server = Server::start(&site);
    (site, server)
}

fn probe_with(server: &Server, method: &str, fields: &[(&str, &str)], body: &[u8]) -> Told {
    Told::from(server.request(method, "/cgi-bin/probe", fields, body))
}

#[test]
fn s4_1_1_auth_type_is_absent_without_authentication() {
    let (_site, server) = probe();
    let told = probe_with(&server, "GET", &[("Authorization", "Basic YTpi")], b"");
    assert_eq!(told.var("AUTH_TYPE"), None);
}

#[test]
fn s4_1_2_content_length_is_the_length_of_the_body() {
    let (_site, server) = probe();
    assert_eq!(probe_with(&server, "POST", &[], b"eleven bytes").var("CONTENT_LENGTH"), Some("12"));
}

#[test]
fn s4_1_2_content_length_is_absent_without_body() {
    peer_differs!(Lighttpd: "sets it to 0");
    let (_site, server) = probe();
    assert_eq!(server.probe("/cgi-bin/probe").var("CONTENT_LENGTH"), None);
}

#[test]
fn s4_1_2_content_length_is_0_for_an_empty_body() {
    let (_site, server) = probe();
    let told = probe_with(&server, "POST", &[("Content-Length", "0")], b"");
    assert!(matches!(told.var("CONTENT_LENGTH"), None | Some("0")), "{told:?}");
    assert_eq!(told.body, b"");
}

#[test]
fn s4_1_2_content_length_counts_a_body_without_its_chunks() {
    peer_differs!(Apache: "starts the script before it knows the length");
    let (_site, server) = probe();
    let body = chunked(b"abcdefghij", 3);
    let told = probe_with(&server, "POST", &[("Transfer-Encoding", "chunked")], &body);
    assert_eq!(told.var("CONTENT_LENGTH"), Some("10"));
    assert_eq!(told.body, b"abcdefghij");
}

#[test]
fn s4_1_3_content_type_is_the_clients_field() {
    let (_site, server) = probe();
    let field = "multipart/form-data; boundary=\"a b\"";
    assert_eq!(probe_with(&server, "POST", &[("Content-Type", field)], b"x").var("CONTENT_TYPE"), Some(field));
}

#[test]
fn s4_1_3_content_type_is_absent_where_the_client_sent_none() {
    let (_site, server) = probe();
    assert_eq!(probe_with(&server, "POST", &[], b"x").var("CONTENT_TYPE"), None);
}

#[test]
fn s4_1_4_gateway_interface_is_cgi_1_1() {
    let (_site, server) = probe();
    assert_eq!(server.probe("/cgi-bin/probe").var("GATEWAY_INTERFACE"), Some("CGI/1.1"));
}

#[test]
fn s4_1_5_path_info_is_what_follows_the_script() {
    let (_site, server) = probe();
    assert_eq!(server.probe("/cgi-bin/probe/this/that?x").var("PATH_INFO"), Some("/this/that"));
    assert_eq!(server.probe("/cgi-bin/probe/").var("PATH_INFO"), Some("/"));
}

#[test]
fn s4_1_5_path_info_is_absent_without_an_extra_path() {
    let (_site, server) = probe();
    assert_eq!(server.probe("/cgi-bin/probe").var("PATH_INFO"), None);
}

#[test]
fn s4_1_5_path_info_is_decoded() {
    let (_site, server) = probe();
    assert_eq!(server.probe("/cgi-bin/probe/a%20b%3Fc%c3%a9%25").var("PATH_INFO"), Some("/a b?cé%"));
}

#[test]
fn s4_1_5_path_info_keeps_case_and_parameters() {
    let (_site, server) = probe();
    assert_eq!(server.probe("/cgi-bin/probe/A;v=1,2/b+c").var("PATH_INFO"), Some("/A;v=1,2/b+c"));
}

#[test]
fn s4_1_6_path_translated_lies_beneath_the_document_root() {
    let (site, server) = probe();
    let expected = site.path("this/that one");
    assert_eq!(server.probe("/cgi-bin/probe/this/that%20one").var("PATH_TRANSLATED"), expected.to_str());
}

#[test]
fn s4_1_6_path_translated_is_absent_without_path_info() {
    let (_site, server) = probe();
    assert_eq!(server.probe("/cgi-bin/probe?a=b").var("PATH_TRANSLATED"), None);
}

#[test]
fn s4_1_7_query_string_is_not_decoded() {
    peer_differs!(Lighttpd: "writes percent-codes its own way");
    let (_site, server) = probe();
    let query = "a=%20%2B+b&c=%c3%a9&=&?/;";
    assert_eq!(server.probe(&format!("/cgi-bin/probe?{query}")).var("QUERY_STRING"), Some(query));
}

#[test]
fn s4_1_7_query_string_is_set_even_if_empty() {
    let (_site, server) = probe();
    assert_eq!(server.probe("/cgi-bin/probe").var("QUERY_STRING"), Some(""));
    assert_eq!(server.probe("/cgi-bin/probe?").var("QUERY_STRING"), Some(""));
}

#[test]
fn s4_1_8_remote_addr_is_the_client() {
    let (_site, server) = probe();
    assert_eq!(server.probe("/cgi-bin/probe").var("REMOTE_ADDR"), Some("127.0.0.1"));
}

#[test]
fn s4_1_8_remote_addr_is_not_what_a_field_claims() {
    let (_site, server) = probe();
    let told = probe_with(&server, "GET", &[("X-Forwarded-For", "9.9.9.9"), ("Remote-Addr", "9.9.9.9")], b"");
    assert_eq!(told.var("REMOTE_ADDR"), Some("127.0.0.1"));
}

#[test]
fn s4_1_9_remote_host_may_be_the_address() {
    let (_site, server) = probe();
    assert!(matches!(server.probe("/cgi-bin/probe").var("REMOTE_HOST"), None | Some("127.0.0.1")));
}

#[test]
fn s4_1_10_remote_ident_is_absent() {
    let (_site, server) = probe();
    assert_eq!(server.probe("/cgi-bin/probe").var("REMOTE_IDENT"), None);
}

#[test]
fn s4_1_11_remote_user_is_absent_without_authentication() {
    let (_site, server) = probe();
    let told = probe_with(&server, "GET", &[("Authorization", "Basic YTpi"), ("Remote-User", "root")], b"");
    assert_eq!(told.var("REMOTE_USER"), None);
}

#[test]
fn s4_1_12_request_method_is_the_method() {
    peer_differs!(Apache: "does not know the method that is all the client's own");
    let (_site, server) = probe();
    for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "PROPFIND"] {
        assert_eq!(probe_with(&server, method, &[], b"").var("REQUEST_METHOD"), Some(method));
    }
}

#[test]
fn s4_1_13_script_name_leads_to_the_script() {
    let (_site, server) = probe();
    assert_eq!(server.probe("/cgi-bin/probe/extra?x=1").var("SCRIPT_NAME"), Some("/cgi-bin/probe"));
    assert_eq!(server.probe("/cgi-bin/sub/probe/extra").var("SCRIPT_NAME"), Some("/cgi-bin/sub/probe"));
}

#[test]
fn s4_1_13_script_name_and_path_info_are_the_whole_path() {
    let (_site, server) = probe();
    let told = server.probe("/cgi-bin/sub/probe/a%20b/c?d");
    assert_eq!(
        told.var("SCRIPT_NAME").unwrap().to_owned() + told.var("PATH_INFO").unwrap(),
        "/cgi-bin/sub/probe/a b/c"
    );
}

#[test]
fn s4_1_14_server_name_is_the_host_asked_for() {
    let (_site, server) = probe();
    for (host, name) in [("example.org", "example.org"), ("example.org:81", "example.org"), ("[::1]:81", "[::1]")] {
        let told = probe_with(&server, "GET", &[("Host", host)], b"");
        assert_eq!(told.var("SERVER_NAME"), Some(name), "Host: {host}");
    }
}

#[test]
fn s4_1_15_server_port_is_the_port_connected_to() {
    let (_site, server) = probe();
    assert_eq!(server.probe("/cgi-bin/probe").var("SERVER_PORT"), Some(server.port.to_string().as_str()));
}

#[test]
fn s4_1_16_server_protocol_is_the_version_of_the_request() {
    let (_site, server) = probe();
    assert_eq!(server.probe("/cgi-bin/probe").var("SERVER_PROTOCOL"), Some("HTTP/1.1"));
    let mut client = Client::open(server.port);
    client.send("GET /cgi-bin/probe HTTP/1.0\r\n\r\n");
    assert_eq!(Told::from(client.reply()).var("SERVER_PROTOCOL"), Some("HTTP/1.0"));
}

#[test]
fn s4_1_17_server_software_names_the_server() {
    let (_site, server) = probe();
    let told = server.probe("/cgi-bin/probe");
    let software = told.var("SERVER_SOFTWARE").unwrap();
    let name = match crate::subject::subject() {
        crate::subject::Subject::Htbin => "htbin/",
        crate::subject::Subject::Apache => "Apache/",
        crate::subject::Subject::Lighttpd => "lighttpd/",
    };
    assert!(software.starts_with(name), "{software}");
}

#[test]
fn s4_1_18_fields_become_meta_variables() {
    let (_site, server) = probe();
    let fields = [("Accept", "text/html;q=0.9, */*"), ("x-Mixed-CASE", "Kept As It Is"), ("User-Agent", "t/1")];
    let told = probe_with(&server, "GET", &fields, b"");
    assert_eq!(told.var("HTTP_ACCEPT"), Some("text/html;q=0.9, */*"));
    assert_eq!(told.var("HTTP_X_MIXED_CASE"), Some("Kept As It Is"));
    assert_eq!(told.var("HTTP_USER_AGENT"), Some("t/1"));
    assert_eq!(told.var("HTTP_HOST"), Some("localhost"));
}

#[test]
fn s4_1_18_fields_of_one_name_are_joined() {
    let (_site, server) = probe();
    let fields = [("X-List", "one"), ("Other", "o"), ("x-list", "two, three")];
    assert_eq!(probe_with(&server, "GET", &fields, b"").var("HTTP_X_LIST"), Some("one, two, three"));
}

#[test]
fn s4_1_18_cookies_are_joined_so_that_they_stay_cookies() {
    peer_differs!(Apache: "joins them with commas");
    let (_site, server) = probe();
    assert_eq!(
        probe_with(&server, "GET", &[("Cookie", "a=1"), ("Cookie", "b=2")], b"").var("HTTP_COOKIE"),
        Some("a=1; b=2")
    );
}

#[test]
fn s4_1_18_credentials_are_not_passed() {
    peer_differs!(Lighttpd: "passes Authorization on");
    let (_site, server) = probe();
    let told = probe_with(&server, "GET", &[("Authorization", "Basic YTpi")], b"");
    assert_eq!(told.var("HTTP_AUTHORIZATION"), None);
}

#[test]
fn s4_1_18_what_other_variables_tell_is_not_repeated() {
    peer_differs!(Lighttpd: "repeats it");
    let (_site, server) = probe();
    let told = probe_with(&server, "POST", &[("Content-Type", "text/plain")], b"body");
    assert_eq!(told.var("HTTP_CONTENT_TYPE"), None);
    assert_eq!(told.var("HTTP_CONTENT_LENGTH"), None);
}

#[test]
fn s4_1_18_fields_of_the_connection_are_dropped() {
    ours_only!();
    let (_site, server) = probe();
    let fields = [("Connection", "close, x-hop"), ("X-Hop", "1"), ("Keep-Alive", "5"), ("TE", "trailers")];
    let told = probe_with(&server, "GET", &fields, b"");
    for name in ["HTTP_CONNECTION", "HTTP_KEEP_ALIVE", "HTTP_TE", "HTTP_TRANSFER_ENCODING", "HTTP_UPGRADE"] {
        assert_eq!(told.var(name), None, "{name}");
    }
}

#[test]
fn s4_1_18_continued_lines_never_reach_a_script() {
    let (_site, server) = probe();
    let mut client = server.client();
    client.send("GET /cgi-bin/probe HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Long: one\r\n two\r\n\r\n");
    let reply = client.reply();
    // RFC 9112 §5.2: refused, or replaced by spaces.
    if reply.status != 400 {
        assert_eq!(Told::from(reply).var("HTTP_X_LONG").map(|value| value.contains('\n')), Some(false));
    }
}

#[test]
fn s4_1_the_customary_variables_are_there() {
    let (site, server) = probe();
    let told = server.probe("/cgi-bin/probe/a%20b?c=d");
    assert_eq!(told.var("REQUEST_URI"), Some("/cgi-bin/probe/a%20b?c=d"));
    assert_eq!(told.var("DOCUMENT_ROOT"), site.root().to_str());
    assert_eq!(told.var("SCRIPT_FILENAME"), site.path("cgi-bin/probe").to_str());
    assert_eq!(told.var("REQUEST_SCHEME"), Some("http"));
    assert_eq!(told.var("SERVER_ADDR"), Some("127.0.0.1"));
    assert_eq!(told.var("HTTPS"), None);
    assert!(told.var("REMOTE_PORT").unwrap().parse::<u16>().is_ok());
}

#[test]
fn s4_1_a_value_has_no_nul() {
    let (_site, server) = probe();
    let mut client = server.client();
    client.send(request_bytes("GET", "/cgi-bin/probe/a%00b", &[], b""));
    let status = client.reply().status;
    assert!((400..500).contains(&status), "{status}");
}
