//! Who the client is, and who cannot say so.

use http::Request;

use super::*;

const PROXIES: [&str; 3] = ["10.0.0.0/8", "2001:db8:f::/48", "unix"];

fn settings(fields: Fields) -> Settings {
    Settings { trusted: Networks::parse(PROXIES).expect("networks"), fields }
}

fn tcp(text: &str) -> End {
    End::Tcp(text.parse().expect("an address"))
}

/// The client, whether it has TLS, our port, the host; or the reason.
fn seen(fields: Fields, peer: End, lines: &[(&str, &str)]) -> Result<(String, bool, u16, String), Refusal> {
    let mut request = Request::builder().uri("/").header("Host", "inside");
    for (name, value) in lines {
        request = request.header(*name, *value);
    }
    let (mut request, ()) = request.body(()).expect("a request").into_parts();
    let connection = Connection::new(peer, tcp("10.0.0.1:8000"), false);
    let found = enter(&settings(fields), &connection, &mut request)?;
    let found = found.unwrap_or(Arc::new(connection));
    let port = if let End::Tcp(address) = found.local { address.port() } else { 0 };
    let host = request.headers[header::HOST].to_str().expect("a host").to_owned();
    Ok((found.client.to_string(), found.secure, port, host))
}

fn client_of(x_forwarded_for: &str) -> String {
    seen(Fields::XForwarded, tcp("10.0.0.2:5"), &[("X-Forwarded-For", x_forwarded_for)]).expect("a client").0
}

#[test]
fn only_a_trusted_proxy_is_believed() {
    let lies = [("X-Forwarded-For", "1.2.3.4"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "example.org")];
    let told = seen(Fields::XForwarded, tcp("192.0.2.1:5"), &lies).expect("as it is");
    assert_eq!(told, ("192.0.2.1".into(), false, 8000, "inside".into()));
    for peer in [tcp("10.0.0.2:5"), tcp("[2001:db8:f:1::1]:5"), End::Unix] {
        let told = seen(Fields::XForwarded, peer, &lies).expect("as it is told");
        assert_eq!(told, ("1.2.3.4".into(), true, 443, "example.org".into()));
    }
    // Nothing is told: nothing changes.
    let told = seen(Fields::XForwarded, tcp("10.0.0.2:5"), &[]).expect("as it is");
    assert_eq!(told, ("10.0.0.2".into(), false, 8000, "inside".into()));
}

#[test]
fn the_client_is_the_rightmost_that_is_no_proxy() {
    assert_eq!(client_of("1.2.3.4"), "1.2.3.4");
    assert_eq!(client_of("6.6.6.6, 1.2.3.4"), "1.2.3.4");
    assert_eq!(client_of("6.6.6.6, 1.2.3.4, 10.9.9.9"), "1.2.3.4");
    assert_eq!(client_of("10.1.1.1, 10.9.9.9"), "10.1.1.1");
    assert_eq!(client_of("1.2.3.4:443"), "1.2.3.4");
    assert_eq!(client_of("[2001:db8::1]:443"), "2001:db8::1");
    assert_eq!(client_of("::ffff:1.2.3.4"), "1.2.3.4");
    // Not known who: the last that is known.
    assert_eq!(client_of("6.6.6.6, unknown"), "10.0.0.2");
    assert_eq!(client_of("6.6.6.6, unknown, 10.9.9.9"), "10.9.9.9");
    assert_eq!(client_of(", ,"), "10.0.0.2");
}

#[test]
fn several_lines_are_one_list() {
    let lines = [("X-Forwarded-For", "6.6.6.6"), ("X-Forwarded-For", "1.2.3.4, 10.9.9.9")];
    assert_eq!(seen(Fields::XForwarded, tcp("10.0.0.2:5"), &lines).expect("a client").0, "1.2.3.4");
}

#[test]
fn ten_thousand_hops_change_nothing() {
    assert_eq!(client_of(&format!("{}1.2.3.4", "6.6.6.6, ".repeat(10_000))), "1.2.3.4");
    // Only proxies: it stops somewhere.
    assert_eq!(client_of(&format!("{}10.3.3.3", "10.6.6.6, ".repeat(10_000))), "10.6.6.6");
    let many = format!("{}for=1.2.3.4", "for=6.6.6.6, ".repeat(10_000));
    let told = seen(Fields::Forwarded, tcp("10.0.0.2:5"), &[("Forwarded", &many)]);
    assert_eq!(told.expect("a client").0, "1.2.3.4");
}

#[test]
fn scheme_and_host_are_those_of_the_same_hop() {
    let lines = [
        ("X-Forwarded-For", "6.6.6.6, 1.2.3.4, 10.9.9.9"),
        ("X-Forwarded-Proto", "http, https, http"),
        ("X-Forwarded-Host", "evil.example, example.org:8443, inner"),
    ];
    let told = seen(Fields::XForwarded, tcp("10.0.0.2:5"), &lines).expect("a client");
    assert_eq!(told, ("1.2.3.4".into(), true, 8443, "example.org:8443".into()));
    let lines = [("X-Forwarded-For", "6.6.6.6, 1.2.3.4"), ("X-Forwarded-Proto", "https")];
    assert!(seen(Fields::XForwarded, tcp("10.0.0.2:5"), &lines).expect("a client").1);
    let alone = seen(Fields::XForwarded, tcp("10.0.0.2:5"), &[("X-Forwarded-Proto", "https")]).expect("a client");
    assert_eq!(alone, ("10.0.0.2".into(), true, 443, "inside".into()));
}

#[test]
fn forwarded_by_rfc_7239() {
    let told = |line: &str| seen(Fields::Forwarded, tcp("10.0.0.2:5"), &[("Forwarded", line)]);
    let client = |line: &str| told(line).expect(line).0;
    assert_eq!(client("for=192.0.2.60;proto=http;by=203.0.113.43"), "192.0.2.60");
    assert_eq!(client("For=\"[2001:db8:cafe::17]:4711\""), "2001:db8:cafe::17");
    assert_eq!(client("for=192.0.2.43, for=198.51.100.17"), "198.51.100.17");
    assert_eq!(client("for=192.0.2.43,, for=\"10.5.5.5:80\" , "), "192.0.2.43");
    assert_eq!(client("for=_hidden, for=_SEVKISEK"), "10.0.0.2");
    assert_eq!(client("for=\"1.2.3.4\";ext=\"a, for=6.6.6.6; \\\" b\""), "1.2.3.4");
    let all = told("for=1.2.3.4 ; proto=https ; host=\"example.org:444\"").expect("a client");
    assert_eq!(all, ("1.2.3.4".into(), true, 444, "example.org:444".into()));
    // The other family is the client's own.
    let lines = [("Forwarded", "for=6.6.6.6"), ("X-Forwarded-For", "1.2.3.4")];
    assert_eq!(seen(Fields::XForwarded, tcp("10.0.0.2:5"), &lines).expect("a client").0, "1.2.3.4");
    assert_eq!(seen(Fields::Forwarded, tcp("10.0.0.2:5"), &lines).expect("a client").0, "6.6.6.6");
}

#[test]
fn what_is_no_forwarded_is_refused_whole() {
    for line in [
        "for=\"6.6.6.6, for=1.2.3.4",
        "for=\"6.6.6.6\\",
        "for",
        "for=",
        "=1.2.3.4",
        "for=1.2.3.4;for=6.6.6.6",
        "for=1.2.3.4 for=6.6.6.6",
        "for=1.2.3.4;proto=ftp",
        "for=1.2.3.4;host=\"a b\"",
        "for=1.2.3.4;host=\"user@example.org\"",
        "for=1.2.3.4;host=\"\"",
    ] {
        let refusal = seen(Fields::Forwarded, tcp("10.0.0.2:5"), &[("Forwarded", line)]).expect_err(line);
        assert_eq!(refusal.status(), http::StatusCode::BAD_REQUEST, "{line}");
        let detail = refusal.detail.expect("it says what");
        assert!(detail.len() < 400 && !detail.contains('\n'), "{detail}");
    }
    let refusal = seen(Fields::XForwarded, tcp("10.0.0.2:5"), &[("X-Forwarded-Host", "a/../b")]).expect_err("no host");
    assert_eq!(refusal.reason, Reason::BadForwarded);
}
