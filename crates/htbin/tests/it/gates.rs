//! Who may come in by address, and how often; and what trusted proxies say of a client.

use crate::{
    auth::configured,
    client::Reply,
    scripts::sh,
    server::{Server, Start},
    site::Site,
};

const WHO: &str = "printf 'Content-Type: text/plain\\n\\n%s' \
                   \"$REMOTE_ADDR|$REMOTE_PORT|$REQUEST_SCHEME|$HTTPS|$SERVER_NAME|$SERVER_PORT\"";

fn site() -> Site {
    Site::new().file("a.txt", "a").file("inner/a.txt", "inner").script("cgi-bin/who", sh(WHO))
}

fn started(site: &Site, rules: &str) -> Server {
    configured(site, rules).go()
}

fn told(server: &Server, fields: &[(&str, &str)]) -> Reply {
    server.request("GET", "/cgi-bin/who", fields, b"")
}

#[test]
fn an_address_that_is_denied_gets_nothing() {
    ours_only!();
    let site = site();
    let server = started(&site, "[[route]]\npath = \"/inner\"\ndeny = \"loopback\"\n");
    for _ in 0..3 {
        server.get("/a.txt").expect(200);
        assert!(!server.get("/inner/a.txt").expect(403).text().contains("inner\n"));
    }
    // For somebody at this machine the page says why.
    assert!(server.request("GET", "/inner/a.txt", &[("Accept", "text/html")], b"").text().contains("deny"));
    server.events.with("127.0.0.1 is among those in `deny`");
}

#[test]
fn only_those_who_are_allowed_and_not_denied() {
    ours_only!();
    let site = site();
    started(&site, "allow = [\"10.0.0.0/8\"]\n").get("/a.txt").expect(403);
    started(&site, "allow = [\"10.0.0.0/8\", \"127.0.0.1\"]\n").get("/a.txt").expect(200);
    started(&site, "allow = \"all\"\ndeny = \"127.0.0.0/8\"\n").get("/a.txt").expect(403);
    started(&site, "allow = []\n").get("/a.txt").expect(403);
    started(&site, "deny = \"all\"\n[[route]]\npath = \"/inner\"\ndeny = []\n").get("/inner/a.txt").expect(200);
}

#[test]
fn who_asks_too_often_is_told_when_to_come_again() {
    ours_only!();
    let site = site();
    let server = started(&site, "rate = \"3/h\"\n[[route]]\npath = \"/inner\"\nrate = \"none\"\n");
    for _ in 0..3 {
        server.get("/a.txt").expect(200);
    }
    let reply = server.get("/a.txt").expect(429);
    assert!(reply.field("Retry-After").is_some_and(|it| it.parse::<u32>().is_ok_and(|it| (1..=1200).contains(&it))));
    server.get("/cgi-bin/who").expect(429);
    server.get("/inner/a.txt").expect(200);
    assert!(server.access.with(" 429 ").contains("/a.txt"));
}

#[test]
fn clients_behind_a_proxy_are_counted_one_by_one() {
    ours_only!();
    let site = site();
    let server = started(&site, "trusted-proxies = \"loopback\"\nrate = \"1/h\"\ndeny = \"192.0.2.66\"\n");
    let from = |client: &str| server.request("GET", "/a.txt", &[("X-Forwarded-For", client)], b"").status;
    assert_eq!([from("192.0.2.1"), from("192.0.2.1"), from("192.0.2.2"), from("192.0.2.66")], [200, 429, 200, 403]);
    // What the client has written itself counts for nothing.
    assert_eq!([from("192.0.2.9, 192.0.2.1"), from("192.0.2.1, 192.0.2.3")], [429, 200]);
    assert_eq!([from("2001:db8::1"), from("2001:db8::2"), from("2001:db8:0:1::2")], [200, 429, 200]);
    assert!(server.access.with("192.0.2.66 - - ").contains(" 403 "));
}

#[test]
fn a_trusted_proxy_tells_address_scheme_and_host() {
    ours_only!();
    let site = site();
    let server = started(&site, "trusted-proxies = [\"10.0.0.0/8\", \"127.0.0.1\"]\n");
    let fields = [
        ("X-Forwarded-For", "6.6.6.6, 192.0.2.1, 10.1.1.1"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "example.org"),
        ("Forwarded", "for=6.6.6.6;host=evil.example"),
    ];
    assert_eq!(told(&server, &fields).expect(200).text(), "192.0.2.1||https|on|example.org|443");
    // A connection that carries several clients' requests, one after the other.
    assert!(told(&server, &[("X-Forwarded-For", "192.0.2.2:77")]).text().starts_with("192.0.2.2|77|http||"));
    assert!(told(&server, &[]).text().starts_with("127.0.0.1|"));
    told(&server, &[("X-Forwarded-Host", "a b")]).expect(400);
    told(&server, &[("X-Forwarded-Proto", "gopher")]).expect(400);
}

#[test]
fn forwarded_is_read_where_it_is_said_so() {
    ours_only!();
    let site = site();
    let server = started(&site, "trusted-proxies = \"loopback\"\nforwarded = \"forwarded\"\n");
    let fields = [
        ("Forwarded", "for=6.6.6.6, for=\"[2001:db8::1]:99\";proto=https;host=example.org"),
        ("X-Forwarded-For", "6.6.6.6"),
    ];
    assert_eq!(told(&server, &fields).expect(200).text(), "2001:db8::1|99|https|on|example.org|443");
    let broken = "for=\"6.6.6.6, for=192.0.2.1";
    let reply = told(&server, &[("Forwarded", broken)]).expect(400);
    assert!(!reply.text().contains("6.6.6.6\r\n"));
    server.access.with(" 400 ");
}

#[test]
fn from_anybody_else_nothing_is_believed() {
    ours_only!();
    let site = site();
    let fields =
        [("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "evil.example")];
    for rules in ["", "trusted-proxies = \"10.0.0.0/8\"\n", "trusted-proxies = \"unix\"\n"] {
        let server = started(&site, rules);
        let said = told(&server, &fields).expect(200).text();
        assert!(said.starts_with("127.0.0.1|") && said.contains("|http||localhost|"), "{rules}: {said}");
    }
}

#[test]
fn ten_thousand_hops_are_no_more_than_one() {
    ours_only!();
    let site = site();
    let server = started(&site, "trusted-proxies = \"loopback\"\nmax-head = \"1m\"\n");
    let many = format!("{}192.0.2.1", "6.6.6.6, ".repeat(10_000));
    assert!(told(&server, &[("X-Forwarded-For", &many)]).text().starts_with("192.0.2.1|") || many.len() > 1 << 20);
}

#[test]
fn a_proxy_over_a_unix_socket_can_be_trusted() {
    ours_only!();
    let site = site().directory("run", 0o777);
    let socket = site.path("run/a.sock");
    let rules = format!("trusted-proxies = \"unix\"\ndirectory = \"{}\"\n", site.root().display());
    let text = format!("listen = [\"127.0.0.1:0\", \"{}\"]\n{rules}", socket.display());
    std::fs::write(site.path("htbin.toml"), text).unwrap();
    let start = Start::bare(env!("CARGO_BIN_EXE_htbin")).flags(&["-c", site.path("htbin.toml").to_str().unwrap()]);
    let server = start.go();
    let mut curl = std::process::Command::new("curl");
    curl.args(["-sS", "--unix-socket", socket.to_str().unwrap(), "-H", "X-Forwarded-For: 192.0.2.1"]);
    curl.args(["-H", "X-Forwarded-Proto: https", "http://example.org/cgi-bin/who"]);
    assert!(crate::process::run_ok(&mut curl).starts_with("192.0.2.1||https|on|example.org|"));
    assert!(told(&server, &[("X-Forwarded-For", "192.0.2.1")]).text().starts_with("127.0.0.1|"));
}

/// A proxy may say loopback of anybody: nobody sits at this machine for that.
#[test]
fn who_comes_through_a_proxy_is_never_at_home() {
    ours_only!();
    let site = site();
    let server = started(&site, "trusted-proxies = \"loopback\"\n");
    server.request("GET", "/.htbin/", &[("X-Forwarded-For", "127.0.0.1")], b"").expect(404);
    server.get("/.htbin/").expect(200);
}

#[test]
fn what_is_no_network_and_no_rate_is_told_with_its_line() {
    ours_only!();
    let site = site();
    for (rules, what) in [
        ("deny = \"10.1.2.3/8\"\n", "10.0.0.0/8"),
        ("allow = [\"localhost\"]\n", "looks like"),
        ("trusted-proxies = \"*\"\n", "looks like"),
        ("rate = \"10\"\n", "10/s"),
        ("rate-user = \"0/s\"\n", "10/s"),
        ("forwarded = \"via\"\n", "x-forwarded"),
    ] {
        let mut server = configured(&site, rules).launch();
        assert_eq!(server.wait(crate::process::PATIENCE).code(), Some(78), "{rules}");
        let said = server.events.to_the_end().join("\n");
        assert!(said.contains(what) && said.contains("htbin.toml:3"), "{said}");
    }
}
