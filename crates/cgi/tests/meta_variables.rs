//! §4.1, clause by clause: which meta-variables a request has, and what no client can make of them.

use std::{collections::BTreeMap, ffi::OsString, net::SocketAddr};

use htbin_cgi::{MetaVariables, Source};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Version};

/// A plain GET over TCP with these fields, changed by `change`.
fn variables(fields: &[(&str, &str)], change: impl FnOnce(&mut Source<'_>)) -> MetaVariables {
    let mut map = HeaderMap::new();
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("the tests have valid names");
        map.append(name, HeaderValue::from_str(value).expect("the tests have valid values"));
    }
    let mut source = Source {
        method: &Method::GET,
        request_uri: "/cgi-bin/a%20b.py/x%2Fy?q=%41&r",
        query: Some("q=%41&r"),
        protocol: Version::HTTP_11,
        fields: &map,
        script_name: b"/cgi-bin/a b.py",
        path_info: Some(b"/x/y"),
        path_translated: Some(b"/srv/site/x/y"),
        script_filename: b"/srv/site/cgi-bin/a b.py",
        document_root: b"/srv/site",
        remote: Some(SocketAddr::from(([192, 0, 2, 7], 40000))),
        local: Some(SocketAddr::from(([192, 0, 2, 1], 8000))),
        secure: false,
        tls: &[],
        content_length: None,
        remote_user: None,
        pass_auth: false,
        software: "htbin/0.1.0",
        extra: &[],
    };
    change(&mut source);
    MetaVariables::new(&source)
}

/// One variable of the same request.
fn variable(fields: &[(&str, &str)], name: &str) -> Option<String> {
    text(&variables(fields, |_| ()), name)
}

fn text(variables: &MetaVariables, name: &str) -> Option<String> {
    variables.find(name).map(|value| String::from_utf8_lossy(value).into_owned())
}

#[test]
fn s4_1_all_of_a_plain_request_in_a_fixed_order() {
    let built = variables(&[("Host", "example.org:8000"), ("User-Agent", "test"), ("Accept", "*/*")], |_| ());
    let shown: Vec<String> =
        built.iter().map(|(name, value)| format!("{}={}", name.escape_ascii(), value.escape_ascii())).collect();
    assert_eq!(
        shown,
        [
            "GATEWAY_INTERFACE=CGI/1.1",
            "SERVER_SOFTWARE=htbin/0.1.0",
            "SERVER_PROTOCOL=HTTP/1.1",
            "REQUEST_METHOD=GET",
            "REQUEST_URI=/cgi-bin/a%20b.py/x%2Fy?q=%41&r",
            "QUERY_STRING=q=%41&r",
            "REQUEST_SCHEME=http",
            "REDIRECT_STATUS=200",
            "DOCUMENT_ROOT=/srv/site",
            "SCRIPT_FILENAME=/srv/site/cgi-bin/a b.py",
            "SCRIPT_NAME=/cgi-bin/a b.py",
            "PATH_INFO=/x/y",
            "PATH_TRANSLATED=/srv/site/x/y",
            "SERVER_NAME=example.org",
            "SERVER_ADDR=192.0.2.1",
            "SERVER_PORT=8000",
            "REMOTE_ADDR=192.0.2.7",
            "REMOTE_HOST=192.0.2.7",
            "REMOTE_PORT=40000",
            "HTTP_HOST=example.org:8000",
            "HTTP_USER_AGENT=test",
            "HTTP_ACCEPT=*/*",
        ]
    );
    assert_eq!(built.count(), shown.len());
    assert_eq!(built.block(), shown.iter().map(|line| line.clone() + "\0").collect::<String>().as_bytes());
}

#[test]
fn s4_1_1_auth_type_only_if_the_server_authenticated() {
    assert_eq!(variable(&[("Authorization", "Basic eDp5")], "AUTH_TYPE"), None);
    assert_eq!(variable(&[("Authorization", "Basic eDp5")], "REMOTE_USER"), None);
    let built = variables(&[], |source| source.remote_user = Some(("Basic", "ann")));
    assert_eq!(text(&built, "AUTH_TYPE").unwrap(), "Basic");
    assert_eq!(text(&built, "REMOTE_USER").unwrap(), "ann");
}

#[test]
fn s4_1_2_content_length_only_with_a_body_and_never_the_clients() {
    let fields = [("Content-Length", "999"), ("Content-Type", "text/plain")];
    assert_eq!(variable(&fields, "CONTENT_LENGTH"), None);
    assert_eq!(variable(&fields, "CONTENT_TYPE"), None);
    let built = variables(&fields, |source| source.content_length = Some(7));
    assert_eq!(text(&built, "CONTENT_LENGTH").unwrap(), "7");
    assert_eq!(text(&built, "CONTENT_TYPE").unwrap(), "text/plain");
    assert_eq!(built.find("HTTP_CONTENT_LENGTH"), None);
    assert_eq!(built.find("HTTP_CONTENT_TYPE"), None);
}

#[test]
fn s4_1_3_no_content_type_is_made_up() {
    let built = variables(&[], |source| source.content_length = Some(u64::MAX));
    assert_eq!(text(&built, "CONTENT_LENGTH").unwrap(), "18446744073709551615");
    assert_eq!(built.find("CONTENT_TYPE"), None);
}

#[test]
fn s4_1_5_an_empty_path_info_is_absent() {
    for path_info in [None, Some(&b""[..])] {
        let built = variables(&[], |source| source.path_info = path_info);
        assert_eq!(built.find("PATH_INFO"), None);
        assert_eq!(built.find("PATH_TRANSLATED"), None);
    }
}

#[test]
fn s4_1_7_query_string_is_always_there() {
    let built = variables(&[], |source| source.query = None);
    assert_eq!(text(&built, "QUERY_STRING").unwrap(), "");
}

#[test]
fn s4_1_8_remote_addr_is_always_there() {
    let built = variables(&[], |source| source.remote = None);
    assert_eq!(text(&built, "REMOTE_ADDR").unwrap(), "unix:");
    assert_eq!(text(&built, "REMOTE_HOST").unwrap(), "unix:");
    assert_eq!(built.find("REMOTE_PORT"), None);
    let built = variables(&[], |source| source.remote = Some("[2001:db8::7]:1".parse().unwrap()));
    assert_eq!(text(&built, "REMOTE_ADDR").unwrap(), "2001:db8::7");
    let built = variables(&[], |source| source.remote = Some("[::ffff:192.0.2.7]:1".parse().unwrap()));
    assert_eq!(text(&built, "REMOTE_ADDR").unwrap(), "192.0.2.7");
}

#[test]
fn s4_1_12_the_method_as_it_came() {
    let method = Method::from_bytes(b"PROPFIND").unwrap();
    let built = variables(&[], |source| {
        // The source borrows; a leak of nine bytes in a test is simpler than a second shape of `variables`.
        source.method = Box::leak(Box::new(method));
    });
    assert_eq!(text(&built, "REQUEST_METHOD").unwrap(), "PROPFIND");
}

#[test]
fn s4_1_14_server_name_from_host_or_the_local_address() {
    for (host, name) in [
        ("example.org", "example.org"),
        ("example.org:81", "example.org"),
        ("[::1]:81", "[::1]"),
        ("<script>", "192.0.2.1"),
        ("", "192.0.2.1"),
    ] {
        assert_eq!(variable(&[("Host", host)], "SERVER_NAME").unwrap(), name, "{host}");
    }
    assert_eq!(variable(&[], "SERVER_NAME").unwrap(), "192.0.2.1");
    let built = variables(&[], |source| source.local = Some("[2001:db8::1]:80".parse().unwrap()));
    assert_eq!(text(&built, "SERVER_NAME").unwrap(), "[2001:db8::1]");
    assert_eq!(text(&built, "SERVER_ADDR").unwrap(), "2001:db8::1");
    let built = variables(&[], |source| source.local = None);
    assert_eq!(text(&built, "SERVER_NAME").unwrap(), "localhost");
    assert_eq!(built.find("SERVER_ADDR"), None);
}

#[test]
fn s4_1_15_server_port_is_the_sockets_not_the_clients() {
    assert_eq!(variable(&[("Host", "example.org:81")], "SERVER_PORT").unwrap(), "8000");
    for (host, secure, port) in [
        (&[][..], false, "80"),
        (&[], true, "443"),
        (&[("Host", "a:81")], false, "81"),
        (&[("Host", "a")], true, "443"),
    ] {
        let built = variables(host, |source| (source.local, source.secure) = (None, secure));
        assert_eq!(text(&built, "SERVER_PORT").unwrap(), port);
    }
}

#[test]
fn s4_1_16_server_protocol() {
    for (version, shown) in
        [(Version::HTTP_10, "HTTP/1.0"), (Version::HTTP_11, "HTTP/1.1"), (Version::HTTP_2, "HTTP/2.0")]
    {
        let built = variables(&[], |source| source.protocol = version);
        assert_eq!(text(&built, "SERVER_PROTOCOL").unwrap(), shown);
    }
}

#[test]
fn tls_is_told_twice() {
    let built = variables(&[], |source| source.secure = true);
    assert_eq!(text(&built, "HTTPS").unwrap(), "on");
    assert_eq!(text(&built, "REQUEST_SCHEME").unwrap(), "https");
    assert_eq!(variable(&[], "HTTPS"), None);
}

#[test]
fn what_tls_says_wins_over_what_is_added() {
    let extra: Vec<(OsString, OsString)> = [("SSL_CLIENT_VERIFY", "FORGED"), ("SSL_CERT_FILE", "/etc/ca.pem")]
        .map(|(name, it)| (name.into(), it.into()))
        .into();
    let tls = vec![("SSL_PROTOCOL", "TLSv1.3".into()), ("SSL_CLIENT_VERIFY", "NONE".into())];
    let (tls, extra): (&'static [_], &'static [_]) = (tls.leak(), extra.leak());
    let built = variables(&[("SSL-Client-Verify", "SUCCESS")], |source| (source.tls, source.extra) = (tls, extra));
    assert_eq!(text(&built, "SSL_PROTOCOL").unwrap(), "TLSv1.3");
    assert_eq!(text(&built, "SSL_CLIENT_VERIFY").unwrap(), "NONE");
    assert_eq!(text(&built, "SSL_CERT_FILE").unwrap(), "/etc/ca.pem");
    assert_eq!(text(&built, "HTTP_SSL_CLIENT_VERIFY").unwrap(), "SUCCESS");
}

#[test]
fn s4_1_18_fields_of_one_name_become_one_variable() {
    let fields = [
        ("X-A", "1"),
        ("Cookie", "a=1"),
        ("X-B", "only"),
        ("x-a", "2"),
        ("Cookie", "b=2"),
        ("X-A", ""),
        ("cookie", "c=3"),
    ];
    assert_eq!(variable(&fields, "HTTP_X_A").unwrap(), "1, 2, ");
    assert_eq!(variable(&fields, "HTTP_X_B").unwrap(), "only");
    assert_eq!(variable(&fields, "HTTP_COOKIE").unwrap(), "a=1; b=2; c=3");
}

#[test]
fn x_user_with_an_underscore_cannot_pose_as_x_user() {
    for name in ["X_User", "X.User", "X!User", "X'User", "x~user", "X*User", "_", "X-User_"] {
        let built = variables(&[(name, "forged"), ("X-User", "true"), (name, "forged")], |_| ());
        assert_eq!(text(&built, "HTTP_X_USER").unwrap(), "true", "{name}");
        assert_eq!(built.iter().filter(|(name, _)| name.starts_with(b"HTTP_")).count(), 1, "{name}");
    }
}

#[test]
fn httpoxy_the_proxy_field_is_dropped() {
    for name in ["Proxy", "proxy", "PROXY"] {
        assert_eq!(variable(&[(name, "http://evil.example")], "HTTP_PROXY"), None);
    }
}

#[test]
fn s4_1_18_authorization_only_if_asked_for() {
    let fields = [("Authorization", "Basic eDp5")];
    assert_eq!(variable(&fields, "HTTP_AUTHORIZATION"), None);
    let built = variables(&fields, |source| source.pass_auth = true);
    assert_eq!(text(&built, "HTTP_AUTHORIZATION").unwrap(), "Basic eDp5");
}

#[test]
fn s4_1_18_fields_of_the_connection_are_dropped() {
    for name in [
        "Connection",
        "Keep-Alive",
        "Proxy-Connection",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
        "Proxy-Authorization",
    ] {
        let built = variables(&[(name, "close"), (name, "x")], |source| source.pass_auth = true);
        assert!(built.iter().all(|(name, _)| !name.starts_with(b"HTTP_")), "{name}");
    }
}

#[test]
fn fields_that_connection_names_are_dropped() {
    let fields =
        [("Connection", "close, X-Hop"), ("Connection", "x-HIP"), ("X-Hop", "1"), ("X-Hip", "2"), ("X-Hap", "3")];
    assert_eq!(variable(&fields, "HTTP_X_HOP"), None);
    assert_eq!(variable(&fields, "HTTP_X_HIP"), None);
    assert_eq!(variable(&fields, "HTTP_X_HAP").unwrap(), "3");
}

#[test]
fn cve_2022_31813_connection_cannot_remove_what_a_proxy_added() {
    for name in ["Host", "Cookie", "Forwarded", "Via", "X-Real-IP", "X-Forwarded-For", "X-Forwarded-Proto"] {
        let variable_name = format!("HTTP_{}", name.to_ascii_uppercase().replace('-', "_"));
        assert!(variable(&[("Connection", name), (name, "a")], &variable_name).is_some(), "{name}");
    }
}

#[test]
fn what_the_administrator_adds() {
    let extra: Vec<(OsString, OsString)> =
        [("PATH", "/bin"), ("LANG", "C"), ("PATH", "/usr/bin"), ("lower", "x"), ("EMPTY", "")]
            .map(|(name, value)| (name.into(), value.into()))
            .into();
    // The last of one name wins; an empty value is a value.
    let built = with_extra(&[], &extra);
    assert_eq!(built.iter().filter(|(name, _)| *name == b"PATH").count(), 1);
    let last: Vec<_> = built.iter().skip(built.count() - 4).collect();
    assert_eq!(last, [(&b"LANG"[..], &b"C"[..]), (b"PATH", b"/usr/bin"), (b"lower", b"x"), (b"EMPTY", b"")]);
}

#[test]
fn the_protocols_variables_win_over_the_administrators() {
    let extra: Vec<(OsString, OsString)> = [
        ("SERVER_NAME", "forged"),
        ("QUERY_STRING", "forged"),
        ("HTTP_X_A", "forged"),
        ("CONTENT_LENGTH", "forged"),
        ("CONTENT_TYPE", "forged"),
        ("PATH_INFO", "forged"),
        ("PATH_TRANSLATED", "forged"),
        ("HTTPS", "on"),
        ("REMOTE_USER", "ann"),
        ("HTTP_X_B", "set"),
    ]
    .map(|(name, value)| (name.into(), value.into()))
    .into();
    let built = with_extra(&[("X-A", "1")], &extra);
    assert!(built.iter().all(|(_, value)| value != b"forged"));
    // What this request does not have may be added: a proxy in front took the TLS off, or authenticated.
    assert_eq!(text(&built, "HTTPS").unwrap(), "on");
    assert_eq!(text(&built, "REMOTE_USER").unwrap(), "ann");
    assert_eq!(text(&built, "HTTP_X_B").unwrap(), "set");
}

#[test]
fn a_name_or_value_that_could_not_be_told_apart_is_dropped() {
    let extra: Vec<(OsString, OsString)> = [("A=B", "x"), ("", "x"), ("A\0B", "x"), ("NUL", "a\0INJECTED=1")]
        .map(|(name, value)| (name.into(), value.into()))
        .into();
    let built = with_extra(&[], &extra);
    assert_eq!(built.count(), variables(&[], |source| source.path_info = None).count());
    let built = variables(&[], |source| source.path_info = Some(b"/a\0INJECTED=1"));
    assert_eq!(built.find("PATH_INFO"), None);
    assert_eq!(built.find("INJECTED"), None);
    assert_eq!(built.count(), built.iter().count());
}

/// A request without PATH_INFO, with these fields and additions.
fn with_extra(fields: &[(&str, &str)], extra: &[(OsString, OsString)]) -> MetaVariables {
    // The closure cannot shorten the lifetime of `Source`, so the additions are leaked: a test ends soon.
    let extra: &'static [_] = Vec::leak(extra.to_vec());
    variables(fields, |source| (source.extra, source.path_info) = (extra, None))
}

#[test]
fn every_name_comes_once() {
    let fields = [("X-A", "1"), ("X_A", "2"), ("X-A", "3"), ("Host", "a"), ("Cookie", "1"), ("Cookie", "2")];
    let built = variables(&fields, |source| source.secure = true);
    let mut names = BTreeMap::new();
    built.iter().for_each(|(name, _)| *names.entry(name.to_vec()).or_insert(0) += 1);
    assert!(names.values().all(|times| *times == 1), "{names:?}");
}
